package site_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/site"
)

// twoHosts is the exposition of two hosts. On the first host a preflight of
// paper runs, on the second none. In the last run Redis failed, a variable
// warned, and the exchanges were skipped.
const twoHosts = `
load 15s
  up{job="arbitrage_exporter", instance="exporter:9100", env="paper"} 1x400
  up{job="arbitrage_exporter", instance="other:9100", env="live"} 1x400
  scrape_samples_scraped{job="arbitrage_exporter", instance="exporter:9100", env="paper"} 500x400
  scrape_duration_seconds{job="arbitrage_exporter", instance="exporter:9100", env="paper"} 0.02x400
  up{job="node_exporter", instance="a:9100"} 1x400
  up{job="node_exporter", instance="b:9100"} 1x400
  node_network_receive_bytes_total{job="node_exporter", instance="a:9100", device="eth0"} 0+1500x400
  node_network_receive_bytes_total{job="node_exporter", instance="a:9100", device="lo"} 0+9000x400
  node_network_receive_bytes_total{job="node_exporter", instance="b:9100", device="eth0"} 0+1500x400
  node_network_transmit_bytes_total{job="node_exporter", instance="a:9100", device="eth0"} 0+3000x400
  node_cpu_seconds_total{job="node_exporter", instance="a:9100", cpu="0", mode="idle"} 0+3x400
  node_cpu_seconds_total{job="node_exporter", instance="a:9100", cpu="1", mode="idle"} 0+9x400
  node_load1{job="node_exporter", instance="a:9100"} 3x400
  node_memory_MemAvailable_bytes{job="node_exporter", instance="a:9100"} 250x400
  node_memory_MemTotal_bytes{job="node_exporter", instance="a:9100"} 1000x400
  node_filesystem_avail_bytes{job="node_exporter", instance="a:9100", mountpoint="/", fstype="ext4"} 10x400
  node_filesystem_size_bytes{job="node_exporter", instance="a:9100", mountpoint="/", fstype="ext4"} 100x400
  node_filesystem_avail_bytes{job="node_exporter", instance="a:9100", mountpoint="/tmp", fstype="tmpfs"} 0x400
  node_filesystem_size_bytes{job="node_exporter", instance="a:9100", mountpoint="/tmp", fstype="tmpfs"} 100x400
  arbitrage_preflight_last_run_timestamp_seconds{job="node_exporter", instance="a:9100", env="paper"} 5400x400
  arbitrage_preflight_last_success{job="node_exporter", instance="a:9100", env="paper"} 0x400
  arbitrage_preflight_ready_for_live{job="node_exporter", instance="a:9100", env="paper"} 0x400
  arbitrage_preflight_duration_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="0.05"} 0x40 1x40 2x40 3x40 4x40 5x200
  arbitrage_preflight_duration_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="+Inf"} 0x40 1x40 2x40 3x40 4x40 5x200
  arbitrage_preflight_realcheck_redis_latency_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="0.01"} 0x40 1x40 2x40 3x40 4x200
  arbitrage_preflight_realcheck_redis_latency_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="+Inf"} 0x40 1x40 2x40 3x40 4x200
  arbitrage_preflight_realcheck_postgres_latency_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="0.1"} 0x40 1x40 2x40 3x40 4x200
  arbitrage_preflight_realcheck_postgres_latency_seconds_bucket{job="node_exporter", instance="a:9100", env="paper", le="+Inf"} 0x40 1x40 2x40 3x40 4x200
  arbitrage_preflight_checks_total{job="node_exporter", instance="a:9100", env="paper", check="Database", status="pass"} 4x400
  arbitrage_preflight_checks_total{job="node_exporter", instance="a:9100", env="paper", check="Database", status="fail"} 0x200 1x200
  arbitrage_preflight_checks_total{job="node_exporter", instance="a:9100", env="paper", check="Database", status="warn"} 0x400
  arbitrage_preflight_checks_total{job="node_exporter", instance="a:9100", env="paper", check="Environment", status="fail"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Database", status="pass"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Database", status="warn"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Database", status="fail"} 1x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Database", status="skip"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Environment", status="pass"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Environment", status="warn"} 1x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Exchange Health", status="pass"} 0x400
  arbitrage_preflight_check_status{job="node_exporter", instance="a:9100", env="paper", check="Exchange Health", status="skip"} 1x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Database", target="redis", status="pass"} 0x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Database", target="redis", status="fail"} 1x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Database", target="postgres", status="pass"} 1x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Database", target="postgres", status="fail"} 0x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Environment", target="LOG_LEVEL", status="warn"} 1x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Exchange Health", target="upbit", status="pass"} 0x400
  arbitrage_preflight_target_status{job="node_exporter", instance="a:9100", env="paper", check="Exchange Health", target="upbit", status="skip"} 1x400
  arbitrage_preflight_check_problem{job="node_exporter", instance="a:9100", env="paper", check="Database", target="redis", status="fail", reason="connection_refused"} 1x400
  arbitrage_preflight_check_problem{job="node_exporter", instance="a:9100", env="paper", check="Environment", target="LOG_LEVEL", status="warn", reason="missing"} 1x400
  preflight_checker_output_last_write_successful{job="preflight", instance="preflight:9916", env="paper", output="textfile"} 0x400
  preflight_checker_output_last_write_successful{job="preflight", instance="preflight:9916", env="paper", output="evidence"} 1x400
  preflight_checker_config_last_reload_successful{job="preflight", instance="preflight:9916", env="paper"} 1x400
`

// Prometheus's own engine evaluates every query of the shipped dashboard.
func TestSystemHealthAnswers(t *testing.T) {
	t.Parallel()
	storage := promqltest.LoadedStorage(t, twoHosts)
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	answers := map[string]string{}
	for _, q := range board(t, site.Site().Timing).Queries(site.Site().Timing) {
		place := strings.TrimPrefix(q.Where, `dashboard "arbitrage-system-health", `)
		answers[place] = answer(t, engine, storage, q)
	}
	want := map[string]string{
		`panel "Preflight cannot write", query A`:            "{env=\"paper\", output=\"evidence\"} 1\n{env=\"paper\", output=\"textfile\"} 0",
		`panel "Preflight's configuration refused", query A`: `{env="paper"} 1`,
		`variable "env"`:                               `{env="paper"} 5400`,
		`annotation "Preflight failed"`:                `{env="paper"} 1`,
		`panel 1 "Traffic: Exporter Samples", query A`: `{env="paper"} 500`,
		`panel 2 "Traffic: Host Network", query A`:     `{instance="a:9100"} 100`,
		`panel 2 "Traffic: Host Network", query B`:     `{instance="a:9100"} 200`,
		`panel 3 "Latency: Exporter Scrape", query A`:  `{env="paper"} 0.02`,
		`panel 4 "Errors: Failed Scrapes", query A`:    "{env=\"live\"} 0\n{env=\"paper\"} 0",
		`panel 4 "Errors: Failed Scrapes", query B`:    `{instance="a:9100"} 0`,
		`panel 5 "Saturation: Host CPU", query A`:      `{instance="a:9100"} 0.6`,
		`panel 5 "Saturation: Host CPU", query B`:      `{instance="a:9100"} 1.5`,
		`panel 6 "Saturation: Host Memory", query A`:   `{instance="a:9100"} 0.75`,
		`panel 7 "Saturation: Host Disk", query A`:     `{instance="a:9100", mountpoint="/"} 0.9`,
		`panel 8 "Preflight Last Success", query A`:    `{env="paper"} 0`,
		`panel 9 "Preflight Duration P95", query A`:    `{env="paper"} 0.0475`,
		`panel 10 "Check Status Breakdown", query A`:   "{status=\"fail\"} 1\n{status=\"pass\"} 4\n{status=\"warn\"} 0",
		`panel 11 "Redis/Postgres Latency", query A`:   `{env="paper"} 0.0095`,
		`panel 11 "Redis/Postgres Latency", query B`:   `{env="paper"} 0.095`,
		`panel 15 "Ready for Live", query A`:           `{env="paper"} 0`,
		`panel 16 "Since Last Run", query A`:           `{env="paper"} 600`,
		`panel 12 "Top Failed Checks (24 h)", query A`: "{check=\"Database\"} 1\n{check=\"Environment\"} 0",
		`panel 13 "Check Status over Time", query A`: `{check="Database", env="paper"} 3
{check="Environment", env="paper"} 2
{check="Exchange Health", env="paper"} 0`,
		`panel 14 "Targets", query A`: `{env="paper", check="Database", target="postgres", reason=""} 1
{env="paper", check="Database", target="redis", reason="connection_refused"} 3
{env="paper", check="Environment", target="LOG_LEVEL", reason="missing"} 2
{env="paper", check="Exchange Health", target="upbit", reason=""} 0`,
	}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Error(diff)
	}
}

// answer returns the result of a query at 100 minutes as text: the labels that
// the panel needs, and the value with four digits.
func answer(t *testing.T, engine *promql.Engine, storage *teststorage.TestStorage, q dashgen.Query) string {
	t.Helper()
	at := time.Unix(0, 0).Add(100 * time.Minute)
	query, err := engine.NewInstantQuery(context.Background(), storage, nil, q.Expr, at)
	if err != nil {
		t.Fatalf("%s: %v", q.Where, err)
	}
	defer query.Close()
	samples, err := query.Exec(context.Background()).Vector()
	if err != nil {
		t.Fatalf("%s: %v", q.Where, err)
	}
	var lines []string
	for _, s := range samples {
		var labels []string
		for _, l := range q.Labels {
			labels = append(labels, fmt.Sprintf("%s=%q", l, s.Metric.Get(l)))
		}
		value := math.Round(s.F*1e4) / 1e4
		lines = append(lines, fmt.Sprintf("{%s} %v", strings.Join(labels, ", "), value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
