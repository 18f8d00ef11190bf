package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/alertnative/preflight/webhook/history"
)

// Archive keeps the history. It may be away for any time.
type Archive interface {
	Migrate(ctx context.Context) error
	// Put stores records, all or none; storing one again changes nothing.
	Put(ctx context.Context, records []history.Record) error
	// Prune forgets what ended before a time.
	Prune(ctx context.Context, before time.Time) error
}

const (
	archivePoll  = time.Second // between two looks for changes
	archivePause = time.Minute // the longest between two tries while it is away
	archiveBatch = 200         // records of one Put
)

// change is an instance that the archive does not have in its present state.
type change struct {
	instance, version int64
	record            history.Record
}

// archiveAll copies changes to the archive, in the order in which they began,
// until the context is done. What it does not get done waits in the spool.
func (s *Service) archiveAll(ctx context.Context) {
	migrated, away, wait := false, false, archivePoll
	var pruned time.Time
	for {
		err := s.archiveOnce(ctx, &migrated, &pruned)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !away {
				s.config.Log.Warn("the history database is away, it is caught up with later", "err", err)
			}
			away, wait = true, min(2*wait, archivePause)
		default:
			if away {
				s.config.Log.Info("the history database is caught up with")
			}
			away, wait = false, archivePoll
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// archiveOnce copies all changes there are.
func (s *Service) archiveOnce(ctx context.Context, migrated *bool, pruned *time.Time) error {
	for ctx.Err() == nil {
		changes, waiting, err := s.changes()
		if err != nil {
			return err
		}
		s.metrics.historyBacklog.WithLabelValues().Set(float64(waiting.alerts))
		s.metrics.historyLag.WithLabelValues().Set(waiting.age.Seconds())
		if !*migrated {
			if err := s.config.Archive.Migrate(ctx); err != nil {
				return err
			}
			*migrated = true
		}
		if len(changes) == 0 {
			break
		}
		if err := s.archive(ctx, changes); err != nil {
			return err
		}
	}
	if time.Since(*pruned) < time.Hour {
		return nil
	}
	*pruned = time.Now()
	return s.config.Archive.Prune(ctx, pruned.Add(-s.config.Retention))
}

// archive puts changes, singly when together they are refused for what one of
// them holds: that one is given up.
func (s *Service) archive(ctx context.Context, changes []change) error {
	records := make([]history.Record, len(changes))
	for i, c := range changes {
		records[i] = c.record
	}
	err := s.config.Archive.Put(ctx, records)
	if history.IsUnstorable(err) && len(changes) > 1 {
		for _, c := range changes {
			if err := s.archive(ctx, []change{c}); err != nil {
				return err
			}
		}
		return nil
	}
	if history.IsUnstorable(err) {
		s.config.Log.Error("the history database refuses an alert, which is left out", "err", err,
			"fingerprint", changes[0].record.Fingerprint)
	} else if err != nil {
		return err
	}
	return s.spool.do(func(tx *txn) error {
		for _, c := range changes {
			if _, err := tx.Exec(`DELETE FROM outbox WHERE instance = ? AND change = ?`, c.instance, c.version); err != nil {
				return err
			}
		}
		return nil
	})
}

// waitingChanges counts the changes, and says how old the oldest is: when the
// alert itself changed last, or a chat was told of it.
const waitingChanges = `SELECT count(*), min(max(i.received_at, coalesce(i.resolved_at, 0),
		coalesce((SELECT max(coalesce(v.told_at, 0), coalesce(v.over_at, 0)) FROM views v WHERE v.instance = i.id ORDER BY 1 DESC LIMIT 1), 0)))
	FROM outbox o JOIN instances i ON i.id = o.instance`

// changes reads the oldest changes, and what waits in all.
func (s *Service) changes() (list []change, waiting backlog, err error) {
	err = s.spool.do(func(tx *txn) error {
		list, waiting = nil, backlog{}
		var oldest sql.NullInt64
		if err := tx.QueryRow(waitingChanges).Scan(&waiting.alerts, &oldest); err != nil || waiting.alerts == 0 {
			return err
		}
		waiting.age = max(0, time.Since(time.UnixMicro(oldest.Int64)))
		rows, err := tx.Query(`SELECT o.instance, o.change, `+recordColumns+`
			FROM outbox o JOIN instances i ON i.id = o.instance ORDER BY i.id LIMIT ?`, archiveBatch)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c change
			if err := scanRecord(rows, s.scale().Label, &c.record, &c.instance, &c.version); err != nil {
				return err
			}
			list = append(list, c)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for i := range list {
			if list[i].record.Deliveries, err = deliveries(tx, list[i].instance); err != nil {
				return err
			}
		}
		return nil
	})
	return list, waiting, err
}

// recordColumns are what [scanRecord] reads of an instance i.
const recordColumns = `i.group_key, i.fingerprint, i.alert, i.notify, i.first_at, i.resolved_at, i.closed,
	(SELECT count(*) FROM instances e WHERE e.group_key = i.group_key AND e.fingerprint = i.fingerprint
		AND e.starts_at = i.starts_at AND e.id < i.id)`

// scanRecord reads the columns before those of the record, and the record
// without its deliveries. Label holds the severity.
func scanRecord(rows *sql.Rows, label string, r *history.Record, before ...any) error {
	var alert []byte
	var notify loudness
	var first int64
	var resolved sql.NullInt64
	if err := rows.Scan(append(before, &r.Group, &r.Fingerprint, &alert, &notify, &first, &resolved, &r.Closed, &r.Episode)...); err != nil {
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
	r.Labels, r.Annotations, r.StartsAt, r.ReceivedAt = a.Labels, a.Annotations, a.StartsAt, time.UnixMicro(first).UTC()
	r.Priority = a.Labels[label]
	r.Notify = string(notify.sound())
	if resolved.Valid {
		at := time.UnixMicro(resolved.Int64).UTC()
		r.ResolutionAt, r.EndsAt = &at, &at
		if !a.EndsAt.IsZero() {
			r.EndsAt = &a.EndsAt
		}
	}
	return nil
}

// deliveries reads when the chats were told of an instance.
func deliveries(tx querier, instance int64) ([]history.Delivery, error) {
	rows, err := tx.Query(`SELECT chat, told_at, over_at FROM views WHERE instance = ? AND told_at IS NOT NULL ORDER BY chat`, instance)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []history.Delivery
	for rows.Next() {
		var d history.Delivery
		var told, over sql.NullInt64
		if err := rows.Scan(&d.Chat, &told, &over); err != nil {
			return nil, err
		}
		d.ToldAt, d.OverAt = instant(told), instant(over)
		list = append(list, d)
	}
	return list, rows.Err()
}

func instant(n sql.NullInt64) *time.Time {
	if !n.Valid {
		return nil
	}
	t := time.UnixMicro(n.Int64).UTC()
	return &t
}
