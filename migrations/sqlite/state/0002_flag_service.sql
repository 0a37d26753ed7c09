-- Rules, overrides and schedules of flags; versions; named tokens and several client keys.
-- Migrations run without foreign keys, so that tables can be made anew.

ALTER TABLE flags ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE flags ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flags ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
UPDATE flags SET created_at = unixepoch() * 1000, changed_at = unixepoch() * 1000;

-- What an environment decides about a flag is one document: it is read and written whole.
CREATE TABLE new_flag_states (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    flag_key TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (environment_id, flag_key)
) STRICT, WITHOUT ROWID;
INSERT INTO new_flag_states (environment_id, flag_key, state, version, changed_at)
SELECT environment_id, flag_key, json_object(
    'enabled', json(iif(enabled, 'true', 'false')),
    'killed', json(iif(killed, 'true', 'false')),
    'salt', json_object('text', flag_key, 'hash_version', 'murmur3_v1'),
    'version', version
), version, unixepoch() * 1000 FROM flag_states;
DROP TABLE flag_states;
ALTER TABLE new_flag_states RENAME TO flag_states;

ALTER TABLE segments ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE overrides (
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    flag_key TEXT NOT NULL,
    targeting_key TEXT NOT NULL,
    override TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment_id, flag_key, targeting_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_keys (
    key TEXT PRIMARY KEY,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    name TEXT NOT NULL,
    allowed_origins TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO client_keys (key, environment_id, name, allowed_origins, created_at, version)
SELECT client_key, id, 'first start', '[]', unixepoch() * 1000, 1 FROM environments;

CREATE TABLE new_environments (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (project_id, key)
) STRICT;
INSERT INTO new_environments (id, project_id, key, name)
SELECT id, project_id, key, upper(substr(key, 1, 1)) || substr(key, 2) FROM environments;
DROP TABLE environments;
ALTER TABLE new_environments RENAME TO environments;

CREATE TABLE new_server_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    environment_id INTEGER NOT NULL REFERENCES environments (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO new_server_tokens (digest, environment_id, name, scopes, created_at, created_by, version)
SELECT digest, environment_id, name, scopes, unixepoch() * 1000, 'first start', 1 FROM server_tokens;
DROP TABLE server_tokens;
ALTER TABLE new_server_tokens RENAME TO server_tokens;

CREATE INDEX history_by_key ON history (environment_id, subject_kind, subject, id);
