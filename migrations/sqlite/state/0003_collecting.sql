-- What the pages of an environment may report: one document, read and written whole.

ALTER TABLE environments ADD COLUMN collecting TEXT NOT NULL
    DEFAULT '{"analytics":true,"performance":true,"errors":true,"sample_rate":100.0}';
ALTER TABLE environments ADD COLUMN collecting_version INTEGER NOT NULL DEFAULT 1;
