package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/alertnative/preflight/webhook/internal/pg"
)

const (
	// monthsAhead is the number of months that have tables in advance.
	monthsAhead = 2
	// pruneRows is the number of rows that one statement deletes.
	pruneRows = 5000
	// lockTimeout is the longest time for which writers wait for a change of the
	// tables.
	lockTimeout = `SET LOCAL lock_timeout = '2s'`

	maintainLock = 7_346_502_871 // the key of the lock of [Store.Maintain]
	tryLock      = `SELECT pg_try_advisory_lock($1)`
	unlock       = `SELECT pg_advisory_unlock($1)`

	// clocks returns the time of the database, and whether rows go to the table of
	// their month.
	clocks = `SELECT now(), to_regproc('preflight.alert_by_month') IS NOT NULL`

	// lockWriters waits for writers that do not see the tables of a new month.
	// They could store a record in another table than the next writers.
	lockWriters = `LOCK TABLE ONLY preflight.alerts, ONLY preflight.deliveries IN SHARE ROW EXCLUSIVE MODE`

	createMonth = `
		CREATE TABLE IF NOT EXISTS preflight.alerts_%[1]s (PRIMARY KEY (id), CHECK (starts_at >= '%[2]s' AND starts_at < '%[3]s'))
			INHERITS (preflight.alerts);
		CREATE INDEX ON preflight.alerts_%[1]s (starts_at);
		CREATE TABLE IF NOT EXISTS preflight.deliveries_%[1]s (PRIMARY KEY (alert, chat),
			FOREIGN KEY (alert) REFERENCES preflight.alerts_%[1]s (id) ON DELETE CASCADE) INHERITS (preflight.deliveries)`

	createIndex = `CREATE INDEX %[1]s %[2]s_by_%[3]s ON preflight.%[2]s %[4]s`

	selectMonths = `SELECT substring(c.relname::text FROM '^alerts_(.*)$') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'preflight.alerts'::regclass ORDER BY 1`
	selectIndexes = `SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indrelid = 'preflight.alerts'::regclass`

	// over selects the records that ended before a time. If the end is still to
	// come, as that of a wrong clock, the receipt of the resolution counts.
	over = `(ends_at < $1 OR ends_at > now() AND resolution_at < $1)`

	deleteOver = `DELETE FROM ONLY preflight.%[1]s WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY preflight.%[1]s WHERE ` + over + ` LIMIT $2))`
	lockMonth  = `LOCK TABLE ONLY preflight.alerts_%[1]s, ONLY preflight.deliveries_%[1]s IN ACCESS EXCLUSIVE MODE`
	anyKept    = `SELECT EXISTS (SELECT FROM ONLY preflight.alerts_%[1]s WHERE ends_at IS NULL)
		OR EXISTS (SELECT FROM ONLY preflight.alerts_%[1]s WHERE ends_at >= $1 AND NOT ` + over + `)`
	dropMonth = `DROP TABLE preflight.deliveries_%[1]s, preflight.alerts_%[1]s`
)

// indexes are those of a table of alerts, by the end of their names. The table
// that has the rows of no month can hold millions of rows of an earlier version.
var indexes = map[string]string{
	"open":     "(starts_at) WHERE ends_at IS NULL",
	"end":      "(ends_at, starts_at)",
	"env":      "(env, starts_at)",
	"priority": "(priority, starts_at)",
}

// Maintain makes the tables of the coming months and the indexes that are missing.
// It removes the records that ended longer ago than keep, by the clocks of this
// process and of the database: a month at a time if nothing of it stays, else in
// batches. Writers wait for it two seconds at most. If another replica does the
// same at the time, Maintain returns at once. It does each part that it can, and
// returns the errors of the others.
func (s *Store) Maintain(ctx context.Context, keep time.Duration) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return pg.Clean(err)
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, tryLock, maintainLock).Scan(&mine); err != nil || !mine {
		return pg.Clean(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		_, _ = conn.Exec(ctx, unlock, maintainLock) // a broken connection has no lock
	}()
	var now time.Time
	var byMonth bool
	if err := conn.QueryRow(ctx, clocks).Scan(&now, &byMonth); err != nil {
		return pg.Clean(err)
	}
	m := maintenance{conn}
	var errs []error
	if byMonth {
		errs = append(errs, m.addMonths(ctx, now))
	}
	if local := time.Now(); local.Before(now) {
		now = local
	}
	return errors.Join(append(errs, m.addIndexes(ctx), m.prune(ctx, now.Add(-keep)))...)
}

// maintenance is the connection with the lock of [Store.Maintain].
type maintenance struct{ conn *pgxpool.Conn }

// month returns the name and the bounds of the month of a time, in UTC.
func month(t time.Time) (name string, from, to time.Time) {
	t = t.UTC()
	from = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return from.Format("2006_01"), from, from.AddDate(0, 1, 0)
}

// change runs a function in a transaction that waits for no lock for long.
func (m maintenance) change(ctx context.Context, f func(pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return pg.Clean(pgx.BeginFunc(ctx, m.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTimeout); err != nil {
			return err
		}
		return f(tx)
	}))
}

// addMonths makes the tables of the month of a time and of those after it.
func (m maintenance) addMonths(ctx context.Context, now time.Time) error {
	_, first, _ := month(now)
	for ahead := range 1 + monthsAhead {
		name, from, to := month(first.AddDate(0, ahead, 0))
		var exists bool
		if err := m.conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, "preflight.alerts_"+name).Scan(&exists); err != nil {
			return pg.Clean(err)
		}
		if exists {
			continue
		}
		err := m.change(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, lockWriters); err != nil {
				return err
			}
			statements := []string{fmt.Sprintf(createMonth, name, from.Format(time.RFC3339), to.Format(time.RFC3339))}
			for index, definition := range indexes {
				statements = append(statements, fmt.Sprintf(createIndex, "", "alerts_"+name, index, definition))
			}
			_, err := tx.Exec(ctx, strings.Join(statements, ";"))
			return err
		})
		if pg.IsCode(err, pg.InsufficientPrivilege) {
			return fmt.Errorf("no tables for the coming months, so new rows stay in preflight.alerts: give the role CREATE on the schema preflight, and make it the owner of its tables: %w", err)
		}
		if err != nil {
			return fmt.Errorf("tables of the month %s: %w", name, err)
		}
	}
	return nil
}

// addIndexes makes the indexes that are missing, without a pause of the writers.
func (m maintenance) addIndexes(ctx context.Context) error {
	rows, err := m.conn.Query(ctx, selectIndexes)
	if err != nil {
		return pg.Clean(err)
	}
	valid := map[string]bool{}
	var name string
	var ok bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &ok}, func() error { valid[name] = ok; return nil }); err != nil {
		return pg.Clean(err)
	}
	for index, definition := range indexes {
		name := "alerts_by_" + index
		complete, exists := valid[name]
		if complete {
			continue
		}
		if exists { // an earlier attempt was interrupted
			if _, err := m.conn.Exec(ctx, `DROP INDEX CONCURRENTLY preflight.`+name); err != nil {
				return fmt.Errorf("index %s: %w", name, pg.Clean(err))
			}
		}
		if _, err := m.conn.Exec(ctx, fmt.Sprintf(createIndex, "CONCURRENTLY", "alerts", index, definition)); err != nil {
			return fmt.Errorf("index %s: %w", name, pg.Clean(err))
		}
	}
	return nil
}

// prune removes the records that ended before a time.
func (m maintenance) prune(ctx context.Context, before time.Time) error {
	rows, err := m.conn.Query(ctx, selectMonths)
	if err != nil {
		return pg.Clean(err)
	}
	months, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return pg.Clean(err)
	}
	present, _, _ := month(before)
	tables := []string{"alerts"}
	for _, name := range months {
		if name < present {
			dropped, err := m.drop(ctx, name, before)
			if dropped {
				continue
			}
			// The rows of a table that is in use, or of another role, are deleted.
			if err != nil && !pg.IsCode(err, pg.LockNotAvailable, pg.InsufficientPrivilege) {
				return fmt.Errorf("month %s: %w", name, err)
			}
		}
		tables = append(tables, "alerts_"+name)
	}
	for _, table := range tables {
		if err := m.deleteOver(ctx, table, before); err != nil {
			return fmt.Errorf("old rows of %s: %w", table, err)
		}
	}
	return nil
}

// drop removes the tables of a month if no record of it stays.
func (m maintenance) drop(ctx context.Context, name string, before time.Time) (dropped bool, err error) {
	var kept bool
	if err := m.conn.QueryRow(ctx, fmt.Sprintf(anyKept, name), before).Scan(&kept); err != nil || kept {
		return false, pg.Clean(err)
	}
	err = m.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf(lockMonth, name)); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, fmt.Sprintf(anyKept, name), before).Scan(&kept); err != nil || kept {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(dropMonth, name))
		return err
	})
	return err == nil && !kept, err
}

// deleteOver deletes the records of a table that ended before a time.
func (m maintenance) deleteOver(ctx context.Context, table string, before time.Time) error {
	for more := true; more; {
		err := m.change(ctx, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, fmt.Sprintf(deleteOver, table), before, pruneRows)
			more = err == nil && tag.RowsAffected() == pruneRows
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
