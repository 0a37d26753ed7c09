-- For how long what pages report is kept: one document, read and written whole.

ALTER TABLE environments ADD COLUMN retention TEXT NOT NULL
    DEFAULT '{"raw_days":7,"number_days":0,"report_days":90,"picture_days":90}';
ALTER TABLE environments ADD COLUMN retention_version INTEGER NOT NULL DEFAULT 1;
