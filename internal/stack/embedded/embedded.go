// Package embedded runs Prometheus from its own packages, without its command
// line, web interface and API.
//
// These omitted parts take most of the time of compiling Prometheus, so the
// demo starts minutes earlier than with the released program. Storage,
// scraping, rules and notifications are the same code with the same
// configuration and data.
package embedded

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are flags of Prometheus.
type Options struct {
	ConfigFile  string // --config.file
	Data        string // --storage.tsdb.path
	Listen      string // --web.listen-address
	ExternalURL string // --web.external-url
	Log         *slog.Logger
}

// newRegistry returns a registry with the metrics of the process.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// newMux serves the metrics and the health endpoints of the Prometheus family.
func newMux(metrics prometheus.Gatherer) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /-/ready", ready)
	mux.HandleFunc("GET /-/healthy", ready)
	return mux
}

// serve answers requests until ctx is done.
func serve(ctx context.Context, addr string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

func ready(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK\n")) }
