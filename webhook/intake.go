package webhook

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// Accept commits a notification to the spool and returns its id, which the
// log names from here to its delivery. The body must be one that
// [ParsePayload] takes.
func (s *Service) Accept(body []byte, sound api.Sound) (id int64, err error) {
	begin := time.Now()
	err = s.spool.do(func(tx *txn) error {
		r, err := tx.Exec(`INSERT INTO inbox (received_at, notify, body) VALUES (?, ?, ?)`, begin.UnixMicro(), loudnessOf(sound), body)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	if err != nil {
		return 0, err
	}
	s.metrics.accept.WithLabelValues().Observe(time.Since(begin).Seconds())
	s.pokeApply()
	return id, nil
}

// pokeApply makes [Service.applyAll] look for something to do.
func (s *Service) pokeApply() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

const (
	// applyAtOnce bounds how many notifications are applied in one
	// transaction, and applyBytes how large they are together: acceptance
	// waits for it.
	applyAtOnce = 64
	applyBytes  = 64 << 10

	pruneEvery = time.Hour
	pruneRows  = 1000
)

// applyAll applies what is in the inbox, in the order of its acceptance.
func (s *Service) applyAll(ctx context.Context) {
	var pruned time.Time
	for {
		n, next, err := s.applySome()
		switch {
		case err != nil:
			s.config.Log.Error("accepted notifications could not be applied, trying again", "err", err)
			next = time.Now().Add(firstRetry)
		case n > 0:
			s.pokeAll()
			if ctx.Err() == nil {
				continue
			}
		}
		if time.Since(pruned) >= pruneEvery {
			pruned = time.Now()
			s.prune(ctx)
		}
		if prune := pruned.Add(pruneEvery); next.IsZero() || prune.Before(next) {
			next = prune
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.arrived:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// applySome applies a few notifications. It returns how many changes there
// were, and when the state will change by itself.
func (s *Service) applySome() (n int, next time.Time, err error) {
	var coalesced []string
	err = s.spool.do(func(tx *txn) error {
		n, coalesced = 0, nil
		st := s.state(tx)
		inbox, err := readInbox(tx)
		if err != nil {
			return err
		}
		for _, a := range inbox {
			c, err := st.apply(a)
			if err != nil {
				return err
			}
			if c != "" {
				coalesced = append(coalesced, c)
			}
			if _, err := tx.Exec(`DELETE FROM inbox WHERE id = ?`, a.id); err != nil {
				return err
			}
		}
		n = len(inbox)
		if !s.turns.has() { // a doubt may be settled by what another replica tells
			return nil
		}
		refired, at, err := st.refire(time.Now())
		n, next = n+refired, at
		return err
	})
	if n > 0 && s.config.Replicas != nil {
		s.turns.wake()
	}
	for _, reason := range coalesced {
		s.metrics.coalesced.WithLabelValues(reason).Inc()
		if reason == api.Blind {
			s.config.Log.Info("alerting is or was blind: an end is not believed yet, or an alert that was lost sight of still fires", "evaluated", s.lastSeen())
		}
	}
	return n, next, err
}

func readInbox(tx *txn) ([]arrival, error) {
	rows, err := tx.Query(`SELECT id, received_at, notify, body FROM inbox ORDER BY id LIMIT ?`, applyAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []arrival
	size := 0
	for rows.Next() && size < applyBytes {
		var a arrival
		var at int64
		var body []byte
		if err := rows.Scan(&a.id, &at, &a.notify, &body); err != nil {
			return nil, err
		}
		a.at = time.UnixMicro(at)
		if a.Payload, err = ParsePayload(body); err != nil {
			return nil, fmt.Errorf("notification %d: %w", a.id, err) // it was checked before it was accepted
		}
		a.body = body
		size += len(body)
		list = append(list, a)
	}
	return list, rows.Err()
}

// prune forgets what ended longer ago than the retention, is shown everywhere
// and is in the history, a few rows at a time.
func (s *Service) prune(ctx context.Context) {
	archived := ""
	if s.config.Archive != nil {
		archived = ` AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.instance = i.id)`
	}
	old := time.Now().Add(-s.config.Retention).UnixMicro()
	for ctx.Err() == nil {
		var n int64
		err := s.spool.do(func(tx *txn) error {
			n = 0
			for _, forget := range []string{
				`DELETE FROM instances WHERE id IN (SELECT i.id FROM instances i WHERE i.resolved_at < ?1
					AND NOT EXISTS (SELECT 1 FROM views v WHERE v.instance = i.id AND v.pending = 1)` + archived + ` LIMIT ?2)`,
				`DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m WHERE m.created_at < ?1 AND m.state = 'sent' AND m.edit = 0
					AND NOT EXISTS (SELECT 1 FROM views v WHERE v.first_message = m.id OR v.last_message = m.id) LIMIT ?2)`,
				`DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE at < ?1 LIMIT ?2)`,
				`DELETE FROM groups WHERE key IN (SELECT g.key FROM groups g WHERE g.told_at < ?1
					AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.group_key = g.key) LIMIT ?2)`,
			} {
				r, err := tx.Exec(forget, old, pruneRows)
				if err != nil {
					return err
				}
				k, err := r.RowsAffected()
				if err != nil {
					return err
				}
				n = max(n, k)
			}
			return nil
		})
		if err != nil {
			s.config.Log.Error("old alerts could not be removed from the spool", "err", err)
			return
		}
		if n < pruneRows {
			return
		}
	}
}

var quoted = regexp.MustCompile(`\\(.)`)

// accepted logs a notification under its id.
func (s *Service) accepted(id int64, p Payload, sound api.Sound) {
	s.metrics.received.WithLabelValues(api.Accepted).Inc()
	s.config.Log.Info("accepted", "notification", id, "receiver", quoted.ReplaceAllString(p.Receiver, "$1"),
		"status", p.Status, "alerts", len(p.Alerts), "group", p.GroupKey, "sound", sound)
}
