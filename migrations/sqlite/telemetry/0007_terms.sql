-- Tables and columns get the terms of the glossary. Renaming rewrites the schema only, no row.
ALTER TABLE rollups RENAME COLUMN series TO metric;
ALTER TABLE rollups RENAME COLUMN slice TO dimension;
ALTER TABLE rollups RENAME COLUMN span TO bucket;
ALTER TABLE rollups RENAME COLUMN tally TO aggregate;
ALTER TABLE labels RENAME COLUMN series TO metric;
ALTER TABLE label_candidates RENAME COLUMN series TO metric;
ALTER TABLE people RENAME TO users;
ALTER TABLE presence RENAME COLUMN deed TO activity;
ALTER TABLE presence RENAME COLUMN people TO users;
ALTER TABLE presence RENAME TO activities;
