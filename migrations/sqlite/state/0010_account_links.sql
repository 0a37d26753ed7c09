-- Links with which their holders choose a password: of a new account (with a role), or of one that exists.
-- `digest` is the SHA-256 of the secret in the link.
CREATE TABLE account_links (
    digest BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account_id);
