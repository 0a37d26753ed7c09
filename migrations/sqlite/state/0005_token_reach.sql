-- Tokens of one environment or of the whole project, and the account that answers for them. Tokens that
-- could change what environments share, because there was only one, keep that right.

ALTER TABLE server_tokens ADD COLUMN reach TEXT NOT NULL DEFAULT 'environment'
    CHECK (reach IN ('environment', 'project'));
ALTER TABLE server_tokens ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE server_tokens SET owner = created_by;
UPDATE server_tokens SET reach = 'project' WHERE (
    SELECT count(*) FROM environments own
    JOIN environments sibling ON sibling.project_id = own.project_id
    WHERE own.id = server_tokens.environment_id
) = 1;

-- The kind "number" becomes "integer" or "float": whole if all values of the flag are.
UPDATE flags SET definition = json_set(definition, '$.kind', iif(
    EXISTS (SELECT 1 FROM json_each(flags.definition, '$.variants') AS variant
            WHERE json_type(variant.value, '$.value') = 'real'),
    'float', 'integer'))
WHERE json_extract(definition, '$.kind') = 'number';
