package checker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/instrument"
)

// service is a checker that runs with --every.
type service struct {
	run    *run
	log    *slog.Logger
	out    io.Writer
	last   atomic.Pointer[outcome] // nil before the first run
	runs   runs
	good   declared // from the last valid files
	health health
	gather prometheus.Gatherers
}

// health holds the service's metrics about itself.
type health struct {
	errors, missed *prometheus.CounterVec
	written        *prometheus.GaugeVec
	config         *prometheus.GaugeVec
}

func newService(r *run, d declared, logger *slog.Logger, out io.Writer) *service {
	desc := spec.NewServiceFamilies()
	s := &service{run: r, log: logger, out: out, good: d, health: health{
		instrument.Counter(desc.OutputErrors), instrument.Counter(desc.MissedRuns), instrument.Gauge(desc.OutputSuccessful), instrument.Gauge(desc.ConfigSuccessful),
	}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		s.health.errors, s.health.missed, s.health.written, s.health.config,
	)
	for _, output := range spec.Outputs() {
		s.health.errors.WithLabelValues(r.env, output)
	}
	s.health.missed.WithLabelValues(r.env)
	s.gather = prometheus.Gatherers{registry}
	// The metrics of an environment are exposed only once, or their sums would
	// double: in the file if it was requested, else on this program's own page.
	if !r.noMetrics && !r.metricsSet {
		r.memory = &memory{namespace: r.program.namespace}
		s.gather = append(s.gather, r.memory)
	}
	return s
}

// serve runs the checks on schedule and answers requests until ctx is done or
// listening fails.
func (s *service) serve(ctx context.Context) error {
	// Every run reads the files again, so the reload signal needs no action. By
	// default it would stop the program.
	signal.Ignore(syscall.SIGHUP)
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 5 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	s.log.Info("Starting", "version", version.Info(), "env", s.run.env, "every", s.run.every)
	running, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		defer stop()
		failed <- web.ListenAndServe(server, s.run.web, s.log)
	}()
	schedule(running, s.run.every, func() { s.tick(running) }, func(n int) {
		s.health.missed.WithLabelValues(s.run.env).Add(float64(n))
		s.log.Warn("A run took longer than the interval: runs were skipped", "interval", s.run.every, "skipped", n)
	})
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if failure := <-failed; !errors.Is(failure, http.ErrServerClosed) {
		err = errors.Join(failure, err)
	}
	return err
}

// tick does one run. The service continues after any error.
func (s *service) tick(ctx context.Context) {
	d, err := s.run.read()
	if err != nil {
		s.log.Error("Reading the configuration failed: using the previous one", "err", err)
		d = s.good
	}
	s.health.config.WithLabelValues(s.run.env).Set(bit(err == nil))
	done, err := s.run.once(ctx, d, s.log, s.out)
	if err != nil { // a check of --only or --skip is no longer configured
		s.log.Error("The checks cannot run: using the previous configuration", "err", err)
		s.health.config.WithLabelValues(s.run.env).Set(0)
		if done, err = s.run.once(ctx, s.good, s.log, s.out); err != nil {
			return
		}
	} else {
		s.good = d
	}
	for output, err := range done.written {
		s.health.written.WithLabelValues(s.run.env, output).Set(bit(err == nil))
		if err != nil {
			s.health.errors.WithLabelValues(s.run.env, output).Inc()
			s.log.Error("Writing the result failed", "output", output, "err", err)
		}
	}
	s.runs.add(done.evidence)
	s.last.Store(&done)
}

// handler serves the usual paths of a Prometheus program.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.gather, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelError),
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
