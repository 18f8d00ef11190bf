-- +goose Up

-- The group of an instance in its cluster. Clusters can have equal group keys.
-- The columns groups.key, reminders.group_key and messages.group_key refer to it.
ALTER TABLE instances ADD COLUMN scope TEXT GENERATED ALWAYS AS
    (CASE cluster WHEN '' THEN group_key ELSE cluster || char(10) || group_key END) VIRTUAL;
CREATE INDEX instances_open_in_scope ON instances (scope) WHERE resolved_at IS NULL;
CREATE INDEX instances_firing ON instances (fingerprint, id) WHERE resolved_at IS NULL;
-- Each notification without a cluster asks whether there is one.
CREATE INDEX instances_named ON instances (id) WHERE resolved_at IS NULL AND cluster <> '';

-- +goose Down
DROP INDEX instances_named; DROP INDEX instances_firing; DROP INDEX instances_open_in_scope;
ALTER TABLE instances DROP COLUMN scope;
