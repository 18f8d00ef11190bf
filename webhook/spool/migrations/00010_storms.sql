-- +goose Up

-- A message that names too many alerts for the column instances, which is '[]'
-- then: the alerts of one name in one group.
CREATE TABLE lines (
    id        INTEGER PRIMARY KEY,
    message   INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    cluster   TEXT    NOT NULL,
    group_key TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    rank      INTEGER NOT NULL,
    labels    TEXT    NOT NULL, -- JSON: some values of each label
    at        INTEGER NOT NULL, -- when it was added
    UNIQUE (message, cluster, group_key, name)
);
-- The alerts of such a message.
CREATE TABLE summarized (
    message  INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    line     INTEGER NOT NULL,
    shows    INTEGER NOT NULL, -- 1 firing, 2 resolved, in the newest text
    ended    INTEGER NOT NULL, -- 1 when it is resolved
    PRIMARY KEY (message, instance)
) WITHOUT ROWID;
CREATE INDEX summarized_by_instance ON summarized (instance);

-- The storm of a chat.
CREATE TABLE storms (
    chat     TEXT PRIMARY KEY,
    began_at INTEGER NOT NULL,
    rang_at  INTEGER NOT NULL DEFAULT 0, -- the last summary that was a new message
    summary  INTEGER NOT NULL DEFAULT 0, -- the newest summary
    ends     INTEGER NOT NULL DEFAULT 0  -- the newest summary of ends
);

-- The beginning of the storm of a summary.
ALTER TABLE messages ADD COLUMN storm_at INTEGER;

-- +goose Down
ALTER TABLE messages DROP COLUMN storm_at;
DROP TABLE storms; DROP TABLE summarized; DROP TABLE lines;
