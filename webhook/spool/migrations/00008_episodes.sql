-- +goose Up

-- The name of the cluster of Alertmanagers.
ALTER TABLE inbox ADD COLUMN cluster TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN cluster TEXT NOT NULL DEFAULT '';

-- The group by which an earlier version identified the instance, which that
-- version can also insert into this spool. Such an instance belongs to the first
-- cluster that reports it.
ALTER TABLE instances ADD COLUMN old_group TEXT NOT NULL DEFAULT '*';
UPDATE instances SET old_group = group_key;
-- +goose StatementBegin
CREATE TRIGGER instances_old AFTER INSERT ON instances WHEN NEW.old_group = '*' BEGIN
    UPDATE instances SET old_group = NEW.group_key WHERE id = NEW.id;
END;
-- +goose StatementEnd

CREATE INDEX instances_by_identity ON instances (fingerprint, cluster, id);

-- +goose Down
DROP INDEX instances_by_identity; DROP TRIGGER instances_old;
ALTER TABLE instances DROP COLUMN old_group; ALTER TABLE instances DROP COLUMN cluster;
ALTER TABLE inbox DROP COLUMN cluster;
