package webhook_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// BenchmarkAccept posts over HTTP on 16 connections, to a spool on disk. It
// reports acknowledgements a second and the 99th percentile of their times.
func BenchmarkAccept(b *testing.B) {
	am := alertmanager{url: "http://a", priority: "P0"}
	for name, alerts := range map[string]int{"one alert": 1, "100 alerts": 100} {
		b.Run(name, func(b *testing.B) {
			var list []template.Alert
			for range alerts {
				list = append(list, am.firing("redis", time.Now()))
			}
			body := am.payload(list...)
			formatter, err := message.New(message.Options{})
			if err != nil {
				b.Fatal(err)
			}
			service, err := webhook.Open(b.Context(), webhook.Config{
				Spool: filepath.Join(b.TempDir(), "spool.db"), Settings: webhook.Settings{Formatter: formatter},
				Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer service.Close()
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() { service.Run(ctx); close(done) }()
			defer func() { stop(); <-done }()
			server := httptest.NewServer(service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()}))
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
			times := make([]time.Duration, b.N)
			work := make(chan int)
			var group sync.WaitGroup
			for range 16 {
				group.Go(func() {
					for i := range work {
						begin := time.Now()
						resp, err := client.Post(server.URL+api.AlertsPath, "application/json", bytes.NewReader(body))
						if err != nil || resp.StatusCode != http.StatusOK {
							b.Error(err, resp)
							continue
						}
						resp.Body.Close()
						times[i] = time.Since(begin)
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				work <- i
			}
			close(work)
			group.Wait()
			b.StopTimer()
			slices.Sort(times)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acks/s")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
