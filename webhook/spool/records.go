package spool

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// recordColumns are the columns of an instance i that [scanRecord] reads.
	recordColumns = `i.group_key, i.fingerprint, i.alert, i.notify, i.first_at, i.resolved_at, i.closed, i.cluster, i.old_group, CASE i.origin WHEN i.id THEN '' ELSE i.chat END, i.receiver, ` + episode

	idsSince = `SELECT id FROM instances WHERE resolved_at IS NULL OR resolved_at >= ? ORDER BY starts_at, id`
	recordOf = `SELECT i.id, ` + recordColumns + ` FROM instances i WHERE i.id = ?`

	// A change is as old as the last change of the alert or of its display in a
	// chat. The first ones by id show the age of the oldest: a storm can leave
	// hundreds of thousands, and notifications wait while they are read.
	waitingChanges = `SELECT (SELECT count(*) FROM outbox), min(max(i.received_at, coalesce(i.resolved_at, 0),
		coalesce((SELECT max(coalesce(v.told_at, 0), coalesce(v.over_at, 0)) FROM views v WHERE v.instance = i.id ORDER BY 1 DESC LIMIT 1), 0)))
	FROM (SELECT instance FROM outbox ORDER BY instance LIMIT 1000) o JOIN instances i ON i.id = o.instance`
	selectChanges = `SELECT o.instance, o.change, ` + recordColumns + `
			FROM outbox o JOIN instances i ON i.id = o.instance ORDER BY i.id LIMIT ?`
	dropChange   = `DELETE FROM outbox WHERE instance = ?`
	deleteChange = `DELETE FROM outbox WHERE instance = ? AND change = ?`

	selectDeliveries = `SELECT chat, told_at, over_at FROM views WHERE instance = ? AND told_at IS NOT NULL ORDER BY chat`
)

// Change is an instance that the history does not have in its present state.
type Change struct {
	Record            state.Record
	instance, version int64
}

// Changes returns the oldest changes that the history does not have, and their
// number. Label is the label that holds the severity.
func (t *Tx) Changes(limit int, label string, now time.Time) (list []Change, waiting Backlog, err error) {
	var oldest any
	if err := t.queryRow(waitingChanges).Scan(&waiting.Alerts, &oldest); err != nil || waiting.Alerts == 0 {
		return nil, waiting, err
	}
	waiting.Age = age(oldest, now)
	rows, err := t.query(selectChanges, limit)
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (c Change, err error) {
		err = scanRecord(rows, label, &c.Record, &c.instance, &c.version)
		return c, err
	})
	if err != nil {
		return nil, waiting, err
	}
	for _, row := range bad {
		if err := t.SetAside(Aside{Kind: api.AsideHistory, Reason: fmt.Sprintf("instance %d: %v", row.id, row.reason)}, now); err != nil {
			return nil, waiting, err
		}
		if _, err := t.exec(dropChange, row.id); err != nil {
			return nil, waiting, err
		}
	}
	for i := range list {
		if list[i].Record.OverEverywhere, err = t.overEverywhere(list[i].instance); err != nil {
			return nil, waiting, err
		}
		rows, err := t.query(selectDeliveries, list[i].instance)
		list[i].Record.Deliveries, err = collect(rows, err, scanDelivery)
		if err != nil && !IsItem(err) { // a damaged delivery is left out
			return nil, waiting, err
		}
	}
	return list, waiting, nil
}

// ChangesCopied records that the history has the changes, unless there are newer
// ones.
func (t *Tx) ChangesCopied(list []Change) error {
	for _, c := range list {
		if _, err := t.exec(deleteChange, c.instance, c.version); err != nil {
			return err
		}
		if _, err := t.exec(untouched, c.instance, c.Record.OverEverywhere); err != nil {
			return err
		}
	}
	return nil
}

// scanRecord reads a record without its deliveries, and the columns before it.
// Label is the label that holds the severity.
func scanRecord(rows *sql.Rows, label string, r *state.Record, before ...any) error {
	var alert []byte
	var receiver string
	var notify state.Loudness
	var first int64
	var resolved sql.NullInt64
	if err := rows.Scan(append(before, &r.Group, &r.Fingerprint, &alert, &notify, &first, &resolved, &r.Closed, &r.Cluster, &r.OldGroup, &r.Chat, &receiver, &r.Episode)...); err != nil {
		return err
	}
	var a struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
		EndsAt      time.Time         `json:"endsAt"`
	}
	if err := json.Unmarshal(alert, &a); err != nil {
		return err
	}
	r.Group = strings.TrimSuffix(r.Group, "@"+receiver)
	r.Labels, r.Annotations, r.StartsAt, r.ReceivedAt = a.Labels, a.Annotations, state.ClampTime(a.StartsAt), time.UnixMicro(first).UTC()
	r.Priority = a.Labels[label]
	r.Notify = string(notify.Known().Sound())
	if resolved.Valid {
		at := time.UnixMicro(resolved.Int64).UTC()
		r.ResolutionAt, r.EndsAt = &at, &at
		if !a.EndsAt.IsZero() {
			ends := state.ClampTime(a.EndsAt)
			r.EndsAt = &ends
		}
	}
	return nil
}

func scanDelivery(rows *sql.Rows) (d state.Delivery, err error) {
	var delivered, resolved sql.NullInt64
	err = rows.Scan(&d.Chat, &delivered, &resolved)
	d.DeliveredAt, d.ResolvedAt = instant(delivered), instant(resolved)
	return d, err
}

func instant(n sql.NullInt64) *time.Time {
	if !n.Valid {
		return nil
	}
	t := time.UnixMicro(n.Int64).UTC()
	return &t
}

// recordsAtOnce is the number of records of a transaction of [EachRecord].
const recordsAtOnce = 500

// Records returns the alerts that [EachRecord] yields.
func Records(ctx context.Context, path, label string, since time.Time) (records []state.Record, err error) {
	for r, err := range EachRecord(ctx, path, label, since) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// EachRecord yields the alerts of a spool that fire or were resolved since a
// time, in the order of their start. Label is the label that holds the severity.
// The first error is the last element. It only reads and creates no file. It
// works while the webhook uses the spool: no transaction stays open while the
// caller uses a record, because the write-ahead log would grow.
func EachRecord(ctx context.Context, path, label string, since time.Time) iter.Seq2[state.Record, error] {
	return func(yield func(state.Record, error) bool) {
		if err := eachRecord(ctx, path, label, since, yield); err != nil {
			yield(state.Record{}, fmt.Errorf("spool %s: %w", path, err))
		}
	}
}

func eachRecord(ctx context.Context, path, label string, since time.Time, yield func(state.Record, error) bool) (err error) {
	db, err := openReadOnly(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, idsSince, since.UnixMicro())
	ids, err := collect(rows, err, func(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, recordsAtOnce) {
		records, err := readRecords(ctx, db, label, some)
		if err != nil {
			return err
		}
		for _, r := range records {
			if !yield(r, nil) {
				return nil
			}
		}
	}
	return nil
}

// readRecords reads the instances with the ids. It leaves out those that cannot
// be read, and those that are gone.
func readRecords(ctx context.Context, db *sql.DB, label string, ids []int64) (records []state.Record, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	for _, id := range ids {
		rows, err := tx.QueryContext(ctx, recordOf, id)
		list, _, err := collectGood(rows, err, func(rows *sql.Rows) (r state.Record, err error) {
			return r, scanRecord(rows, label, &r, &id)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			rows, err := tx.QueryContext(ctx, selectDeliveries, id)
			r.Deliveries, err = collect(rows, err, scanDelivery)
			if err != nil && !IsItem(err) {
				return nil, err
			}
			records = append(records, r)
		}
	}
	return records, nil
}

// openReadOnly opens a spool without its lock. While a process has it open, or
// after a process was killed, the index (-shm) exists and is read too. Without
// an index the database file is complete.
func openReadOnly(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	query := "?mode=ro&immutable=1"
	switch _, err := os.Stat(path + "-shm"); {
	case err == nil:
		query = "?mode=ro&readonly_shm=1&_pragma=busy_timeout(5000)"
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	default:
		if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
			return nil, errors.New("its -shm file is missing: copy that file too")
		}
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()+query)
}
