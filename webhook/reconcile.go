package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/message"
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
// sends no resolution of an alert that ends while it is silenced or inhibited,
// or that max_alerts leaves out. It also decides on the reports that an alert
// fires after its end.
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
		changed, err := r.reconcile(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.config.Log.Warn("comparing the firing alerts with Alertmanager failed: trying again", "err", err)
		}
		failing = err != nil
		if changed {
			s.workers.Wake()
		}
	}
}

// reconcile queries every Alertmanager, closes the instances that none of their
// cluster knows, and stores which are silenced. Changed means that chats may have
// to show a change. The error is that of those that do not answer.
func (r *reconciler) reconcile(ctx context.Context) (changed bool, err error) {
	asked := time.Now()
	open, doubtful, err := r.open(asked)
	if err != nil || len(open)+len(doubtful) == 0 {
		return false, err
	}
	present := newKnown()
	var failed error
	for _, am := range r.service.config.Alertmanagers {
		alerts, since, err := am.observe(ctx)
		if err == nil {
			failed = errors.Join(failed, am.nameSilences(ctx, open, alerts))
			present.add(am.cluster, alerts)
		}
		if err != nil || time.Since(since) < warmUp {
			failed = errors.Join(failed, err)
			present.unsure[am.cluster] = true
		}
	}
	rules, err := r.askAbout(ctx, quiet(open, asked), present)
	failed = errors.Join(failed, err)
	now := time.Now()
	var reasons []message.Closed
	if err := r.service.spool.Do(func(tx *spool.Tx) error {
		reasons, changed = nil, false
		applier := r.service.applier(tx)
		for _, i := range open {
			reason, ended, shows, err := r.compare(applier, i.ID, present, rules[i.ID], asked, now)
			if err != nil {
				return err
			}
			changed = changed || ended || shows
			if ended {
				reasons = append(reasons, reason)
			}
		}
		for _, i := range doubtful {
			if err := r.decide(applier, i.ID, present, now); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return false, err
	}
	for _, reason := range reasons {
		r.service.countEnd(reason)
	}
	if len(doubtful) > 0 {
		r.service.wakeApply()
	}
	return changed, failed
}

// askAbout asks Prometheus about the instances that Alertmanager does not know.
// The error is that of the servers that do not answer.
func (r *reconciler) askAbout(ctx context.Context, open []*state.Instance, present *known) (map[int64]state.Rules, error) {
	var missing []*state.Instance
	for _, i := range open {
		if _, fires, asked := present.of(i); asked && !fires {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 || len(r.service.config.Prometheuses) == 0 {
		return nil, nil
	}
	answers, err := r.service.askRules(ctx, alertNames(missing), true)
	rules := make(map[int64]state.Rules, len(missing))
	for _, i := range missing {
		rules[i.ID] = aboutAlert(answers, i)
	}
	return rules, err
}

// alertNames returns the names of alerts, each once.
func alertNames(list []*state.Instance) (names []string) {
	for _, i := range list {
		if name := i.Alert.Labels[model.AlertNameLabel]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// quiet returns the instances that no recent notification mentioned before a time.
func quiet(list []*state.Instance, at time.Time) (quiet []*state.Instance) {
	for _, i := range list {
		if isQuiet(i, at) {
			quiet = append(quiet, i)
		}
	}
	return quiet
}

func isQuiet(i *state.Instance, at time.Time) bool { return i.LastAt.Before(at.Add(-state.Settle)) }

// open returns the firing instances, and the resolved ones that are reported to fire
// again. It leaves out clusters whose Prometheus is down or came back a moment ago:
// their alerts are missing at Alertmanager although they may fire.
func (r *reconciler) open(now time.Time) (open, doubtful []*state.Instance, err error) {
	var outages map[string]state.Outage
	if err := r.service.spool.Do(func(tx *spool.Tx) (err error) {
		if outages, err = tx.Outages(); err != nil {
			return err
		}
		if doubtful, err = tx.DoubtfulInstances(); err != nil {
			return err
		}
		open, err = tx.FiringQuiet(now)
		return err
	}); err != nil {
		return nil, nil, err
	}
	incomplete := func(i *state.Instance) bool { return r.incomplete(i.Cluster, outages) }
	for _, i := range open {
		if incomplete(i) {
			delete(r.missing, i.ID)
		}
	}
	return slices.DeleteFunc(open, incomplete), slices.DeleteFunc(doubtful, incomplete), nil
}

// incomplete reports whether Alertmanager may not know all alerts of a cluster.
func (r *reconciler) incomplete(cluster string, outages map[string]state.Outage) bool {
	s := r.service
	judging := s.judging(cluster)
	p, _ := s.pulse(judging)
	sources := s.sources(cluster)
	sources.Outage = outages[judging]
	return s.unheard(p, time.Time{}) || sources.Settles(time.Now())
}

// decide decides on the report that a resolved instance fires again. If
// Alertmanager confirms it, that counts as a notification.
func (r *reconciler) decide(a spool.Applier, id int64, present *known, now time.Time) error {
	i, err := a.Tx.ResolvedInstance(id)
	if err != nil || i == nil || i.RefireAt.IsZero() {
		return err
	}
	o, fires, asked := present.of(i)
	switch {
	case !asked:
		return nil // it counts after a while
	case !fires:
		return a.StaysClosed(i, now)
	}
	body, err := json.Marshal(i.Confirmed(o))
	if err != nil {
		return err
	}
	_, err = a.Tx.AddArrival(now, i.Notify, spool.Sender{Cluster: i.Cluster, Receiver: i.Receiver}, body)
	return err
}

// compare closes the instance if Alertmanager, asked at a time, no longer knows it.
// Otherwise it stores whether the alert is suppressed, and shows means that the chats
// must show that. It reads the instance again, because it may have changed since the
// request to Alertmanager.
func (r *reconciler) compare(a spool.Applier, id int64, present *known, rules state.Rules, asked, now time.Time) (reason message.Closed, closed, shows bool, err error) {
	i, err := a.Tx.FiringInstance(id)
	if err != nil || i == nil || i.LastAt.After(asked) {
		return "", false, false, err
	}
	o, fires, answered := present.of(i)
	elsewhere := fires && !r.service.routed(i, o.Receivers)
	if elsewhere { // Prometheus reports it too, and that says nothing of the routes
		rules = state.NotAsked
	}
	switch {
	case !answered:
		return "", false, false, nil
	case fires && !elsewhere:
		delete(r.missing, id)
		shows, err = a.Observe(i, o)
		return "", false, shows, err
	case !isQuiet(i, asked):
		delete(r.missing, id)
		return "", false, false, nil
	}
	since, ok := r.missing[id]
	if !ok {
		since = now
		r.missing[id] = now
	}
	group, err := a.Group(i.Cluster, i.Group)
	if err != nil {
		return "", false, false, err
	}
	reason, closes := i.CloseMissing(now.Sub(since), group.Truncated > 0, rules)
	if !closes {
		return "", false, false, nil
	}
	delete(r.missing, id)
	if err := a.Close(i, state.Ending{Reason: reason, Since: since}, now, false); err != nil {
		return "", false, false, err
	}
	r.service.config.Log.Info("alert closed: Alertmanager no longer knows it", "notification", i.Notification, "group", i.Group, "reason", reason)
	return reason, true, false, nil
}

// routed reports whether Alertmanager's routes lead from the alert of an instance to
// the chat of it. Otherwise no notification brings the end to the chat.
func (s *Service) routed(i *state.Instance, receivers []string) bool {
	if i.Receiver == "" || len(receivers) == 0 || slices.Contains(receivers, i.Receiver) {
		return true
	}
	chats := s.present.chats()
	return slices.ContainsFunc(receivers, func(name string) bool { return slices.Contains(chats.Of(name), i.Chat) })
}
