-- +goose Up

-- Fewer indexes make acknowledgements faster.
DROP INDEX instances_by_alert; DROP INDEX instances_open; DROP INDEX instances_by_identity;
CREATE INDEX instances_by_fingerprint ON instances (fingerprint, id);

-- +goose Down
DROP INDEX instances_by_fingerprint;
CREATE INDEX instances_by_identity ON instances (fingerprint, cluster, id);
CREATE INDEX instances_by_alert ON instances (group_key, fingerprint, id);
CREATE INDEX instances_open ON instances (group_key) WHERE resolved_at IS NULL;
