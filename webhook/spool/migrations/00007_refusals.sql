-- +goose Up

-- How many calls that had no answer may have shown the alert, or the reminder,
-- since the chat was last known to show it.
ALTER TABLE views ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reminders ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;
-- How often Telegram refused the edit that is due. With edit = 3 it waits until
-- the chat takes a message.
ALTER TABLE messages ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

-- Alerts that fire and whose only message Telegram refused were counted as
-- shown. They are due.
UPDATE views SET shown = 0, pending = 1, first_message = NULL, last_message = NULL, told_at = NULL
    WHERE shown = 1 AND instance IN (SELECT id FROM instances WHERE resolved_at IS NULL)
    AND first_message IN (SELECT id FROM messages WHERE state = 'sent' AND telegram_id IS NULL)
    AND (last_message IS NULL OR last_message IN (SELECT id FROM messages WHERE state = 'sent' AND telegram_id IS NULL));

-- Ids of messages in a chat that got a new id may be those of its old messages.
-- What is open there is shown once more.
UPDATE messages SET telegram_id = NULL, edit = 0 WHERE chat IN (SELECT key FROM chats WHERE migrated_to <> '');
UPDATE views SET first_message = NULL, last_message = NULL WHERE chat IN (SELECT key FROM chats WHERE migrated_to <> '');
INSERT INTO reminders (chat, group_key, notification, received_at, notify)
    SELECT key, '', 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 1 FROM chats WHERE migrated_to <> '';

-- +goose Down
ALTER TABLE messages DROP COLUMN refused; ALTER TABLE reminders DROP COLUMN ambiguous; ALTER TABLE views DROP COLUMN ambiguous;
