-- The drive asks once a second what is owed. Among a million files at rest
-- only those that are owed an effect stand in this index.
CREATE INDEX files_due ON files (id)
WHERE state IN ('settled', 'staged', 'probed', 'judged', 'named', 'stored', 'reported')
    AND held = 0;
