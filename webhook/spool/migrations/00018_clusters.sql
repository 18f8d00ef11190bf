-- +goose Up

-- The clusters of Alertmanagers whose alerts a chat was to show, without those that
-- have no name. The version before does not fill it.
CREATE TABLE chat_clusters (
    chat    TEXT    NOT NULL,
    cluster TEXT    NOT NULL,
    at      INTEGER NOT NULL, -- when it last was, within a day
    PRIMARY KEY (chat, cluster)
) WITHOUT ROWID;
INSERT INTO chat_clusters SELECT v.chat, i.cluster, MAX(i.first_at) FROM views v JOIN instances i ON i.id = v.instance
    WHERE i.cluster <> '' AND typeof(i.first_at) = 'integer' GROUP BY v.chat, i.cluster;

-- +goose Down
DROP TABLE chat_clusters;
