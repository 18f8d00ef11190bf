-- +goose Up

-- The receiver in the URL of a notification.
ALTER TABLE inbox ADD COLUMN receiver TEXT NOT NULL DEFAULT '';

-- The chat whose episode an instance is, 'none' if only the history keeps it, or
-- empty if the default chats share it. The version before knows only the last.
ALTER TABLE instances ADD COLUMN chat TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN receiver TEXT NOT NULL DEFAULT '';
-- The shared instance from which it was separated; 0 for none.
ALTER TABLE instances ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
CREATE INDEX instances_origin ON instances (origin) WHERE origin <> 0;

-- When a chat was removed from the configuration; NULL for one that is in it.
ALTER TABLE chats ADD COLUMN removed_at INTEGER;
-- The receivers that name a chat, as JSON. Empty: not known yet.
ALTER TABLE chats ADD COLUMN receivers TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE chats DROP COLUMN receivers; ALTER TABLE chats DROP COLUMN removed_at;
DROP INDEX instances_origin;
ALTER TABLE instances DROP COLUMN origin; ALTER TABLE instances DROP COLUMN receiver; ALTER TABLE instances DROP COLUMN chat;
ALTER TABLE inbox DROP COLUMN receiver;
