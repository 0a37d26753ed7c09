-- Who may do what, flags, rollouts, and the history of all changes.
-- Times are milliseconds since 1970, UTC. Documents are JSON of the types in `app/domain`.

CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    client_key TEXT NOT NULL UNIQUE,
    UNIQUE (project_id, key)
) STRICT;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT;

-- `id` is the SHA-256 of the cookie's value: who reads the table cannot log in with it.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE server_tokens (
    digest BLOB PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE flags (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE flag_states (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    flag_key TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    killed INTEGER NOT NULL CHECK (killed IN (0, 1)),
    version INTEGER NOT NULL,
    PRIMARY KEY (environment_id, flag_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollouts (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    key TEXT NOT NULL,
    plan TEXT NOT NULL,
    salt TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    change TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_subject ON history (environment_id, subject_kind, id);

CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;
