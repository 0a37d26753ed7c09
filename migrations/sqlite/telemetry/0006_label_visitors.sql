-- Labels are admitted by how many different visitors send them, not by which came first. `seen` is a set of
-- 64 bits, of which each visitor sets one; all of them for labels that a plan names.

ALTER TABLE labels ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE labels ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

-- Labels that wait for a place.
CREATE TABLE label_candidates (
    environment_id INTEGER NOT NULL,
    series TEXT NOT NULL,
    label TEXT NOT NULL,
    seen INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    PRIMARY KEY (environment_id, series, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_candidates_by_minute ON label_candidates (minute);
