-- Rows by resolution and slice, sessions, and sets of people. Rows from before knew neither slices
-- nor signs; they cover no more than the hours since the last start and are not carried over.

DROP TABLE rollups;
DELETE FROM labels;

-- `resolution` is 0 for minutes, 1 for hours, 2 for days; `span` counts those from 1970, UTC. Who asks
-- for a series in a slice reads one range, however much there is of everything else.
CREATE TABLE rollups (
    environment_id INTEGER NOT NULL,
    resolution INTEGER NOT NULL,
    series TEXT NOT NULL,
    slice TEXT NOT NULL,
    span INTEGER NOT NULL,
    label TEXT NOT NULL,
    tally BLOB NOT NULL,
    PRIMARY KEY (environment_id, resolution, series, slice, span, label)
) STRICT, WITHOUT ROWID;

-- What is known of the sessions of the last days, for as long as more may come of them.
CREATE TABLE sessions (
    environment_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    session TEXT NOT NULL,
    PRIMARY KEY (environment_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_day ON sessions (day);

-- Everybody has a number, so that sets of people are small. `hash` is a keyed digest of the id.
CREATE TABLE people (
    environment_id INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first_day INTEGER NOT NULL,
    PRIMARY KEY (environment_id, hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX people_by_number ON people (environment_id, number);

-- Who did what on a day, as sets of the lowest 16 bits of people's numbers; `chunk` is the rest.
CREATE TABLE presence (
    environment_id INTEGER NOT NULL,
    deed TEXT NOT NULL,
    day INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    people BLOB NOT NULL,
    PRIMARY KEY (environment_id, deed, day, chunk)
) STRICT, WITHOUT ROWID;

-- What this database was made with, such as the key of the digests.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
