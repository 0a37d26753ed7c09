-- An environment that is deleted keeps its row for the audit log, which is never changed. Its key is free
-- again: the row gets one that no environment can have.

ALTER TABLE environments ADD COLUMN deleted_at INTEGER;
