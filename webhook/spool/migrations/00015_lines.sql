-- +goose Up

-- Alerts of one name in one group can have different severities, each of which has
-- a line.
CREATE TABLE lines_new (
    id        INTEGER PRIMARY KEY,
    message   INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    cluster   TEXT    NOT NULL,
    group_key TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    rank      INTEGER NOT NULL,
    labels    TEXT    NOT NULL, -- JSON: some values of each label
    at        INTEGER NOT NULL, -- when it was added
    UNIQUE (message, cluster, group_key, name, rank)
);
INSERT INTO lines_new SELECT id, message, cluster, group_key, name, rank, labels, at FROM lines;
DROP TABLE lines;
ALTER TABLE lines_new RENAME TO lines;

-- +goose Down
CREATE TABLE lines_old (
    id        INTEGER PRIMARY KEY,
    message   INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    cluster   TEXT    NOT NULL,
    group_key TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    rank      INTEGER NOT NULL,
    labels    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    UNIQUE (message, cluster, group_key, name)
);
INSERT OR IGNORE INTO lines_old SELECT id, message, cluster, group_key, name, rank, labels, at FROM lines ORDER BY rank;
UPDATE summarized SET line = (SELECT o.id FROM lines l JOIN lines_old o USING (message, cluster, group_key, name) WHERE l.id = summarized.line);
DROP TABLE lines;
ALTER TABLE lines_old RENAME TO lines;
