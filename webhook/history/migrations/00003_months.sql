-- +goose Up

-- The rows of a month of starts_at are in tables of their own, alerts_2026_03
-- and deliveries_2026_03, which inherit from the tables of the first version:
-- queries of those find them. The rows that exist stay where they are, and so do
-- rows of a month that has no tables.
--
-- Declarative partitions would need starts_at in the primary key. The version
-- before stores with ON CONFLICT (id), and must be able to use these tables.
--
-- The functions run with the rights of their owner, so a role that may write to
-- the tables of the first version needs no other rights.

SET LOCAL lock_timeout = '5s';

-- Rows go to the table of their month. The updates are those of putAlert and
-- putDelivery in the package history.
-- +goose StatementBegin
CREATE FUNCTION preflight.alert_by_month() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month text := 'alerts_' || to_char(NEW.starts_at AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    IF to_regclass('preflight.' || month) IS NULL OR EXISTS (SELECT FROM ONLY preflight.alerts WHERE id = NEW.id) THEN
        RETURN NEW;
    END IF;
    EXECUTE format('INSERT INTO preflight.%I AS old SELECT ($1).*
        ON CONFLICT (id) DO UPDATE SET group_key = EXCLUDED.group_key, cluster = EXCLUDED.cluster,
            ends_at = COALESCE(EXCLUDED.ends_at, old.ends_at),
            closed = CASE WHEN EXCLUDED.ends_at IS NULL THEN old.closed ELSE EXCLUDED.closed END,
            notify = EXCLUDED.notify, annotations = EXCLUDED.annotations,
            received_at = LEAST(old.received_at, EXCLUDED.received_at),
            resolution_at = LEAST(old.resolution_at, EXCLUDED.resolution_at)', month) USING NEW;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION preflight.delivery_by_month() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month text;
BEGIN
    SELECT substring(c.relname::text FROM '^alerts(_.*)$') INTO month
        FROM preflight.alerts a JOIN pg_class c ON c.oid = a.tableoid WHERE a.id = NEW.alert;
    IF month IS NULL THEN -- of the table of the first version, or unknown
        RETURN NEW;
    END IF;
    EXECUTE format('INSERT INTO preflight.%I AS old SELECT ($1).*
        ON CONFLICT (alert, chat) DO UPDATE SET
            told_at = LEAST(old.told_at, EXCLUDED.told_at), over_at = LEAST(old.over_at, EXCLUDED.over_at)', 'deliveries' || month) USING NEW;
    RETURN NULL;
END $$;
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION preflight.alert_by_month(), preflight.delivery_by_month() FROM PUBLIC;

CREATE TRIGGER by_month BEFORE INSERT ON preflight.alerts FOR EACH ROW EXECUTE FUNCTION preflight.alert_by_month();
CREATE TRIGGER by_month BEFORE INSERT ON preflight.deliveries FOR EACH ROW EXECUTE FUNCTION preflight.delivery_by_month();

-- +goose Down
DROP TRIGGER by_month ON preflight.deliveries;
DROP TRIGGER by_month ON preflight.alerts;
DROP FUNCTION preflight.delivery_by_month();
DROP FUNCTION preflight.alert_by_month();
