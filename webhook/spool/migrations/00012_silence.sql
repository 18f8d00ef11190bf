-- +goose Up

-- The silence that mutes a firing alert, as JSON.
ALTER TABLE instances ADD COLUMN silence TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE instances DROP COLUMN silence;
