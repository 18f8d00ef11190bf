package webhook

import (
	"context"
	"time"

	"github.com/alertnative/preflight/webhook/message"
)

const (
	// reconcileEvery is how often Alertmanager is asked.
	reconcileEvery = 30 * time.Second
	// warmUp is how long an Alertmanager has to run before it counts that it
	// does not know an alert: Prometheus sends all again within a few minutes.
	warmUp = 5 * time.Minute
	// goneAfter is how long an alert is unknown to Alertmanager before it is
	// closed here, when nothing suppressed it: its resolution is on the way and
	// comes with the next message of its group, after the group's interval.
	goneAfter = time.Hour
)

// reconciler compares what fires here with what fires in Alertmanager, which
// never tells of the end of an alert that was silenced or inhibited when it
// ended.
type reconciler struct {
	service *Service
	missing map[int64]time.Time // since when an instance is unknown to Alertmanager
}

func (s *Service) reconcileAll(ctx context.Context) {
	for {
		turn, ok := s.turns.next(ctx)
		if !ok {
			return
		}
		s.reconcileTurn(turn.ctx)
	}
}

func (s *Service) reconcileTurn(ctx context.Context) {
	r := &reconciler{service: s, missing: map[int64]time.Time{}}
	failing := false
	for sleepUntil(ctx, time.Now().Add(reconcileEvery)) {
		closed, err := r.reconcile(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.config.Log.Warn("what fires could not be compared with Alertmanager", "err", err)
		}
		failing = err != nil
		if closed > 0 {
			s.pokeAll()
		}
	}
}

// reconcile asks every Alertmanager, and closes what none of them knows.
func (r *reconciler) reconcile(ctx context.Context) (closed int, err error) {
	open, v, err := r.open()
	if err != nil || len(open) == 0 {
		return 0, err
	}
	if settled, sees := v.settledFrom(time.Now()); !sees || time.Now().Before(settled) {
		clear(r.missing) // what Prometheus no longer sends, or not yet again, is missing too
		return 0, nil
	}
	known := map[string]observed{}
	for _, am := range r.service.config.Alertmanagers {
		alerts, since, err := am.observe(ctx)
		if err != nil {
			return 0, err
		}
		if time.Since(since) < warmUp {
			return 0, nil
		}
		for fingerprint, o := range alerts {
			// A peer that tells of it unsuppressed will tell of its end.
			if old, ok := known[fingerprint]; !ok || old.suppressed != "" {
				known[fingerprint] = o
			}
		}
	}
	now := time.Now()
	err = r.service.spool.do(func(tx *txn) error {
		closed = 0
		for _, i := range open {
			n, err := r.compare(r.service.state(tx), v, i.id, known, now)
			if err != nil {
				return err
			}
			closed += n
		}
		return nil
	})
	return closed, err
}

// open returns what fires here and was not heard of just now, and what is known
// of Prometheus's evaluations.
func (r *reconciler) open() (list []*instance, v sight, err error) {
	before := time.Now().Add(-settle).UnixMicro()
	err = r.service.spool.do(func(tx *txn) (err error) {
		if v, err = r.service.state(tx).sight(); err != nil {
			return err
		}
		list, err = queryInstances(tx, `WHERE i.resolved_at IS NULL AND i.group_key <> ? AND i.seen_at < ?`, watchdogGroup, before)
		return err
	})
	return list, v, err
}

// compare closes the instance when Alertmanager no longer knows it, and notes
// what suppresses it while it does. The instance is read again: it may have
// changed since Alertmanager was asked.
func (r *reconciler) compare(s state, v sight, id int64, known map[string]observed, now time.Time) (closed int, err error) {
	list, err := queryInstances(s.tx, `WHERE i.id = ? AND i.resolved_at IS NULL`, id)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	i := list[0]
	if o, ok := known[i.alert.Fingerprint]; ok {
		delete(r.missing, id)
		if o.suppressed == i.suppressed && i.held == nil {
			return 0, nil
		}
		if i.held != nil {
			s.fires(i, o.startsAt)
		}
		i.suppressed = o.suppressed
		return 0, s.update(i)
	}
	since, ok := r.missing[id]
	if !ok {
		since = now
		r.missing[id] = now
	}
	reason := i.suppressed
	if reason == "" && (i.held != nil || v.lostSight(i.began()) && now.Sub(v.to) < 2*v.grace()) {
		reason = message.Blind
	}
	if reason == "" {
		if now.Sub(since) < goneAfter {
			return 0, nil
		}
		reason = message.Gone
	}
	delete(r.missing, id)
	if err := s.close(i, reason, now, false); err != nil {
		return 0, err
	}
	r.service.config.Log.Info("closed: Alertmanager no longer knows it", "notification", i.notification, "group", i.group, "reason", reason)
	return 1, nil
}

// pokeAll makes every worker look for something to do.
func (s *Service) pokeAll() {
	for _, w := range s.workers {
		w.poke()
	}
}
