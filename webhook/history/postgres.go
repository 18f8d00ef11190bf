package history

import (
	"context"
	"embed"
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

// ErrOldSchema means that the role may not migrate the schema. The store works
// with the one of the version before.
var ErrOldSchema = errors.New("the role may not change the schema preflight, so the one of the version before is used: start the webhook once with the role that owns the schema")

// Migrate migrates the schema "preflight" to the current version. Replicas that
// do so at the same time wait for each other. The error is [ErrOldSchema] if the
// role may not, and the store works without.
func (s *Store) Migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*timeout)
	defer cancel()
	err := pg.Migrate(ctx, s.pool, migrations, "goose_db_version")
	if pg.IsCode(err, pg.InsufficientPrivilege) && s.usable(ctx) {
		return ErrOldSchema
	}
	return err
}

// usable reports whether the tables have the columns of the version before.
func (s *Store) usable(ctx context.Context) bool {
	_, err := s.pool.Exec(ctx, `SELECT a.cluster, d.chat FROM preflight.alerts a JOIN preflight.deliveries d ON d.alert = a.id LIMIT 0`)
	return err == nil
}

// The migration months.sql repeats the updates of putAlert and putDelivery for
// the tables of the months.
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

// endOthers ends the other records of an episode.
const endOthers = `
UPDATE preflight.alerts SET ends_at = $5, closed = $6, resolution_at = $7
WHERE starts_at = $1 AND fingerprint = $2 AND cluster = $3 AND id <> $4 AND ends_at IS NULL AND received_at <= $7`

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
		if r.OverEverywhere && r.EndsAt != nil {
			batch.Queue(endOthers, r.StartsAt, storable(r.Fingerprint), storable(r.Cluster), id, r.EndsAt, r.Closed, r.ResolutionAt)
		}
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
