package alertmanager

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

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

	"github.com/alertnative/preflight/internal/emit/amfile"
)

// Default values of Alertmanager's flags.
const (
	Retention           = 120 * time.Hour
	MaintenanceInterval = 15 * time.Minute
	gcInterval          = 30 * time.Minute
	dispatchMaintenance = 30 * time.Second
	peerTimeout         = 15 * time.Second
)

// MaxLatency limits the time from the timer of a group to its flush.
const MaxLatency = 100 * time.Microsecond

// Setting describes an Alertmanager.
type Setting struct {
	Config      []byte        // alertmanager.yml
	Templates   []string      // patterns of files that replace those of the configuration
	Retention   time.Duration // --data.retention; 0: its default
	ExternalURL *url.URL
	Registry    prometheus.Registerer
	Kept        Kept
	// Position is the number of peers in the cluster that notify first.
	Position int
	// Seed determines the latencies of the flushes. As on a real machine, each
	// delays the next flush of the group too. So they decide whether a flush that is
	// due exactly at the repeat interval repeats the notification, or the next one.
	// With 0 all are equal, so that groups keep their order.
	Seed uint64
	// Integrations returns those of the receivers, by the name of the receiver.
	Integrations func(*config.Config, *template.Template) (map[string][]notify.Integration, error)
}

// Kept is the data that an Alertmanager keeps on disk.
type Kept struct{ Log, Silences []byte }

// Parts are the parts of a running Alertmanager, connected as its main function
// connects them.
type Parts struct {
	Config     *config.Config
	Alerts     *mem.Alerts
	Silences   *silence.Silences
	Log        *nflog.Log
	Silencer   *silence.Silencer
	Inhibitor  *inhibit.Inhibitor
	Dispatcher *dispatch.Dispatcher

	stops []func() // called in reverse order
}

// Run starts the parts. Call Stop before the bubble ends.
func Run(s Setting) (_ *Parts, err error) {
	p := &Parts{}
	defer func() {
		if err != nil {
			p.Stop()
		}
	}()
	if p.Config, err = amfile.Load(s.Config); err != nil {
		return nil, fmt.Errorf("alertmanager.yml: %w", err)
	}
	patterns := s.Templates
	if patterns == nil {
		patterns = p.Config.Templates
	}
	tmpl, err := template.FromGlobs(patterns)
	if err != nil {
		return nil, err
	}
	tmpl.ExternalURL = s.ExternalURL
	if err := p.openState(s); err != nil {
		return nil, err
	}
	log, flags, events := slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{}, eventrecorder.NopRecorder()
	p.Silencer = silence.NewSilencer(p.Silences, log, events)
	if p.Alerts, err = mem.NewAlerts(context.Background(), gcInterval, 0, p.Silencer, log, events, s.Registry, flags); err != nil {
		return nil, err
	}
	p.stops = append(p.stops, p.Alerts.Close)
	receivers, err := s.Integrations(p.Config, tmpl)
	if err != nil {
		return nil, err
	}
	intervener := timeinterval.NewIntervener(intervals(p.Config))
	p.Inhibitor = inhibit.NewInhibitor(p.Alerts, p.Config.InhibitRules, log, events)
	wait := func() time.Duration { return time.Duration(s.Position) * peerTimeout }
	pipeline := notify.NewPipelineBuilder(s.Registry, flags, events).New(
		receivers, wait, p.Inhibitor, p.Silencer, intervener, p.Log, nil)
	// The dispatcher asks for the timeout when the timer of a group is over, before it
	// sets the timer anew.
	timeout := func(d time.Duration) time.Duration {
		time.Sleep(latency(s.Seed, d))
		return max(d, notify.MinTimeout) + wait()
	}
	p.Dispatcher = dispatch.NewDispatcher(p.Alerts, dispatch.NewRoute(p.Config.Route, nil), pipeline, intervener, timeout,
		dispatchMaintenance, nil, log, events, dispatch.NewDispatcherMetrics(false, s.Registry, flags), tmpl)
	go p.Inhibitor.Run()
	p.stops = append(p.stops, p.Inhibitor.Stop)
	p.Inhibitor.WaitForLoading()
	go p.Dispatcher.Run(time.Now())
	p.stops = append(p.stops, p.Dispatcher.Stop)
	p.Dispatcher.WaitForLoading()
	return p, nil
}

// openState opens the notification log and the silences.
func (p *Parts) openState(s Setting) (err error) {
	retention := cmp.Or(s.Retention, Retention)
	p.Log, err = nflog.New(nflog.Options{SnapshotReader: bytes.NewReader(s.Kept.Log), Retention: retention, Metrics: s.Registry})
	if err != nil {
		return err
	}
	p.Silences, err = silence.New(silence.Options{SnapshotReader: bytes.NewReader(s.Kept.Silences), Retention: retention, Metrics: s.Registry})
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { p.Log.Maintenance(MaintenanceInterval, "", stop, nil) })
	wait.Go(func() { p.Silences.Maintenance(MaintenanceInterval, "", stop, nil) })
	p.stops = append(p.stops, func() { close(stop); wait.Wait() })
	return nil
}

// intervals returns the time intervals of a configuration, by name.
func intervals(c *config.Config) map[string][]timeinterval.TimeInterval {
	all := map[string][]timeinterval.TimeInterval{}
	for _, i := range c.MuteTimeIntervals {
		all[i.Name] = i.TimeIntervals
	}
	for _, i := range c.TimeIntervals {
		all[i.Name] = i.TimeIntervals
	}
	return all
}

// latency returns the latency of a flush that is due now, at most [MaxLatency].
func latency(seed uint64, interval time.Duration) time.Duration {
	if seed == 0 {
		return MaxLatency / 2
	}
	h := fnv.New64a()
	fmt.Fprint(h, seed, " ", time.Now().UnixNano(), " ", int64(interval))
	return time.Duration(h.Sum64()>>8)%MaxLatency + 1
}

// Stop stops the parts and returns the data on their disk.
func (p *Parts) Stop() (kept Kept) {
	for _, stop := range slices.Backward(p.stops) {
		stop()
	}
	p.stops = nil
	time.Sleep(2 * MaxLatency) // flushes and notifications in progress
	if p.Log != nil && p.Silences != nil {
		kept.Log, _ = p.Log.MarshalBinary()
		kept.Silences, _ = p.Silences.MarshalBinary()
	}
	return kept
}
