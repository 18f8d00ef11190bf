package webhook

import (
	"context"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// firstReview and lastReview bound the time between two reviews of a held
	// resolution; it doubles in between. The servers of a pair evaluate a rule
	// some seconds apart, so a first answer is often too early.
	firstReview = time.Second
	lastReview  = 30 * time.Second
)

// reviewer decides on the held resolutions.
type reviewer struct {
	service *Service
	reviews map[int64]review
	failing bool
}

// review is when an instance is reviewed again.
type review struct {
	next time.Time
	wait time.Duration
}

func (s *Service) reviewAll(ctx context.Context) {
	for {
		held, ok := s.holder.Next(ctx)
		if !ok {
			return
		}
		s.reviewUnder(held.Context())
	}
}

// reviewUnder reviews held resolutions until the lease ends.
func (s *Service) reviewUnder(ctx context.Context) {
	r := &reviewer{service: s, reviews: map[int64]review{}}
	for ctx.Err() == nil {
		next, err := r.reviewDue(ctx)
		if err != nil {
			s.config.Log.Error("reviewing held resolutions failed: trying again", "err", err)
			next = time.Now().Add(firstRetry)
		}
		sleepUntil(ctx, next, s.doubts)
	}
}

// reviewDue reviews the held resolutions that are due, and returns the time of the
// next review.
func (r *reviewer) reviewDue(ctx context.Context) (next time.Time, err error) {
	s := r.service
	var held []*state.Instance
	if err := s.spool.Do(func(tx *spool.Tx) (err error) {
		held, err = tx.HeldInstances()
		return err
	}); err != nil {
		return next, err
	}
	due, next := r.due(held, time.Now())
	if len(due) == 0 {
		return next, nil
	}
	reports := r.ask(ctx, due)
	if ctx.Err() != nil {
		return next, nil
	}
	var ended []*state.Instance
	now := time.Now()
	if err := s.spool.Do(func(tx *spool.Tx) error {
		ended = nil
		applier := s.applier(tx)
		outages, err := tx.Outages()
		if err != nil {
			return err
		}
		for k, i := range due {
			i, err := tx.FiringInstance(i.ID) // it may have changed meanwhile
			if err != nil {
				return err
			}
			if i == nil || i.Held == nil || !i.Held.At.Equal(due[k].Held.At) {
				continue
			}
			sources := s.sources(i.Cluster)
			sources.Outage = outages[s.judging(i.Cluster)]
			over, err := applier.Review(i, sources.Review(i.Held, reports[k], now), now)
			if err != nil {
				return err
			}
			if over {
				ended = append(ended, i)
			}
		}
		return nil
	}); err != nil {
		return next, err
	}
	for _, i := range ended {
		delete(r.reviews, i.ID)
		s.countEnd(i.Closed)
		s.config.Log.Info("held resolution counts", "notification", i.Notification, "group", i.Group, "reason", i.Closed)
	}
	s.workers.Wake()
	if len(ended) > 0 {
		s.wakeReplicas()
	}
	return next, nil
}

// due returns the instances that are to be reviewed now, and the time of the
// next review after it.
func (r *reviewer) due(held []*state.Instance, now time.Time) (due []*state.Instance, next time.Time) {
	next = now.Add(time.Hour)
	known := map[int64]review{}
	for _, i := range held {
		at, ok := r.reviews[i.ID]
		if !ok {
			at = review{next: now, wait: firstReview}
		}
		if !now.Before(at.next) || !r.service.asks() {
			due = append(due, i)
			at.next, at.wait = now.Add(at.wait), min(2*at.wait, lastReview)
		}
		known[i.ID] = at
		if at.next.Before(next) {
			next = at.next
		}
	}
	r.reviews = known
	return due, next
}

// asks reports whether an API can be asked.
func (s *Service) asks() bool {
	return len(s.config.Prometheuses) > 0 || len(s.config.Alertmanagers) > 0
}

// ask asks the APIs about all instances at once.
func (r *reviewer) ask(ctx context.Context, due []*state.Instance) []state.Reports {
	s := r.service
	reports := make([]state.Reports, len(due))
	unproved, doubts := false, false
	for _, i := range due {
		proof := state.ProofOf(i.Held.Alert)
		unproved, doubts = unproved || proof == state.Unproved, doubts || proof != state.Proved || !i.Held.FiredAt.IsZero()
	}
	var rules []ruleAnswer
	var failed error
	if len(s.config.Prometheuses) > 0 {
		rules, failed = s.askRules(ctx, alertNames(due), doubts)
	}
	present := newKnown()
	if unproved {
		for _, am := range s.config.Alertmanagers {
			alerts, _, err := am.observe(ctx)
			if err != nil {
				failed = errors.Join(failed, err)
				present.unsure[am.cluster] = true
				continue
			}
			present.add(am.cluster, alerts)
		}
	}
	if failed != nil && !r.failing && ctx.Err() == nil {
		s.config.Log.Warn("an API did not confirm resolutions: trying again", "err", failed)
	}
	r.failing = failed != nil
	for k, i := range due {
		_, fires, _ := present.of(i)
		reports[k] = state.Reports{Rules: aboutAlert(rules, i), Alertmanager: fires, Unanswered: present.incomplete(i.Cluster)}
	}
	return reports
}

// countEnd counts the end of an episode.
func (s *Service) countEnd(closed message.Closed) {
	cause := string(closed)
	switch closed {
	case "":
		cause = api.EndProved
	case message.NoHeartbeat:
		cause = api.EndNoHeartbeat
	}
	s.metrics.ends.WithLabelValues(cause).Inc()
}

// wakeReview makes [Service.reviewAll] look for held resolutions.
func (s *Service) wakeReview() {
	select {
	case s.doubts <- struct{}{}:
	default:
	}
}
