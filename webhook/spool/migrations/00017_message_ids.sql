-- +goose Up

-- The id that the chat gave the message. The version before reads telegram_id, so
-- numbers stay there, and message_id has ids of other forms.
ALTER TABLE messages ADD COLUMN message_id TEXT;
ALTER TABLE messages ADD COLUMN shown_as TEXT GENERATED ALWAYS AS (COALESCE(CAST(telegram_id AS TEXT), message_id)) VIRTUAL;

-- +goose Down
ALTER TABLE messages DROP COLUMN shown_as; ALTER TABLE messages DROP COLUMN message_id;
