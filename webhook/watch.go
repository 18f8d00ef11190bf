package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// watch makes an alert if no heartbeat of a cluster arrives, and resolves it later.
// It does so by a notification of its own, so that this alert is delivered like
// every other.
func (s *Service) watch(ctx context.Context) {
	for {
		held, ok := s.holder.Next(ctx)
		if !ok {
			return
		}
		s.watchUnder(held.Context(), held.OwnOnly)
	}
}

// watchUnder watches until the lease ends.
func (s *Service) watchUnder(ctx context.Context, ownOnly bool) {
	w := watcher{service: s, ownOnly: ownOnly, alerts: map[string]missing{}}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		list, err := tx.OwnAlerts()
		for _, i := range list {
			w.alerts[i.Alert.Labels[api.Cluster]] = missing{i.Alert, i.FirstAt}
		}
		return err
	}); err != nil {
		s.config.Log.Error("reading the state of the heartbeats failed", "err", err)
	}
	for ctx.Err() == nil {
		next, err := w.look()
		if err != nil {
			s.config.Log.Error("storing the state of the heartbeats failed: trying again", "err", err)
			next = time.Now().Add(firstRetry)
		}
		if next.IsZero() {
			next = time.Now().Add(pruneEvery)
		}
		sleepUntil(ctx, next, s.beat)
	}
}

// watcher keeps the alerts about missing heartbeats.
type watcher struct {
	service *Service
	ownOnly bool
	alerts  map[string]missing // that fire, by the cluster
}

// missing is an alert about the missing heartbeats of a cluster.
type missing struct {
	template.Alert
	at time.Time // its receipt
}

// look starts or resolves the alerts. It returns the time of the next look, or
// zero for the time after the next heartbeat.
func (w *watcher) look() (next time.Time, err error) {
	expected := w.expected()
	for cluster := range w.alerts {
		if !slices.Contains(expected, cluster) {
			err = errors.Join(err, w.resolve(cluster, time.Now(), nil))
		}
	}
	for _, cluster := range expected {
		at, failed := w.lookAt(cluster)
		next, err = earlier(next, at), errors.Join(err, failed)
	}
	return next, err
}

// expected returns the clusters whose heartbeats are expected. If no cluster is
// known, a heartbeat of any is. An alert about a cluster that this process does not
// know is of another replica or an earlier process, and stays.
func (w *watcher) expected() []string {
	s := w.service
	known := s.pulses()
	switch {
	case s.present.timeout() == 0, s.awaits():
		return nil
	case len(known) == 0:
		return []string{""}
	}
	for cluster := range w.alerts {
		if cluster != "" && s.renamedAt(cluster).IsZero() {
			known[cluster] = pulse{}
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// lookAt starts or resolves the alert about a cluster.
//
// A replica that delivers alone and receives no heartbeat makes no alert: only one
// Alertmanager of a cluster sends heartbeats, to the webhook of that one.
func (w *watcher) lookAt(cluster string) (next time.Time, err error) {
	s := w.service
	timeout := s.present.timeout()
	p, _ := s.pulse(cluster)
	last := p.last()
	from := state.Later(last, s.receivesSince(p))
	alert, fires := w.alerts[cluster]
	switch {
	case fires && last.After(alert.StartsAt) && time.Since(last) < timeout:
		return time.Now(), w.resolve(cluster, last, nil)
	case fires:
		return next, w.forget(cluster, alert)
	case w.ownOnly && p.elsewhere.After(p.own):
		return next, nil
	case time.Since(from) < timeout:
		return from.Add(timeout), nil
	}
	forgotten, err := s.wasForgotten(cluster, last)
	if err != nil || forgotten {
		return next, err
	}
	since := last
	if last.IsZero() {
		since = from
	}
	a := s.noHeartbeatAlert(cluster, since)
	if err = s.acceptOwn(a); err == nil {
		w.alerts[cluster] = missing{a, time.Now()}
	}
	return next, err
}

// resolve resolves the alert about a cluster since a time, with other texts unless
// annotations is nil.
func (w *watcher) resolve(cluster string, since time.Time, annotations template.KV) error {
	resolved := w.alerts[cluster].Alert
	resolved.Status, resolved.EndsAt = "resolved", since.UTC()
	if annotations != nil {
		resolved.Annotations = annotations
	}
	err := w.service.acceptOwn(resolved)
	if err == nil {
		delete(w.alerts, cluster)
	}
	return err
}

// acceptOwn accepts a notification of the webhook itself.
func (s *Service) acceptOwn(a template.Alert) error {
	body, err := json.Marshal(ownPayload(state.OwnGroup, a))
	if err != nil {
		return err
	}
	n, err := s.parse(body, spool.Sender{}, nil)
	if err != nil {
		return err
	}
	id, err := s.commit(n, api.Loud)
	if err == nil {
		s.accepted(id, n, api.Loud)
	}
	return err
}
