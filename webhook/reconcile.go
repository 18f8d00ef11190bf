package webhook

import (
	"context"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// reconcileEvery is the time between two queries of Alertmanager.
	reconcileEvery = 30 * time.Second
	// warmUp is the time since the start of an Alertmanager after which an
	// unknown alert counts as missing: Prometheus sends every alert again
	// within a few minutes.
	warmUp = 5 * time.Minute
)

// reconciler compares the firing instances with the alerts of Alertmanager, which
// sends no resolution of an alert that ends while it is silenced or inhibited.
type reconciler struct {
	service *Service
	missing map[int64]time.Time // the time since which Alertmanager does not know an instance
}

func (s *Service) reconcileAll(ctx context.Context) {
	for {
		held, ok := s.holder.Next(ctx)
		if !ok {
			return
		}
		s.reconcileUnder(held.Context())
	}
}

// reconcileUnder reconciles until the lease ends.
func (s *Service) reconcileUnder(ctx context.Context) {
	r := &reconciler{service: s, missing: map[int64]time.Time{}}
	failing := false
	for sleepUntil(ctx, time.Now().Add(reconcileEvery), nil) {
		closed, err := r.reconcile(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.config.Log.Warn("comparing the firing alerts with Alertmanager failed: trying again", "err", err)
		}
		failing = err != nil
		if closed > 0 {
			s.workers.Wake()
		}
	}
}

// reconcile queries every Alertmanager, and closes the instances that none of
// them knows.
func (r *reconciler) reconcile(ctx context.Context) (closed int, err error) {
	open, e, err := r.open()
	if err != nil || len(open) == 0 {
		return 0, err
	}
	if settled, ok := e.SettledFrom(time.Now()); !ok || time.Now().Before(settled) {
		clear(r.missing) // alerts that Prometheus does not send, or not yet again, are missing too
		return 0, nil
	}
	known := map[string]state.Observation{}
	for _, am := range r.service.config.Alertmanagers {
		alerts, since, err := am.observe(ctx)
		if err != nil {
			return 0, err
		}
		if time.Since(since) < warmUp {
			return 0, nil
		}
		for fingerprint, o := range alerts {
			// A peer that does not suppress the alert sends its resolution.
			if old, ok := known[fingerprint]; !ok || old.Suppressed != "" {
				known[fingerprint] = o
			}
		}
	}
	now := time.Now()
	err = r.service.spool.Do(func(tx *spool.Tx) error {
		closed = 0
		for _, i := range open {
			ended, err := r.compare(r.service.applier(tx), e, i.ID, known, now)
			if err != nil {
				return err
			}
			if ended {
				closed++
			}
		}
		return nil
	})
	return closed, err
}

// open returns the firing instances that no recent notification mentioned, and
// the known evaluations of Prometheus.
func (r *reconciler) open() (list []*state.Instance, e state.Evaluations, err error) {
	since := time.Now().Add(-state.Settle)
	err = r.service.spool.Do(func(tx *spool.Tx) (err error) {
		if e, err = r.service.applier(tx).Evaluations(); err != nil {
			return err
		}
		list, err = tx.FiringQuiet(since)
		return err
	})
	return list, e, err
}

// compare closes the instance if Alertmanager no longer knows it. Otherwise it
// stores whether the alert is suppressed. It reads the instance again, because
// it may have changed since the request to Alertmanager.
func (r *reconciler) compare(a spool.Applier, e state.Evaluations, id int64, known map[string]state.Observation, now time.Time) (closed bool, err error) {
	i, err := a.Tx.FiringInstance(id)
	if err != nil || i == nil {
		return false, err
	}
	if o, ok := known[i.Alert.Fingerprint]; ok {
		delete(r.missing, id)
		if !i.TakeObservation(o) {
			return false, nil
		}
		return false, a.Tx.UpdateInstance(i)
	}
	since, ok := r.missing[id]
	if !ok {
		since = now
		r.missing[id] = now
	}
	reason, closes := e.CloseMissing(i, now.Sub(since), now)
	if !closes {
		return false, nil
	}
	delete(r.missing, id)
	if err := a.Close(i, reason, now, false); err != nil {
		return false, err
	}
	r.service.config.Log.Info("alert closed: Alertmanager no longer knows it", "notification", i.Notification, "group", i.Group, "reason", reason)
	return true, nil
}
