-- +goose Up

-- What the replicas of one bot did, in the order in which it counts.
CREATE TABLE preflight.journal (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot     text        NOT NULL,
    replica text        NOT NULL,
    seq     bigint      NOT NULL, -- counts the events of the replica
    at      timestamptz NOT NULL, -- by the replica's clock
    kind    text        NOT NULL,
    body    bytea       NOT NULL, -- JSON
    UNIQUE (replica, seq)
);
CREATE INDEX journal_by_bot ON preflight.journal (bot, id);
CREATE INDEX journal_by_time ON preflight.journal (at);

-- Tells this journal from one that was in its place before.
CREATE TABLE preflight.journal_identity (id bigint NOT NULL);
INSERT INTO preflight.journal_identity VALUES ((random() * 9e15)::bigint);

-- The replicas that were heard of.
CREATE TABLE preflight.replicas (
    bot         text        NOT NULL,
    id          text        NOT NULL,
    chats       text        NOT NULL, -- those it is configured with
    behind      boolean     NOT NULL, -- it has more to add to the journal than it can at once
    failing     boolean     NOT NULL, -- it can't reach Telegram
    watchdog_at timestamptz,          -- when it received the last watchdog
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (bot, id)
);

-- Which of them tells.
CREATE TABLE preflight.turns (
    bot     text PRIMARY KEY,
    replica text        NOT NULL,
    until   timestamptz NOT NULL
);

-- +goose Down
DROP TABLE preflight.turns;
DROP TABLE preflight.replicas;
DROP TABLE preflight.journal_identity;
DROP TABLE preflight.journal;
