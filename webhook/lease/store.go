package lease

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/alertnative/preflight/webhook/internal/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// timeout limits each request. A database that does not answer in this time
	// counts as unavailable. The timeout must be shorter than a lease.
	timeout = 2 * time.Second
	// channel is the channel on which PostgreSQL announces new entries.
	channel = "preflight_journal"
	// atOnce and bytesAtOnce limit the entries that [Store.Pull] returns, and
	// their size.
	atOnce, bytesAtOnce = 1000, 4 << 20
)

// transfer returns the time that the transfer of this number of bytes may take.
func transfer(bytes int) time.Duration {
	return timeout + time.Duration(bytes>>20)*time.Second
}

// Store is the part of the database that the replicas of one bot share. It is
// safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	bot  string
}

// Open prepares access by a connection string, for the replicas of a bot. It
// does not connect yet. The error quotes no part of the string.
func Open(dsn, bot string) (*Store, error) {
	pool, err := pg.Open(dsn, 3, timeout)
	if err != nil {
		return nil, err
	}
	return &Store{pool, bot}, nil
}

// Close closes all connections.
func (s *Store) Close() { s.pool.Close() }

// Migrate creates the tables, or migrates them to the current version.
func (s *Store) Migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return pg.Migrate(ctx, s.pool, migrations, "goose_replica_version")
}

// Beat reports that the replica runs, and asks for the lease.
func (s *Store) Beat(ctx context.Context, b Beat) (Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var standing Standing
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.claim(ctx, tx, b, &standing); err != nil || standing.Taken || standing.Waits {
			return err
		}
		newest, heartbeats, err := encodeHeartbeats(b.Heartbeats)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO preflight.replicas (bot, id, chats, behind, failing, watchdog_at, heartbeats, seen_at)
			VALUES ($1, $2, $3, $4, $5, clock_timestamp() - make_interval(secs => $6), `+datedHeartbeats+`, clock_timestamp())
			ON CONFLICT (bot, id) DO UPDATE SET chats = EXCLUDED.chats, behind = EXCLUDED.behind, failing = EXCLUDED.failing,
				watchdog_at = EXCLUDED.watchdog_at, heartbeats = EXCLUDED.heartbeats, seen_at = EXCLUDED.seen_at`,
			s.bot, b.Replica, b.Chats, b.Behind, b.Failing, newest, heartbeats); err != nil {
			return err
		}
		if err := s.lease(ctx, tx, b, &standing); err != nil {
			return err
		}
		return s.look(ctx, tx, b, &standing)
	})
	return standing, pg.Clean(err)
}

// aliveFor is the time since its last beat for which a process counts as alive.
const aliveFor = 5 * beatEvery / 2

// claim decides whether the name of the replica belongs to this process.
func (s *Store) claim(ctx context.Context, tx pgx.Tx, b Beat, standing *Standing) error {
	var claim string
	var alive bool
	var last int64
	err := tx.QueryRow(ctx, `SELECT claim, seen_at > clock_timestamp() - make_interval(secs => $3) FROM preflight.claims
		WHERE bot = $1 AND replica = $2 FOR UPDATE`, s.bot, b.Replica, aliveFor.Seconds()).Scan(&claim, &alive)
	known := err == nil
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return err
	case known && claim == b.Claim:
	case known && !slices.Contains(b.Previous, claim):
		standing.Taken = true
		return nil
	case known && alive && !b.Alone:
		standing.Waits = true
		return nil
	default: // the first beat of this process
		if err := tx.QueryRow(ctx, `SELECT COALESCE(max(seq), 0) FROM preflight.journal WHERE replica = $1`, b.Replica).Scan(&last); err != nil {
			return err
		}
		if standing.Taken, err = s.diverges(ctx, tx, b, last); err != nil || standing.Taken {
			return err
		}
	}
	seen := "clock_timestamp()"
	if b.Leaves {
		seen = "'-infinity'"
	}
	_, err = tx.Exec(ctx, `INSERT INTO preflight.claims (bot, replica, claim, seen_at) VALUES ($1, $2, $3, `+seen+`)
		ON CONFLICT (bot, replica) DO UPDATE SET claim = EXCLUDED.claim, seen_at = EXCLUDED.seen_at`, s.bot, b.Replica, b.Claim)
	return err
}

// diverges reports whether the journal has events of the replica that its spool
// does not know: the spool was restored to an earlier time, or is a copy that went
// on beside the original. The last event that both have shows that.
func (s *Store) diverges(ctx context.Context, tx pgx.Tx, b Beat, last int64) (bool, error) {
	if last > b.Seq {
		return true, nil
	}
	if b.Unpushed == nil || last == 0 {
		return false, nil
	}
	own, ok, err := b.Unpushed(last)
	if err != nil || !ok {
		return false, err
	}
	var kind string
	var body []byte
	if err := tx.QueryRow(ctx, `SELECT kind, body FROM preflight.journal WHERE replica = $1 AND seq = $2`, b.Replica, last).Scan(&kind, &body); err != nil {
		return false, err
	}
	return own.Kind != kind || !bytes.Equal(own.Body, body), nil
}

// lease takes, renews or gives up the lease.
func (s *Store) lease(ctx context.Context, tx pgx.Tx, b Beat, standing *Standing) error {
	if !b.Wants {
		_, err := tx.Exec(ctx, `DELETE FROM preflight.turns WHERE bot = $1 AND replica = $2`, s.bot, b.Replica)
		return err
	}
	// The clock of the database may have been set back.
	if _, err := tx.Exec(ctx, `UPDATE preflight.turns SET until = clock_timestamp() + make_interval(secs => $3)
		WHERE bot = $1 AND replica <> $2 AND until > clock_timestamp() + make_interval(secs => $3 + 1)`, s.bot, b.Replica, TTL.Seconds()); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO preflight.turns AS t (bot, replica, until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
		ON CONFLICT (bot) DO UPDATE SET replica = EXCLUDED.replica, until = EXCLUDED.until
			WHERE t.replica = EXCLUDED.replica OR t.until < clock_timestamp()`, s.bot, b.Replica, TTL.Seconds())
	standing.Held = tag.RowsAffected() == 1
	return err
}

// look reads the reports of the other replicas.
func (s *Store) look(ctx context.Context, tx pgx.Tx, b Beat, standing *Standing) error {
	if err := tx.QueryRow(ctx, `
		SELECT (SELECT id FROM preflight.journal_identity),
			COALESCE((SELECT max(id) FROM preflight.journal WHERE bot = $1), 0),
			COALESCE((SELECT replica FROM preflight.journal WHERE bot = $1 AND id = $2), ''),
			COALESCE((SELECT seq FROM preflight.journal WHERE bot = $1 AND id = $2), 0)`,
		s.bot, b.Place).Scan(&standing.Journal, &standing.Last, &standing.Replica, &standing.Seq); err != nil {
		return err
	}
	if err := s.heartbeats(ctx, tx, standing); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT id, chats, behind, failing FROM preflight.replicas
		WHERE bot = $1 AND id <> $2 AND abs(extract(epoch FROM seen_at - clock_timestamp())) < $3 ORDER BY id`,
		s.bot, b.Replica, TTL.Seconds())
	if err != nil {
		return err
	}
	standing.Peers, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Peer])
	return err
}

// Push adds all of the events to the journal or none. Adding one again changes
// nothing. Additions wait for each other: if a replica has pulled an entry, no
// later addition may get a place before it.
func (s *Store) Push(ctx context.Context, events []Event) error {
	var (
		replicas, kinds []string
		seqs            []int64
		times           []time.Time
		bodies          [][]byte
		size            int
	)
	for _, e := range events {
		size += len(e.Body)
		replicas, kinds, seqs = append(replicas, e.Replica), append(kinds, e.Kind), append(seqs, e.Seq)
		times, bodies = append(times, e.At), append(bodies, e.Body)
	}
	ctx, cancel := context.WithTimeout(ctx, transfer(size))
	defer cancel()
	return pg.Clean(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('preflight.journal'))`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO preflight.journal (bot, replica, seq, at, kind, body)
			SELECT $1, e.* FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::bytea[]) AS e
			ON CONFLICT (replica, seq) DO NOTHING`, s.bot, replicas, seqs, times, kinds, bodies); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, s.bot)
		return err
	}))
}

// Pull returns the first entries of other replicas after a place in the
// journal, and the place up to which it has read.
func (s *Store) Pull(ctx context.Context, self string, after int64) (events []Event, upTo int64, err error) {
	size, upTo, err := s.page(ctx, self, after)
	if err != nil || upTo == after {
		return nil, after, err
	}
	ctx, cancel := context.WithTimeout(ctx, transfer(size))
	defer cancel()
	rows, err := s.pool.Query(ctx, `SELECT id, replica, seq, at, kind, body FROM preflight.journal
		WHERE bot = $1 AND replica <> $2 AND id > $3 AND id <= $4 ORDER BY id`, s.bot, self, after, upTo)
	if err != nil {
		return nil, after, pg.Clean(err)
	}
	if events, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Event]); err != nil {
		return nil, after, pg.Clean(err)
	}
	return events, upTo, nil
}

// page returns the place up to which the journal can be read at once, and the
// number of bytes.
func (s *Store) page(ctx context.Context, self string, after int64) (size int, upTo int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	rows, err := s.pool.Query(ctx, `SELECT id, CASE WHEN replica = $2 THEN 0 ELSE length(body) END FROM preflight.journal
		WHERE bot = $1 AND id > $3 ORDER BY id LIMIT $4`, s.bot, self, after, atOnce)
	if err != nil {
		return 0, after, pg.Clean(err)
	}
	defer rows.Close()
	upTo = after
	for size < bytesAtOnce && rows.Next() {
		var length int
		if err := rows.Scan(&upTo, &length); err != nil {
			return 0, after, pg.Clean(err)
		}
		size += length
	}
	rows.Close()
	return size, upTo, pg.Clean(rows.Err())
}

// Prune removes entries older than a time, and replicas without a beat since then.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if _, err := s.pool.Exec(ctx, `DELETE FROM preflight.journal WHERE bot = $1 AND at < $2`, s.bot, before); err != nil {
		return pg.Clean(err)
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM preflight.replicas WHERE bot = $1 AND seen_at < $2`, s.bot, before); err != nil {
		return pg.Clean(err)
	}
	_, err := s.pool.Exec(ctx, `DELETE FROM preflight.claims WHERE bot = $1 AND seen_at < $2 AND seen_at > '-infinity'`, s.bot, before)
	return pg.Clean(err)
}

// Listen calls a function for every addition to the journal, until the context
// is done or the connection breaks.
func (s *Store) Listen(ctx context.Context, added func()) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return pg.Clean(err)
	}
	conn := pooled.Hijack() // a listening connection serves no other request
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return pg.Clean(err)
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return pg.Clean(err)
		}
		if n.Payload == s.bot {
			added()
		}
	}
}
