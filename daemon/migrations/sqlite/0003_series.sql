-- What was measured over time, as `unbroken.series/1`: a time axis is drawn from
-- it without opening the store.
CREATE TABLE series (
    blake3 TEXT PRIMARY KEY REFERENCES contents (blake3),
    bytes BLOB NOT NULL
) WITHOUT ROWID;
