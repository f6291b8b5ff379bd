-- The ledger. Integers, text and blobs only. Times are microseconds since
-- 1970 in UTC, truth values 0 and 1, JSON is text. Unsigned 64-bit numbers of
-- file systems (dev, ino, size_bytes, blocks) are kept bit for bit in a signed
-- column.

-- One row: the head of the chain and the last number given to a file. The head
-- stands apart from the events, so that events cut off at the end are missed.
CREATE TABLE meta (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    chain_seq       BIGINT NOT NULL,
    chain_hash      TEXT   NOT NULL,
    last_file       BIGINT NOT NULL
);
INSERT INTO meta (id, chain_seq, chain_hash, last_file)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- One row for each content, by BLAKE3; measurements once it was measured.
CREATE TABLE contents (
    blake3          TEXT PRIMARY KEY,
    size_bytes      BIGINT NOT NULL,
    sha256          TEXT NOT NULL,
    sm3             TEXT,
    schema_name     TEXT,
    measurements    TEXT
);

-- Small pictures of a content, in order.
CREATE TABLE stills (
    blake3          TEXT   NOT NULL REFERENCES contents (blake3),
    place           BIGINT NOT NULL,
    label           TEXT   NOT NULL,
    at_ms           BIGINT NOT NULL,
    jpeg            BLOB   NOT NULL,
    PRIMARY KEY (blake3, place)
);

-- One row for each arrival at a path.
CREATE TABLE files (
    id                  INTEGER PRIMARY KEY,
    share               TEXT   NOT NULL,
    path                BLOB   NOT NULL,
    dev                 BIGINT NOT NULL,
    ino                 BIGINT NOT NULL,
    size_bytes          BIGINT NOT NULL,
    mtime_ns            BIGINT NOT NULL,
    ctime_ns            BIGINT NOT NULL,
    blocks              BIGINT NOT NULL,
    state               TEXT   NOT NULL,
    seen_us             BIGINT NOT NULL,
    received_us         BIGINT,
    stored_us           BIGINT,
    blake3              TEXT REFERENCES contents (blake3),
    lease_held          INTEGER NOT NULL DEFAULT 0,
    complete            INTEGER NOT NULL DEFAULT 1,
    assignment          TEXT,
    case_number         TEXT,
    official            TEXT,
    object_key          TEXT,
    report_revision     BIGINT,
    verdict             TEXT,
    capture_earliest_us BIGINT,
    capture_latest_us   BIGINT,
    waiting             TEXT,
    attempts            BIGINT NOT NULL DEFAULT 0,
    not_before_us       BIGINT,
    trouble             TEXT,
    held                INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX files_by_path ON files (share, path, id);
CREATE INDEX files_by_state ON files (state, id);
CREATE INDEX files_by_content ON files (blake3, id);
CREATE INDEX files_by_case ON files (case_number, id);
CREATE INDEX files_by_verdict ON files (verdict, id);
CREATE INDEX files_held ON files (held, id);

-- What stands in the store, read back and verified.
CREATE TABLE objects (
    object_key      TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    store           TEXT   NOT NULL,
    version         TEXT,
    size_bytes      BIGINT NOT NULL,
    blake3          TEXT   NOT NULL,
    sha256          TEXT   NOT NULL,
    sm3             TEXT,
    verified_us     BIGINT NOT NULL,
    PRIMARY KEY (object_key, store)
);
CREATE INDEX objects_by_content ON objects (blake3, kind);

-- Every revision of every report.
CREATE TABLE reports (
    file            BIGINT NOT NULL REFERENCES files (id),
    revision        BIGINT NOT NULL,
    at_us           BIGINT NOT NULL,
    rules           TEXT   NOT NULL,
    report          TEXT   NOT NULL,
    json_key        TEXT   NOT NULL,
    html_key        TEXT   NOT NULL,
    PRIMARY KEY (file, revision)
);

-- Running numbers that were given out.
CREATE TABLE numbers (
    series          TEXT   NOT NULL,
    number          BIGINT NOT NULL,
    file            BIGINT NOT NULL REFERENCES files (id),
    at_us           BIGINT NOT NULL,
    PRIMARY KEY (series, number),
    UNIQUE (series, file)
);

-- Multipart uploads under way: a note for taking them up again, no evidence.
CREATE TABLE uploads (
    object_key      TEXT PRIMARY KEY,
    upload_id       TEXT   NOT NULL,
    part_bytes      BIGINT NOT NULL,
    parts           TEXT   NOT NULL
);

-- The chain: each event holds the hash of the one before.
CREATE TABLE events (
    seq             INTEGER PRIMARY KEY,
    at_us           BIGINT NOT NULL,
    file            BIGINT REFERENCES files (id),
    kind            TEXT   NOT NULL,
    detail          TEXT   NOT NULL,
    prev_hash       TEXT   NOT NULL,
    hash            TEXT   NOT NULL
);
CREATE INDEX events_by_file ON events (file, seq);

-- A guard against accidents and careless hands. Whoever can write the file can
-- drop a trigger; against that person stands the chain.
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
CREATE TRIGGER files_never_go BEFORE DELETE ON files
BEGIN SELECT RAISE(ABORT, 'files are never removed'); END;
CREATE TRIGGER contents_never_go BEFORE DELETE ON contents
BEGIN SELECT RAISE(ABORT, 'contents are never removed'); END;
CREATE TRIGGER objects_never_change BEFORE UPDATE ON objects
BEGIN SELECT RAISE(ABORT, 'objects are never changed'); END;
CREATE TRIGGER objects_never_go BEFORE DELETE ON objects
BEGIN SELECT RAISE(ABORT, 'objects are never removed'); END;
CREATE TRIGGER reports_never_change BEFORE UPDATE ON reports
BEGIN SELECT RAISE(ABORT, 'reports are never changed'); END;
CREATE TRIGGER reports_never_go BEFORE DELETE ON reports
BEGIN SELECT RAISE(ABORT, 'reports are never removed'); END;
CREATE TRIGGER numbers_never_change BEFORE UPDATE ON numbers
BEGIN SELECT RAISE(ABORT, 'numbers are never changed'); END;
CREATE TRIGGER numbers_never_go BEFORE DELETE ON numbers
BEGIN SELECT RAISE(ABORT, 'numbers are never removed'); END;
