-- +goose Up

-- The newest heartbeat of each cluster at the replica, as an object by the names of
-- the clusters: "at", in seconds since 1970 by the clock of the database, and the
-- source. A replica of an earlier version leaves the column as it is.
-- The column watchdog_at has the newest of all clusters.
ALTER TABLE preflight.replicas ADD COLUMN heartbeats jsonb;

-- +goose Down
ALTER TABLE preflight.replicas DROP COLUMN heartbeats;
