-- How often each variant of a flag was answered, by hour. Hours are counted from 1970, UTC.

CREATE TABLE flag_usage (
    environment_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    flag TEXT NOT NULL,
    variant TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (environment_id, hour, flag, variant)
) STRICT, WITHOUT ROWID;
