-- +goose Up

-- The name of the cluster of Alertmanagers.
ALTER TABLE preflight.alerts ADD COLUMN cluster text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE preflight.alerts DROP COLUMN cluster;
