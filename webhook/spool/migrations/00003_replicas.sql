-- +goose Up

-- What the other replicas are to know and the shared journal does not have yet.
CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    kind TEXT    NOT NULL,
    body BLOB    NOT NULL -- JSON
);

-- The name of this replica.
CREATE TABLE replica (id TEXT NOT NULL);

-- 1 when this replica was notified of the present state itself, 0 when another
-- one told of it.
ALTER TABLE instances ADD COLUMN own INTEGER NOT NULL DEFAULT 1;
ALTER TABLE reminders ADD COLUMN own INTEGER NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE reminders DROP COLUMN own; ALTER TABLE instances DROP COLUMN own;
DROP TABLE replica; DROP TABLE journal;
