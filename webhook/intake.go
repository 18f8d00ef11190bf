package webhook

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// Accept commits a notification of a cluster of Alertmanagers to the spool and
// returns its id. Every log line about the notification has this id.
// [state.ParsePayload] must accept the body.
func (s *Service) Accept(body []byte, sound api.Sound, cluster string) (id int64, err error) {
	begin := time.Now()
	err = s.spool.Do(func(tx *spool.Tx) (err error) {
		id, err = tx.AddArrival(begin, state.LoudnessOf(sound), cluster, body)
		return err
	})
	if err != nil {
		return 0, err
	}
	s.metrics.accept.WithLabelValues().Observe(time.Since(begin).Seconds())
	s.wakeApply()
	return id, nil
}

// wakeApply makes [Service.applyAll] look for notifications.
func (s *Service) wakeApply() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

const (
	// applyAtOnce is the maximum number of notifications that one transaction
	// applies, and applyBytes their maximum size. Acceptance waits for the
	// transaction.
	applyAtOnce = 64
	applyBytes  = 64 << 10

	firstRetry = time.Second
	pruneEvery = time.Hour
	pruneRows  = 1000
)

// applyAll applies the notifications of the inbox, in the order of their acceptance.
func (s *Service) applyAll(ctx context.Context) {
	var pruned time.Time
	for {
		n, next, err := s.applySome(false)
		if err != nil && spool.IsItem(err) {
			n, next, err = s.applySome(true)
		}
		switch {
		case err != nil:
			s.config.Log.Error("applying accepted notifications failed: trying again", "err", err)
			next = time.Now().Add(firstRetry)
		case n > 0:
			s.workers.Wake()
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
		if !sleepUntil(ctx, next, s.arrived) {
			return
		}
	}
}

// applySome applies a few notifications. With single, it applies each alone, and
// sets aside those that fail. If it still fails because of an item, the spool is
// damaged. It returns the number of changes, and the time at
// which the state changes without a notification, or zero.
func (s *Service) applySome(single bool) (n int, next time.Time, err error) {
	var applied []spool.Applied
	var flapping []string
	err = s.spool.Do(func(tx *spool.Tx) (err error) {
		defer func() {
			if single && err != nil && spool.IsItem(err) {
				err = errors.Join(spool.ErrDamaged, err)
			}
		}()
		n, applied, flapping = 0, nil, nil
		applier := s.applier(tx)
		applier.Flaps = func(i *state.Instance) { flapping = append(flapping, i.Alert.Labels[model.AlertNameLabel]) }
		inbox, err := tx.Inbox(applyAtOnce, applyBytes)
		if err != nil {
			return err
		}
		for _, a := range inbox {
			done, err := applyOne(applier, a, single)
			if err != nil {
				return err
			}
			applied = append(applied, done)
			if err := tx.DeleteArrival(a.ID); err != nil {
				return err
			}
		}
		noted, noteAt, err := s.note(tx)
		if err != nil {
			return err
		}
		n, next = len(inbox)+noted, noteAt
		if !s.holder.Held() { // an event of another replica may contradict the report
			return nil
		}
		refired, at, err := applier.Refire(time.Now())
		n, next = n+refired, earlier(next, at)
		return err
	})
	if n > 0 {
		s.wakeReplicas()
	}
	if err == nil {
		s.countApplied(applied)
		s.metrics.flaps(flapping)
	}
	return n, next, err
}

// countApplied counts the effects of notifications, and lets held resolutions be
// reviewed.
func (s *Service) countApplied(list []spool.Applied) {
	for _, done := range list {
		if done.Coalesced != "" {
			s.metrics.coalesced.WithLabelValues(done.Coalesced).Inc()
		}
		for _, closed := range done.Ended {
			s.countEnd(closed)
		}
		if done.Held {
			s.wakeReview()
		}
	}
}

// applyOne applies a notification. With single, it sets the notification aside if
// that fails because of its content.
func applyOne(applier spool.Applier, a state.Arrival, single bool) (done spool.Applied, err error) {
	if !single {
		return applier.Apply(a)
	}
	err = applier.Tx.Try(func() (err error) {
		done, err = applier.Apply(a)
		return err
	})
	if err != nil && spool.IsItem(err) {
		return spool.Applied{}, applier.Tx.SetAsideArrival(a, err)
	}
	return done, err
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// prune removes rows older than the retention, a few at a time.
func (s *Service) prune(ctx context.Context) {
	before := time.Now().Add(-s.config.Retention)
	for more := true; more && ctx.Err() == nil; {
		if err := s.spool.Do(func(tx *spool.Tx) (err error) {
			more, err = tx.Prune(before, pruneRows, s.config.Archive != nil)
			return err
		}); err != nil {
			s.config.Log.Error("removing old alerts from the spool failed: trying again in an hour", "err", err)
			return
		}
	}
}

var quoted = regexp.MustCompile(`\\(.)`)

// accepted logs a notification under its id.
func (s *Service) accepted(id int64, p state.Payload, sound api.Sound) {
	s.config.Log.Info("accepted", "notification", id, "receiver", quoted.ReplaceAllString(p.Receiver, "$1"),
		"status", p.Status, "alerts", len(p.Alerts), "group", p.GroupKey, "sound", sound)
}
