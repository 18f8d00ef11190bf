-- +goose Up

-- The tokens under which this replica may be known in the shared database, JSON.
ALTER TABLE replica ADD COLUMN claims TEXT NOT NULL DEFAULT '[]';
-- The host and file of the spool that claimed the name. A copy has another one.
ALTER TABLE replica ADD COLUMN file TEXT NOT NULL DEFAULT '';
-- 1 until the other replicas know the alerts that no chat shows.
ALTER TABLE replica ADD COLUMN announce INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE replica DROP COLUMN announce; ALTER TABLE replica DROP COLUMN file; ALTER TABLE replica DROP COLUMN claims;
