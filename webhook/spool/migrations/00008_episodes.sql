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

-- An alert that fired in several groups continues in one: the loudest, of
-- these the newest.
CREATE TEMP TABLE superseded AS
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY fingerprint ORDER BY notify DESC, id DESC) AS place
        FROM instances WHERE resolved_at IS NULL) WHERE place > 1;
UPDATE instances SET resolved_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000000, closed = 'superseded', held = '', refire_at = NULL,
    alert = json_set(alert, '$.status', 'resolved', '$.endsAt', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    WHERE id IN (SELECT id FROM superseded);
UPDATE views SET pending = shown = 1 WHERE instance IN (SELECT id FROM superseded);
DROP TABLE superseded;

-- +goose Down
DROP INDEX instances_by_identity; DROP TRIGGER instances_old;
ALTER TABLE instances DROP COLUMN old_group; ALTER TABLE instances DROP COLUMN cluster;
ALTER TABLE inbox DROP COLUMN cluster;
