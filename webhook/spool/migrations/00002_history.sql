-- +goose Up

-- When a chat was told, and of the end.
ALTER TABLE views ADD COLUMN told_at INTEGER;
ALTER TABLE views ADD COLUMN over_at INTEGER;

-- Instances that changed since they were last copied to the history.
CREATE TABLE outbox (
    instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
    change   INTEGER NOT NULL DEFAULT 1 -- grows with each change
);
INSERT INTO outbox (instance) SELECT id FROM instances;

-- +goose StatementBegin
CREATE TRIGGER outbox_new AFTER INSERT ON instances BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.id) ON CONFLICT DO UPDATE SET change = change + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_changed AFTER UPDATE ON instances
    WHEN OLD.resolved_at IS NOT NEW.resolved_at OR OLD.alert <> NEW.alert OR OLD.notify <> NEW.notify BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.id) ON CONFLICT DO UPDATE SET change = change + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_told AFTER UPDATE ON views
    WHEN OLD.told_at IS NOT NEW.told_at OR OLD.over_at IS NOT NEW.over_at BEGIN
    INSERT INTO outbox (instance) VALUES (NEW.instance) ON CONFLICT DO UPDATE SET change = change + 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER outbox_told; DROP TRIGGER outbox_changed; DROP TRIGGER outbox_new; DROP TABLE outbox;
ALTER TABLE views DROP COLUMN over_at; ALTER TABLE views DROP COLUMN told_at;
