-- Reports name their user as everything else does. Renaming rewrites the schema only, no row.
ALTER TABLE reports RENAME COLUMN person TO user_hash;
DROP INDEX reports_by_person;
CREATE INDEX reports_by_user ON reports (environment_id, user_hash) WHERE user_hash IS NOT NULL;
