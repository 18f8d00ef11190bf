package history

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/internal/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

// timeout limits each request to the database.
const timeout = 10 * time.Second

// Store is the history in PostgreSQL. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
}

// Open prepares access by a connection string. It does not connect yet, so it
// succeeds while the database is unavailable. The error quotes no part of the
// string, which can hold a password.
func Open(dsn string) (*Store, error) {
	pool, err := pg.Open(dsn, 2, timeout/2)
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close closes all connections.
func (s *Store) Close() { s.pool.Close() }

// Migrate migrates the schema "preflight" to the current version. Replicas that
// do so at the same time wait for each other.
func (s *Store) Migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*timeout)
	defer cancel()
	return pg.Migrate(ctx, s.pool, migrations, "goose_db_version")
}

const putAlert = `
INSERT INTO preflight.alerts AS old (id, group_key, fingerprint, starts_at, episode, ends_at, closed, alertname, priority, env,
	notify, labels, annotations, received_at, resolution_at, cluster)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (id) DO UPDATE SET group_key = EXCLUDED.group_key, cluster = EXCLUDED.cluster,
	ends_at = COALESCE(EXCLUDED.ends_at, old.ends_at),
	closed = CASE WHEN EXCLUDED.ends_at IS NULL THEN old.closed ELSE EXCLUDED.closed END,
	notify = EXCLUDED.notify, annotations = EXCLUDED.annotations,
	received_at = LEAST(old.received_at, EXCLUDED.received_at),
	resolution_at = LEAST(old.resolution_at, EXCLUDED.resolution_at)`

const putDelivery = `
INSERT INTO preflight.deliveries AS old (alert, chat, told_at, over_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (alert, chat) DO UPDATE SET
	told_at = LEAST(old.told_at, EXCLUDED.told_at), over_at = LEAST(old.over_at, EXCLUDED.over_at)`

// Put stores all of the records or none. It updates a record that exists.
// Storing the same record again, from any replica, changes nothing.
func (s *Store) Put(ctx context.Context, records []Record) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var batch pgx.Batch
	for _, r := range records {
		labels, err := storableJSON(r.Labels)
		if err != nil {
			return err
		}
		annotations, err := storableJSON(r.Annotations)
		if err != nil {
			return err
		}
		id := id(r)
		batch.Queue(putAlert, id, storable(r.Group), storable(r.Fingerprint), r.StartsAt, r.Episode, r.EndsAt, r.Closed,
			storable(r.Labels[model.AlertNameLabel]), storable(r.Priority), storable(r.Labels[api.Env]), r.Notify, labels, annotations,
			r.ReceivedAt, r.ResolutionAt, storable(r.Cluster))
		for _, d := range r.Deliveries {
			batch.Queue(putDelivery, id, d.Chat, d.DeliveredAt, d.ResolvedAt)
		}
	}
	return pg.Clean(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return tx.SendBatch(ctx, &batch).Close() }))
}

// IsUnstorable reports whether [Store.Put] failed because of the content of a
// record, so that a retry cannot succeed.
func IsUnstorable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code[:2] == "22" || e.Code[:2] == "23" || e.Code[:2] == "54")
}

// List returns the records that the filter selects, oldest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	rows, err := s.pool.Query(ctx, `
		SELECT a.group_key, a.fingerprint, a.starts_at, a.episode, a.ends_at, a.closed, a.priority, a.notify, a.labels, a.annotations,
			a.received_at, a.resolution_at, a.cluster,
			(SELECT json_agg(json_build_object('chat', d.chat, 'told_at', d.told_at, 'over_at', d.over_at) ORDER BY d.chat)
				FROM preflight.deliveries d WHERE d.alert = a.id)
		FROM preflight.alerts a
		WHERE (a.ends_at IS NULL OR a.ends_at >= $1 OR a.starts_at >= $1) AND ($2 = '' OR a.env = $2)
			AND ($3 = '' OR a.priority = $3)
		ORDER BY a.starts_at, a.id`, f.Since, f.Env, f.Priority)
	if err != nil {
		return nil, pg.Clean(err)
	}
	records, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		var deliveries []byte
		err = row.Scan(&r.Group, &r.Fingerprint, &r.StartsAt, &r.Episode, &r.EndsAt, &r.Closed, &r.Priority, &r.Notify, &r.Labels,
			&r.Annotations, &r.ReceivedAt, &r.ResolutionAt, &r.Cluster, &deliveries)
		if err == nil && deliveries != nil {
			err = json.Unmarshal(deliveries, &r.Deliveries)
		}
		return r, err
	})
	return records, pg.Clean(err)
}

// Prune removes records that ended before a time.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := s.pool.Exec(ctx, `DELETE FROM preflight.alerts WHERE ends_at < $1`, before)
	return pg.Clean(err)
}
