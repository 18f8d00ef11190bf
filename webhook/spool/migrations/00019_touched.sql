-- +goose Up

-- The instances of a chat of their own that changed since this version last copied
-- them to the history. The version before copies them under the id of the instance
-- that all chats share, and leaves the rows here.
CREATE TABLE touched (
    instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
    before   INTEGER NOT NULL DEFAULT 0 -- the version before copied it
);
-- +goose StatementBegin
CREATE TRIGGER touched_instance AFTER INSERT ON outbox
    WHEN EXISTS (SELECT 1 FROM instances WHERE id = NEW.instance AND chat <> '') BEGIN
    INSERT INTO touched (instance) VALUES (NEW.instance) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER touched_instance; DROP TABLE touched;
