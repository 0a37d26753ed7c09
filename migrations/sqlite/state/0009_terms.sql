-- The audit log and the settings of an environment get the terms of the glossary. Names inside documents
-- change with them; what the entries say stays. The triggers are made anew afterwards.
DROP TRIGGER history_is_never_changed;
DROP TRIGGER history_is_never_deleted;

-- Entries of a rollout's record: the kind of entry, and the contact that was notified.
UPDATE history SET change = json_remove(json_set(change, '$.what.kind', change ->> '$.what.contribution'), '$.what.contribution')
WHERE change ->> '$.what.contribution' IS NOT NULL;
UPDATE history SET change = json_remove(
    json_set(change, '$.what.kind', 'notify', '$.what.contact', change ->> '$.what.who'), '$.what.who')
WHERE change ->> '$.what.kind' = 'tell';
-- A quotation mark inside a JSON text has a backslash before it, so only names of fields are found.
UPDATE rollouts SET state = replace(state, '"told":', '"notified":') WHERE instr(state, '"told":') > 0;

-- Settings, as entries about an environment hold them.
UPDATE history SET change = replace(change, '"collecting":{', '"collection_settings":{')
WHERE subject_kind = 'environment' AND instr(change, '"collecting":{') > 0;
UPDATE history SET change = replace(replace(replace(change, '"retention":{', '"retention_policy":{'),
    '"number_days":', '"rollup_days":'), '"picture_days":', '"screenshot_days":')
WHERE subject_kind = 'environment' AND instr(change, '"retention":{') > 0;

ALTER TABLE history RENAME TO audit_log;
DROP INDEX history_by_subject;
DROP INDEX history_by_key;
CREATE INDEX audit_log_by_subject ON audit_log (environment_id, subject_kind, id);
CREATE INDEX audit_log_by_key ON audit_log (environment_id, subject_kind, subject, id);
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is never deleted'); END;

-- Columns with a default of the old names are made anew.
ALTER TABLE environments RENAME COLUMN collecting TO collection_settings;
ALTER TABLE environments RENAME COLUMN collecting_version TO collection_settings_version;
ALTER TABLE environments ADD COLUMN retention_policy TEXT NOT NULL
    DEFAULT '{"raw_days":7,"rollup_days":0,"report_days":90,"screenshot_days":90}';
UPDATE environments SET retention_policy = replace(
    replace(retention, '"number_days":', '"rollup_days":'), '"picture_days":', '"screenshot_days":');
ALTER TABLE environments DROP COLUMN retention;
ALTER TABLE environments RENAME COLUMN retention_version TO retention_policy_version;
