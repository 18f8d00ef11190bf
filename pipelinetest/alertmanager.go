package pipelinetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	apiv2 "github.com/prometheus/alertmanager/api/v2"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/labelset"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/telegram"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	commoncfg "github.com/prometheus/common/config"

	"github.com/alertnative/preflight/internal/emit/amfile"
)

// Default values of Alertmanager's flags.
const (
	retention           = 120 * time.Hour
	maintenanceInterval = 15 * time.Minute
	gcInterval          = 30 * time.Minute
	dispatchMaintenance = 30 * time.Second
	peerTimeout         = 15 * time.Second
)

// alertmanager is one Alertmanager, assembled from its real parts as its main
// function does.
type alertmanager struct {
	addr     string
	registry *registry
	alerts   *mem.Alerts
	silences *silence.Silences
	log      *nflog.Log
	stops    []func() // called in reverse order
}

// peering is an Alertmanager's position in a cluster.
type peering struct {
	position int
	gossip   func(merge func(*alertmanager) error) // sends state to the other peers
}

// memory is the data that an Alertmanager keeps on disk.
type memory struct{ log, silences []byte }

func startAlertmanager(addr string, o options, n *network, to *outsiders, p peering, kept memory) (_ *alertmanager, err error) {
	a := &alertmanager{addr: addr, registry: newRegistry(o.vocabulary.used)}
	defer func() {
		if err != nil {
			a.stop()
		}
	}()
	config, err := amconfig.Load(string(o.alertmanager))
	if err != nil {
		return nil, fmt.Errorf("alertmanager.yml: %w", err)
	}
	tmpl, err := template.FromGlobs(config.Templates)
	if err != nil {
		return nil, err
	}
	if tmpl.ExternalURL, err = url.Parse("http://" + addr); err != nil {
		return nil, err
	}
	if err := a.openState(p, kept); err != nil {
		return nil, err
	}
	log, flags, events := slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{}, eventrecorder.NopRecorder()
	silencer := silence.NewSilencer(a.silences, log, events)
	if a.alerts, err = mem.NewAlerts(context.Background(), gcInterval, 0, silencer, log, events, a.registry, flags); err != nil {
		return nil, err
	}
	a.stops = append(a.stops, a.alerts.Close)
	receivers, err := integrations(config, tmpl, n, to)
	if err != nil {
		return nil, err
	}
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, i := range config.MuteTimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	for _, i := range config.TimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	intervener := timeinterval.NewIntervener(intervals)
	inhibitor := inhibit.NewInhibitor(a.alerts, config.InhibitRules, log, events)
	wait := func() time.Duration { return time.Duration(p.position) * peerTimeout }
	pipeline := notify.NewPipelineBuilder(a.registry, flags, events).New(
		receivers, wait, inhibitor, silencer, intervener, a.log, nil)
	timeout := func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) + wait() }
	dispatcher := dispatch.NewDispatcher(a.alerts, dispatch.NewRoute(config.Route, nil), pipeline, intervener, timeout,
		dispatchMaintenance, nil, log, events, dispatch.NewDispatcherMetrics(false, a.registry, flags), tmpl)
	api, err := apiv2.NewAPI(a.alerts, dispatcher.Groups, a.silences, nil, log, a.registry)
	if err != nil {
		return nil, err
	}
	api.Update(config, func(ctx context.Context, l labelset.LabelSet) {
		inhibitor.Mutes(ctx, l)
		silencer.Mutes(ctx, l)
	})
	go inhibitor.Run()
	a.stops = append(a.stops, inhibitor.Stop)
	inhibitor.WaitForLoading()
	go dispatcher.Run(time.Now())
	a.stops = append(a.stops, dispatcher.Stop)
	dispatcher.WaitForLoading()
	n.serve(addr, steadyStatus(api.Handler))
	a.stops = append(a.stops, func() { n.unplug(addr) })
	return a, nil
}

// openState opens the notification log and the silences, which survive a
// restart and are shared in a cluster.
func (a *alertmanager) openState(p peering, kept memory) (err error) {
	a.log, err = nflog.New(nflog.Options{SnapshotReader: reader(kept.log), Retention: retention, Metrics: a.registry})
	if err != nil {
		return err
	}
	a.silences, err = silence.New(silence.Options{SnapshotReader: reader(kept.silences), Retention: retention, Metrics: a.registry})
	if err != nil {
		return err
	}
	if p.gossip != nil {
		a.log.SetBroadcast(func(b []byte) { p.gossip(func(other *alertmanager) error { return other.log.Merge(b) }) })
		a.silences.SetBroadcast(func(b []byte) { p.gossip(func(other *alertmanager) error { return other.silences.Merge(b) }) })
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() { a.log.Maintenance(maintenanceInterval, "", stop, nil) })
	wait.Go(func() { a.silences.Maintenance(maintenanceInterval, "", stop, nil) })
	a.stops = append(a.stops, func() { close(stop); wait.Wait() })
	return nil
}

func reader(b []byte) *bytes.Reader { return bytes.NewReader(b) }

// stop stops the Alertmanager and returns the data on its disk.
func (a *alertmanager) stop() memory {
	for i := len(a.stops) - 1; i >= 0; i-- {
		a.stops[i]()
	}
	a.stops = nil
	var kept memory
	if a.log != nil && a.silences != nil {
		kept.log, _ = a.log.MarshalBinary()
		kept.silences, _ = a.silences.MarshalBinary()
	}
	return kept
}

// integrations returns the notifiers of the receivers that the routes use:
// Alertmanager's own for webhooks and Telegram, which have servers in the story,
// and recorded ones for others.
func integrations(config *amconfig.Config, tmpl *template.Template, n *network, to *outsiders) (map[string][]notify.Integration, error) {
	used := map[string]bool{}
	dispatch.NewRoute(config.Route, nil).Walk(func(r *dispatch.Route) { used[r.RouteOpts.Receiver] = true })
	receivers := map[string][]notify.Integration{}
	var errs []error
	log, dial := slog.New(slog.DiscardHandler), commoncfg.WithDialContextFunc(n.dial)
	for _, r := range config.Receivers {
		if !used[r.Name] {
			continue
		}
		add := func(kind string, i int, sends notify.ResolvedSender, notifier notify.Notifier, err error) {
			errs = append(errs, err)
			place := len(errs)
			paced := &pacedNotifier{Notifier: notifier, phase: time.Duration(place) * time.Millisecond, flushes: map[string]*flush{}}
			receivers[r.Name] = append(receivers[r.Name], notify.NewIntegration(paced, sends, kind, i, r.Name))
		}
		for i, c := range r.WebhookConfigs {
			notifier, err := webhook.New(c, tmpl, log, dial)
			add("webhook", i, c, notifier, err)
		}
		for i, c := range r.TelegramConfigs {
			notifier, err := telegram.New(c, tmpl, log, dial)
			add("telegram", i, c, notifier, err)
		}
		for kind, sends := range amfile.Integrations(r) {
			if kind != "webhook" && kind != "telegram" {
				add(kind, 0, sends, recorded{r.Name, kind, to}, nil)
			}
		}
	}
	return receivers, errors.Join(errs...)
}

// steadyStatus caches the answer of the status endpoint, which prints the whole
// configuration. The configuration is fixed while an Alertmanager without a
// cluster runs.
func steadyStatus(next http.Handler) http.Handler {
	var once sync.Once
	first := httptest.NewRecorder()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/api/v2/status" {
			next.ServeHTTP(w, r)
			return
		}
		once.Do(func() { next.ServeHTTP(first, r) })
		maps.Copy(w.Header(), first.Header())
		w.WriteHeader(first.Code)
		_, _ = w.Write(first.Body.Bytes())
	})
}
