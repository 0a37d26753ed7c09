-- Reports name their user as everything else does; renaming rewrites the schema only, no row.
ALTER TABLE reports RENAME COLUMN person TO user_hash;
DROP INDEX reports_by_person;
CREATE INDEX reports_by_user ON reports (environment_id, user_hash) WHERE user_hash IS NOT NULL;

-- Rejections are counted by a code; the sentences of before stay, and are shown as other reasons.
UPDATE rollups SET metric = 'rejected' WHERE metric = 'refused';
UPDATE labels SET metric = 'rejected' WHERE metric = 'refused';
UPDATE label_candidates SET metric = 'rejected' WHERE metric = 'refused';
