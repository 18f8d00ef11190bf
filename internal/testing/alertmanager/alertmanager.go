// Package alertmanager runs the real parts of an Alertmanager in the bubble of a
// [testing/synctest.Test]: dispatcher, inhibitor, silences, time intervals,
// notification log and notification pipeline. The flushes have a latency as on a
// real machine, which a seed determines.
//
// [Run] starts the parts with given integrations, and [Start] with receivers that
// record their notifications.
//
// Sleep to a present date before Start, because a bubble begins in 2000.
package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
)

// Options describe an Alertmanager.
type Options struct {
	Config    []byte        // alertmanager.yml
	Retention time.Duration // --data.retention; 0: its default
	Seed      uint64        // of the latencies of flushes and receivers; not 0, for which all are equal
}

// Notification is a recorded notification.
type Notification struct {
	At               time.Time // when the timer of the group was over
	Receiver         string
	GroupKey         string
	GroupLabels      model.LabelSet
	Firing, Resolved []model.LabelSet // in the order of [model.LabelSet.Before]
}

// Alertmanager is a running Alertmanager whose receivers record.
type Alertmanager struct {
	parts *Parts
	seed  uint64

	mu            sync.Mutex
	notifications []Notification
}

// Start starts an Alertmanager. Call Stop before the bubble ends.
func Start(o Options) (*Alertmanager, error) {
	a := &Alertmanager{seed: o.Seed}
	parts, err := Run(Setting{
		Config: o.Config, Retention: o.Retention, Seed: o.Seed, Registry: prometheus.NewRegistry(),
		ExternalURL: &url.URL{Scheme: "http", Host: "alertmanager.test"}, Integrations: a.recorders,
	})
	a.parts = parts
	return a, err
}

// recorders returns an integration for each receiver.
func (a *Alertmanager) recorders(c *config.Config, _ *template.Template) (map[string][]notify.Integration, error) {
	all := map[string][]notify.Integration{}
	for _, r := range c.Receivers {
		recorder := &recorder{a, r.Name}
		all[r.Name] = []notify.Integration{notify.NewIntegration(recorder, recorder, "recorder", 0, r.Name)}
	}
	return all, nil
}

// Stop stops the Alertmanager.
func (a *Alertmanager) Stop() { a.parts.Stop() }

// Fire sends a firing alert, as Prometheus does. Without another Fire or
// Resolve it fires for a long time.
func (a *Alertmanager) Fire(labels model.LabelSet) error {
	return a.put(labels, time.Now().Add(1000*time.Hour))
}

// Resolve sends the resolution of an alert.
func (a *Alertmanager) Resolve(labels model.LabelSet) error { return a.put(labels, time.Now()) }

func (a *Alertmanager) put(labels model.LabelSet, ends time.Time) error {
	now := time.Now()
	x := alert.New(model.Alert{Labels: labels, StartsAt: now, EndsAt: ends}, now, false)
	return errors.Join(x.Validate(), a.parts.Alerts.Put(context.Background(), x))
}

// Notifications returns all notifications, ordered by time, receiver and group.
func (a *Alertmanager) Notifications() []Notification {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := slices.Clone(a.notifications)
	slices.SortFunc(out, func(x, y Notification) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Receiver, y.Receiver), cmp.Compare(x.GroupKey, y.GroupKey))
	})
	return out
}

// recorder is the integration of a receiver.
type recorder struct {
	to       *Alertmanager
	receiver string
}

// SendResolved implements [notify.ResolvedSender].
func (r *recorder) SendResolved() bool { return true }

// Notify implements [notify.Notifier].
func (r *recorder) Notify(ctx context.Context, alerts ...*alert.Alert) notify.NotifyVerdict {
	key, _ := notify.GroupKey(ctx)
	labels, _ := notify.GroupLabels(ctx)
	at, _ := notify.Now(ctx)
	n := Notification{At: at, Receiver: r.receiver, GroupKey: key, GroupLabels: labels}
	for _, x := range alerts {
		if x.Resolved() {
			n.Resolved = append(n.Resolved, x.Labels)
		} else {
			n.Firing = append(n.Firing, x.Labels)
		}
	}
	for _, list := range [][]model.LabelSet{n.Firing, n.Resolved} {
		slices.SortFunc(list, func(a, b model.LabelSet) int { return cmp.Compare(a.String(), b.String()) })
	}
	r.to.mu.Lock()
	r.to.notifications = append(r.to.notifications, n)
	r.to.mu.Unlock()
	time.Sleep(latency(r.to.seed, 0)) // of the receiver
	return notify.Success()
}
