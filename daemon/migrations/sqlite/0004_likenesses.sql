-- What pictures look like, and which have equal pixels, so that one that comes
-- again is found among all. Both follow from the measurements. The numbers are
-- given in order and never twice: whoever holds them in memory asks for the
-- later ones only.
CREATE TABLE likenesses (
    id              INTEGER PRIMARY KEY,
    blake3          TEXT NOT NULL REFERENCES contents (blake3),
    bits            BLOB NOT NULL,
    UNIQUE (blake3, bits)
);
CREATE TABLE equal_pixels (
    pixels_blake3   TEXT NOT NULL,
    blake3          TEXT NOT NULL REFERENCES contents (blake3),
    PRIMARY KEY (pixels_blake3, blake3)
) WITHOUT ROWID;
-- Where pictures say that they were taken, in millionths of a degree; for
-- comparing the pictures of one case, never shown.
CREATE TABLE places (
    blake3          TEXT PRIMARY KEY REFERENCES contents (blake3),
    latitude_udeg   BIGINT NOT NULL,
    longitude_udeg  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER likenesses_never_change BEFORE UPDATE ON likenesses
BEGIN SELECT RAISE(ABORT, 'likenesses are never changed'); END;
CREATE TRIGGER likenesses_never_go BEFORE DELETE ON likenesses
BEGIN SELECT RAISE(ABORT, 'likenesses are never removed'); END;
