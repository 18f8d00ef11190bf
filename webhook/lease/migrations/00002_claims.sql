-- +goose Up

-- The process that owns the name of a replica. A copy of its spool has the same
-- name, and a restored one an old claim.
CREATE TABLE preflight.claims (
    bot     text        NOT NULL,
    replica text        NOT NULL,
    claim   text        NOT NULL, -- a random text of each process
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (bot, replica)
);

-- +goose Down
DROP TABLE preflight.claims;
