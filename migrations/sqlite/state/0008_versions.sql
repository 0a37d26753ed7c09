-- Each change asks for all versions. In the tables they stand behind the documents, so that finding them
-- would read the lists of ids that a segment may hold; these indexes hold them without the documents.

CREATE INDEX segment_versions ON segments (project_id, key, version);
CREATE INDEX flag_versions ON flags (project_id, key, version, created_at, changed_at);
CREATE INDEX flag_state_versions ON flag_states (environment_id, flag_key, version, changed_at);
CREATE INDEX override_versions ON overrides (environment_id, flag_key, targeting_key, version);
