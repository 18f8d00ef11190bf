-- +goose Up

-- One row for each time that an alert fired in a group.
CREATE TABLE preflight.alerts (
    id             text PRIMARY KEY, -- a hash of what identifies it
    group_key      text        NOT NULL,
    fingerprint    text        NOT NULL,
    starts_at      timestamptz NOT NULL,
    episode        integer     NOT NULL, -- counts repetitions with the same start, from 0
    ends_at        timestamptz,          -- NULL while it fires
    closed         text        NOT NULL, -- why it ended without a resolution
    alertname      text        NOT NULL,
    priority       text        NOT NULL,
    env            text        NOT NULL,
    notify         text        NOT NULL, -- none, silent or loud
    labels         jsonb       NOT NULL,
    annotations    jsonb       NOT NULL,
    received_at    timestamptz NOT NULL, -- of the first notification
    resolution_at  timestamptz           -- receipt of the resolution
);
CREATE INDEX alerts_by_start ON preflight.alerts (starts_at);

-- When each chat was told.
CREATE TABLE preflight.deliveries (
    alert   text        NOT NULL REFERENCES preflight.alerts (id) ON DELETE CASCADE,
    chat    text        NOT NULL,
    told_at timestamptz,
    over_at timestamptz, -- told of the end
    PRIMARY KEY (alert, chat)
);

-- +goose Down
DROP TABLE preflight.deliveries;
DROP TABLE preflight.alerts;
