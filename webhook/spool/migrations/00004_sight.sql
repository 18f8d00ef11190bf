-- +goose Up

-- A resolution that is not believed yet: JSON, empty for none.
ALTER TABLE instances ADD COLUMN held TEXT NOT NULL DEFAULT '';
-- When it was known to fire again, after alerting was blind; NULL for never.
ALTER TABLE instances ADD COLUMN again_at INTEGER;
CREATE INDEX instances_held ON instances (id) WHERE held <> '';

-- +goose Down
DROP INDEX instances_held;
ALTER TABLE instances DROP COLUMN again_at; ALTER TABLE instances DROP COLUMN held;
