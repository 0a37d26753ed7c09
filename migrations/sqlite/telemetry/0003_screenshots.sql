-- Pictures that came with feedback, bounded in bytes per environment.

CREATE TABLE screenshots (
    environment_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (environment_id, id)
) STRICT;
CREATE INDEX screenshots_by_age ON screenshots (environment_id, at, size);
