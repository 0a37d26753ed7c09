-- What pages report, rolled up by minute. Minutes are counted from 1970, UTC; times are
-- milliseconds since 1970.

CREATE TABLE rollups (
    environment_id INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    series TEXT NOT NULL,
    label TEXT NOT NULL,
    count INTEGER NOT NULL,
    sketch BLOB NOT NULL,
    PRIMARY KEY (environment_id, minute, series, label)
) STRICT, WITHOUT ROWID;

-- The batches of the last two days, so that a repeated delivery counts once.
CREATE TABLE batches (
    environment_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    PRIMARY KEY (environment_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_by_minute ON batches (minute);

-- The labels that a series has rows of its own for; the rest is counted under one name. A label
-- that was not heard of for two days makes room.
CREATE TABLE labels (
    environment_id INTEGER NOT NULL,
    series TEXT NOT NULL,
    label TEXT NOT NULL,
    minute INTEGER NOT NULL,
    PRIMARY KEY (environment_id, series, label)
) STRICT, WITHOUT ROWID;

-- The newest errors and the newest feedback in full, bounded per environment and kind.
CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    report TEXT NOT NULL
) STRICT;
CREATE INDEX reports_by_kind ON reports (environment_id, kind, id);
