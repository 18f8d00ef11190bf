-- +goose Up

-- The heartbeats and the last outage of each cluster. The facts of the same
-- meaning hold the newest of all clusters, for the version before.
CREATE TABLE heartbeats (
    cluster      TEXT PRIMARY KEY,
    own_at       INTEGER, -- the receipt of the newest one at this replica
    elsewhere_at INTEGER, -- at other replicas
    evaluated_at INTEGER, -- the newest evaluation, in Prometheus's clock
    source       TEXT NOT NULL DEFAULT '', -- JSON, of the newest one
    outage_from  INTEGER, -- the evaluations before and after the last outage
    outage_to    INTEGER,
    outage_seen  INTEGER  -- the receipt of the heartbeat that ended it
) WITHOUT ROWID;

-- +goose Down
DROP TABLE heartbeats;
