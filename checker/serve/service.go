// Package serve runs checks again and again, and exposes their metrics and a page
// over HTTP. A program of it lies beside the one of package checker, which links
// no HTTP server.
package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/instrument"
)

// Main is the command preflight-serve for these checks; it does not return. It
// takes the arguments of the command of package checker, and serves --every
// itself.
func Main(namespace string, checks ...checker.Check) { Program(namespace, checks...).Main() }

// Program returns the command preflight-serve for these checks.
func Program(namespace string, checks ...checker.Check) checker.Program {
	return checker.Program{Namespace: namespace, Checks: checks, Serve: func(ctx context.Context, l *checker.Loop) error {
		return newService(l).serve(ctx)
	}}
}

// service shows the runs of a loop.
type service struct {
	loop   *checker.Loop
	last   atomic.Pointer[checker.Evidence] // nil before the first run
	runs   runs
	health health
	gather prometheus.Gatherers
}

// health holds the service's metrics about itself.
type health struct {
	errors, missed *prometheus.CounterVec
	written        *prometheus.GaugeVec
	config         *prometheus.GaugeVec
}

func newService(l *checker.Loop) *service {
	desc := spec.NewServiceFamilies()
	s := &service{loop: l, health: health{
		instrument.Counter(desc.OutputErrors), instrument.Counter(desc.MissedRuns), instrument.Gauge(desc.OutputSuccessful), instrument.Gauge(desc.ConfigSuccessful),
	}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		s.health.errors, s.health.missed, s.health.written, s.health.config,
	)
	for _, output := range spec.Outputs() {
		s.health.errors.WithLabelValues(l.Env(), output)
	}
	s.health.missed.WithLabelValues(l.Env())
	s.gather = prometheus.Gatherers{registry, prometheus.GathererFunc(s.runMetrics)}
	return s
}

// runMetrics returns the metrics of the runs.
func (s *service) runMetrics() ([]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.loop.Metrics()))
	return slices.Collect(maps.Values(families)), err
}

// serve runs the checks on schedule and answers requests until ctx is done or
// listening fails.
func (s *service) serve(ctx context.Context) error {
	// Every run reads the files again, so the reload signal needs no action. By
	// default it would stop the program.
	signal.Ignore(syscall.SIGHUP)
	log := s.loop.Log()
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 5 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("Starting", "version", version.Info(), "env", s.loop.Env(), "every", s.loop.Every())
	running, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	flags := s.loop.Web()
	go func() {
		defer stop()
		failed <- web.ListenAndServe(server, &web.FlagConfig{
			WebListenAddresses: &flags.ListenAddress, WebSystemdSocket: &flags.SystemdSocket, WebConfigFile: &flags.ConfigFile,
		}, log)
	}()
	s.loop.Run(running, s.seen, func(n int) { s.health.missed.WithLabelValues(s.loop.Env()).Add(float64(n)) })
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if failure := <-failed; !errors.Is(failure, http.ErrServerClosed) {
		err = errors.Join(failure, err)
	}
	return err
}

// seen records a run.
func (s *service) seen(turn checker.Turn) {
	env := s.loop.Env()
	s.health.config.WithLabelValues(env).Set(bit(turn.Config == nil))
	for output, err := range turn.Written {
		s.health.written.WithLabelValues(env, output).Set(bit(err == nil))
		if err != nil {
			s.health.errors.WithLabelValues(env, output).Inc()
		}
	}
	if turn.Evidence.Run == "" {
		return
	}
	s.runs.add(turn.Evidence)
	s.last.Store(&turn.Evidence)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// handler serves the usual paths of a Prometheus program.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.gather, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(s.loop.Log().Handler(), slog.LevelError),
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "preflight is healthy\n")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if s.last.Load() == nil {
			http.Error(w, "preflight is not ready: the first run is not done", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "preflight is ready\n")
	})
	mux.HandleFunc("GET /{$}", s.page)
	return mux
}
