// Package alertmanager runs the real parts of an Alertmanager in the bubble of a
// [testing/synctest.Test]: dispatcher, inhibitor, time intervals, notification
// log and notification pipeline. Its receivers record their notifications.
//
// Sleep to a present date before Start, because a bubble begins in 2000.
package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/model/matchers"
)

// Default values of Alertmanager's flags.
const (
	Retention           = 120 * time.Hour
	MaintenanceInterval = 15 * time.Minute
	gcInterval          = 30 * time.Minute
	dispatchMaintenance = 30 * time.Second
)

// MaxLatency limits the two delays of a notification: from the timer of a group
// to its flush, and of the receiver.
const MaxLatency = 400 * time.Microsecond

// Options describe an Alertmanager.
type Options struct {
	Config    []byte        // alertmanager.yml
	Retention time.Duration // --data.retention; 0: its default
	// Seed determines the delays. They decide whether a flush exactly at the
	// repeat interval is too early.
	Seed uint64
}

// Notification is a recorded notification.
type Notification struct {
	At               time.Time // time of the flush, with its delay
	Receiver         string
	GroupKey         string
	GroupLabels      model.LabelSet
	Firing, Resolved []model.LabelSet // in the order of [model.LabelSet.Before]
}

// Alertmanager is a running Alertmanager.
type Alertmanager struct {
	alerts *mem.Alerts
	stops  []func() // called in reverse order

	mu            sync.Mutex
	notifications []Notification
}

// Start starts an Alertmanager. Call Stop before the bubble ends.
func Start(o Options) (_ *Alertmanager, err error) {
	matchers.AsAlertmanager()
	c, err := config.Load(string(o.Config))
	if err != nil {
		return nil, err
	}
	a := &Alertmanager{}
	defer func() {
		if err != nil {
			a.Stop()
		}
	}()
	registry, log, flags, events := prometheus.NewRegistry(), slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{}, eventrecorder.NopRecorder()
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, err
	}
	tmpl.ExternalURL = &url.URL{Scheme: "http", Host: "alertmanager.test"}
	notified, err := nflog.New(nflog.Options{SnapshotReader: strings.NewReader(""), Retention: cmp.Or(o.Retention, Retention), Metrics: registry})
	if err != nil {
		return nil, err
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { notified.Maintenance(MaintenanceInterval, "", stop, nil) })
	a.stops = append(a.stops, func() { close(stop); wait.Wait() })
	silences, err := silence.New(silence.Options{SnapshotReader: strings.NewReader(""), Retention: Retention, Metrics: registry})
	if err != nil {
		return nil, err
	}
	silencer := silence.NewSilencer(silences, log, events)
	if a.alerts, err = mem.NewAlerts(context.Background(), gcInterval, 0, silencer, log, events, registry, flags); err != nil {
		return nil, err
	}
	a.stops = append(a.stops, a.alerts.Close)
	receivers := map[string][]notify.Integration{}
	for _, r := range c.Receivers {
		recorder := &recorder{a, r.Name, delay{o.Seed, "receiver"}}
		receivers[r.Name] = []notify.Integration{notify.NewIntegration(recorder, recorder, "recorder", 0, r.Name)}
	}
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, i := range c.TimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	intervener, inhibitor := timeinterval.NewIntervener(intervals), inhibit.NewInhibitor(a.alerts, c.InhibitRules, log, events)
	pipeline := notify.NewPipelineBuilder(registry, flags, events).New(
		receivers, func() time.Duration { return 0 }, inhibitor, silencer, intervener, notified, nil)
	timeout := func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) }
	dispatcher := dispatch.NewDispatcher(a.alerts, dispatch.NewRoute(c.Route, nil), late{pipeline, delay{o.Seed, "timer"}}, intervener, timeout,
		dispatchMaintenance, nil, log, events, dispatch.NewDispatcherMetrics(false, registry, flags), tmpl)
	go inhibitor.Run()
	a.stops = append(a.stops, inhibitor.Stop)
	inhibitor.WaitForLoading()
	go dispatcher.Run(time.Now())
	a.stops = append(a.stops, dispatcher.Stop)
	dispatcher.WaitForLoading()
	return a, nil
}

// Stop stops the Alertmanager.
func (a *Alertmanager) Stop() {
	for _, stop := range slices.Backward(a.stops) {
		stop()
	}
	a.stops = nil
	time.Sleep(2 * MaxLatency) // notifications in progress
}

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
	return errors.Join(x.Validate(), a.alerts.Put(context.Background(), x))
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

// late is a pipeline whose flushes come shortly after the timers of their
// groups, as on a real machine.
type late struct {
	notify.Stage
	delay delay
}

// Exec implements [notify.Stage].
func (l late) Exec(ctx context.Context, log *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	l.delay.sleep(ctx)
	return l.Stage.Exec(notify.WithNow(ctx, time.Now()), log, alerts...)
}

// delay is the delay of notifications in one place.
type delay struct {
	seed  uint64
	place string
}

// sleep waits for up to [MaxLatency], for a time that depends on the flush.
func (d delay) sleep(ctx context.Context) {
	key, _ := notify.GroupKey(ctx)
	receiver, _ := notify.ReceiverName(ctx)
	flush, _ := notify.FlushID(ctx)
	h := fnv.New64a()
	fmt.Fprint(h, d.seed, d.place, receiver, flush, key)
	time.Sleep(time.Duration(h.Sum64()>>8)%MaxLatency + 1)
}

// recorder is the integration of a receiver.
type recorder struct {
	to       *Alertmanager
	receiver string
	delay    delay
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
	r.delay.sleep(ctx)
	return notify.Success()
}
