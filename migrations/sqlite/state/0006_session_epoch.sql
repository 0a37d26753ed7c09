-- A new password ends all sessions of its account, also one that a request is just writing: a session
-- counts only while it carries its account's epoch.

ALTER TABLE accounts ADD COLUMN session_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN account_epoch INTEGER NOT NULL DEFAULT 0;
