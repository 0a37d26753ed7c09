-- Whose errors and feedback they are, so that one person's can be shown and forgotten: the digest of
-- the id, as in `people`.
ALTER TABLE reports ADD COLUMN person INTEGER;
CREATE INDEX reports_by_person ON reports (environment_id, person) WHERE person IS NOT NULL;

-- Which simulation an environment's made up telemetry is of.
CREATE TABLE simulations (
    environment_id INTEGER PRIMARY KEY,
    simulation TEXT NOT NULL
) STRICT;
