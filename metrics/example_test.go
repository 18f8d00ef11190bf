package metrics_test

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/metrics"
)

func ExampleExposition() {
	const bot = `
# HELP bot_orders_total Orders sent.
# TYPE bot_orders_total counter
bot_orders_total{side="buy"} 12
# HELP bot_last_tick_timestamp_seconds When the last price came.
# TYPE bot_last_tick_timestamp_seconds gauge
bot_last_tick_timestamp_seconds 1.7e+09
`
	for _, d := range metrics.Exposition(bot) {
		fmt.Println(d.Name, d.Type, d.BaseUnit(), d.LabelNames())
	}
	// Output:
	// bot_last_tick_timestamp_seconds gauge timestamp_seconds []
	// bot_orders_total counter  [side]
}

func ExampleExporters() {
	for _, d := range metrics.Exporters("node_exporter") {
		if d.Name == "node_filesystem_avail_bytes" {
			fmt.Println(d.Program, d.Type, d.BaseUnit(), d.LabelNames())
		}
	}
	mistake, _ := metrics.Exporters("nodeexporter")[0].Problem()
	fmt.Println(mistake.Place())
	// Output:
	// node_exporter gauge bytes [device device_error fstype mountpoint]
	// exporter "nodeexporter"
}

func ExampleNewCatalogue() {
	requests := metrics.Desc{Name: "acme_requests_total", Type: metrics.Counter, Help: "Requests.", Labels: metrics.Labels("code")}
	latency := metrics.Desc{
		Name: "acme_latency_seconds", Type: metrics.Histogram, Help: "Time to answer.", Buckets: metrics.LatencyBuckets(),
	}
	c, err := metrics.NewCatalogue(requests, latency, requests)
	fmt.Println(c.SeriesNames(), err)

	_, err = metrics.NewCatalogue(requests, metrics.Desc{Name: "acme_requests_total", Type: metrics.Gauge, Help: "Requests."})
	fmt.Println(err)
	// Output:
	// [acme_latency_seconds_bucket acme_latency_seconds_count acme_latency_seconds_sum acme_requests_total] <nil>
	// metric "acme_requests_total": described twice and differently: a counter with the labels code; and a gauge without labels
}

func ExampleTiming_Expand() {
	t := metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
	fmt.Println(t.Expand(`rate(acme_requests_total[8scrapes]) == 0 and time() - acme_last_run_timestamp_seconds > 3runs`))
	// Output: rate(acme_requests_total[2m]) == 0 and time() - acme_last_run_timestamp_seconds > 30m
}
