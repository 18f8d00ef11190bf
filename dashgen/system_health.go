package dashgen

import (
	"slices"
	"time"
)

// SystemHealth is the shipped dashboard: the four golden signals of the
// arbitrage exporter and its host, and under them the preflight's verdict and
// what it consists of.
//
// Of the exporter only what Prometheus itself knows of every target is used.
// Its targets carry the label env; those of the host do not, so onHost
// finds the hosts of the chosen environments.
func SystemHealth() Dashboard {
	return Dashboard{
		UID:         "arbitrage-system-health",
		Title:       "System Health",
		Description: "Golden signals of the arbitrage exporter and its host, and whether the preflight lets the system trade live.",
		Tags:        []string{"arbitrage", "preflight"},
		Window:      6 * time.Hour,
		Refresh:     30 * time.Second,
		Variables: []Variable{{
			Name:        "env",
			Title:       "Environment",
			Description: "The environments in which a preflight has run.",
			Series:      "arbitrage_preflight_last_run_timestamp_seconds",
			Label:       "env",
		}},
		Annotations: []Annotation{{
			Name:   "Preflight failed",
			Expr:   `max by (env) (arbitrage_preflight_last_success{env=~"$env"} == bool 0)`,
			Title:  "Preflight FAIL",
			Text:   "{{env}}",
			Color:  Red,
			Panels: []int{3, 4, 5, 6, 7, 11}, // where the reason may show
		}},
		Panels: slices.Concat(exporterSignals(), hostSaturation()),
		Rows: []Row{{
			ID: 100, Title: "Preflight Health", Y: 24,
			Panels: slices.Concat(preflightOverview(), preflightReadiness(), preflightDetail()),
		}},
	}
}

// onHost keeps the series of hosts on which a preflight of the chosen
// environments has run lately: node_exporter hands on both, so their label
// instance is the same.
const onHost = ` and on (instance) group by (instance) (
  last_over_time(arbitrage_preflight_last_run_timestamp_seconds{env=~"$env"}[3runs])
)`

// exporterSignals are traffic, latency and errors.
func exporterSignals() []Panel {
	return []Panel{
		{
			ID: 1, Title: "Traffic: Exporter Samples", Grid: Grid{X: 0, Y: 0, W: 8, H: 8},
			Description: "Samples that the arbitrage exporter offers at each scrape: how much it keeps track of. A step down means that a market, a strategy or a whole component stopped reporting; look at its log.",
			Targets: []Target{{
				Expr:   `sum by (env) (scrape_samples_scraped{job="arbitrage_exporter", env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: Count, Min: new(0.0), Show: TimeSeries{},
		},
		{
			ID: 2, Title: "Traffic: Host Network", Grid: Grid{X: 8, Y: 0, W: 8, H: 8},
			Description: "What the host receives and sends, without the loopback. A fall to nothing while the exporter is up points to a lost connection to the exchanges.",
			Targets: []Target{
				{
					Expr:   `sum by (instance) (rate(node_network_receive_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
					Legend: "{{instance}} received",
				},
				{
					Expr:   `sum by (instance) (rate(node_network_transmit_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
					Legend: "{{instance}} sent",
				},
			},
			Unit: BytesPerSecond, Decimals: new(1), Min: new(0.0), Show: TimeSeries{},
		},
		{
			ID: 3, Title: "Latency: Exporter Scrape", Grid: Grid{X: 16, Y: 0, W: 8, H: 8},
			Description: "How long the arbitrage exporter takes to answer a scrape. It does so beside its work, so a rising line is the first sign of an overloaded process; at 10 s Prometheus gives up and the scrape counts as failed.",
			Targets: []Target{{
				Expr:   `max by (env) (scrape_duration_seconds{job="arbitrage_exporter", env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: []Threshold{{At: 1, Color: Orange}, {At: 10, Color: Red}},
			Show:       TimeSeries{Lines: true},
		},
		{
			ID: 4, Title: "Errors: Failed Scrapes", Grid: Grid{X: 0, Y: 8, W: 12, H: 8},
			Description: "Share of scrapes that failed. The exporter's: the process is down or too slow. The host's: node_exporter is down, and with it the preflight's results, which it serves; restart it first.",
			Targets: []Target{
				{
					Expr:   `1 - avg by (env) (avg_over_time(up{job="arbitrage_exporter", env=~"$env"}[$__rate_interval]))`,
					Legend: "exporter {{env}}",
				},
				{
					Expr:   `1 - avg by (instance) (avg_over_time(up{job="node_exporter"}[$__rate_interval]))` + onHost,
					Legend: "host {{instance}}",
				},
			},
			Unit: Percent, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Series: []Series{{Query: "A", Color: Red}, {Query: "B", Color: Purple}},
			Show:   TimeSeries{},
		},
	}
}

// hostSaturation shows how full the host is.
func hostSaturation() []Panel {
	nearlyFull := []Threshold{{At: 0.8, Color: Orange}, {At: 0.9, Color: Red}}
	return []Panel{
		{
			ID: 5, Title: "Saturation: Host CPU", Grid: Grid{X: 12, Y: 8, W: 12, H: 8},
			Description: "Share of the time the processors are busy, and runnable or blocked tasks for each of them: above 100 % tasks wait. Find the process that takes it; while it lasts, latencies and the preflight's timeouts say little about what they measure.",
			Targets: []Target{
				{
					Expr:   `1 - avg by (instance) (rate(node_cpu_seconds_total{job="node_exporter", mode="idle"}[$__rate_interval]))` + onHost,
					Legend: "{{instance}} busy",
				},
				{
					Expr: `max by (instance) (node_load1{job="node_exporter"})
/ count by (instance) (node_cpu_seconds_total{job="node_exporter", mode="idle"})` + onHost,
					Legend: "{{instance}} load per processor",
				},
			},
			Unit: Percent, Decimals: new(1), Min: new(0.0),
			Thresholds: nearlyFull, Show: TimeSeries{Lines: true},
		},
		{
			ID: 6, Title: "Saturation: Host Memory", Grid: Grid{X: 0, Y: 16, W: 12, H: 8},
			Description: "Share of the memory that is not available to a new process. Near 100 % the kernel kills one of them: stop what is not needed before it chooses for you.",
			Targets: []Target{{
				Expr: `1 - max by (instance) (node_memory_MemAvailable_bytes{job="node_exporter"})
/ max by (instance) (node_memory_MemTotal_bytes{job="node_exporter"})` + onHost,
				Legend: "{{instance}}",
			}},
			Unit: Percent, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Thresholds: nearlyFull, Show: TimeSeries{Lines: true},
		},
		{
			ID: 7, Title: "Saturation: Host Disk", Grid: Grid{X: 12, Y: 16, W: 12, H: 8},
			Description: "Share of each file system that is in use. A full one stops databases and the preflight's own results: delete old logs and backups, or make it larger.",
			Targets: []Target{{
				Expr: `1 - min by (instance, mountpoint) (
  node_filesystem_avail_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
  / node_filesystem_size_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
)` + onHost,
				Legend: "{{instance}} {{mountpoint}}",
			}},
			Unit: Percent, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Thresholds: nearlyFull, Show: TimeSeries{Lines: true},
		},
	}
}

// preflightOverview is the first line of the row: verdict, speed, results.
func preflightOverview() []Panel {
	slow := []Threshold{{At: 0.1, Color: Orange}, {At: 0.5, Color: Red}}
	return []Panel{
		{
			ID: 8, Title: "Preflight Last Success", Grid: Grid{X: 0, Y: 25, W: 6, H: 8},
			Description: "PASS when no check that the last run executed has failed; warnings are still PASS. On FAIL do not start trading: the table of targets below says what failed and why.",
			Targets:     []Target{{Expr: `arbitrage_preflight_last_success{env=~"$env"}`, Legend: "{{env}}"}},
			Unit:        Plain,
			Base:        Red, Thresholds: []Threshold{{At: 1, Color: Green}},
			Mappings: []Mapping{{Value: 0, Text: "FAIL", Color: Red}, {Value: 1, Text: "PASS", Color: Green}},
			Show:     Stat{Name: true, Fill: true},
		},
		{
			ID: 9, Title: "Preflight Duration P95", Grid: Grid{X: 6, Y: 25, W: 6, H: 8},
			Description: "95 of 100 runs took at most this long, over the last six run intervals. No data: fewer than two runs in that time. Above 500 ms something that the checks reach is slow; the latencies beside it and the exchanges' status pages say which.",
			Targets: []Target{{
				Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_duration_seconds_bucket{env=~"$env"}[6runs])))`,
				Legend: "{{env}}",
			}},
			Unit: Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: slow, Show: Stat{Name: true},
		},
		{
			ID: 10, Title: "Check Status Breakdown", Grid: Grid{X: 12, Y: 25, W: 6, H: 8},
			Description: "Results of all checks since counting began. It shows the habit, not the present: a slice of failures that grows over days is a check that needs repair.",
			Targets: []Target{{
				Expr:   `sum by (status) (arbitrage_preflight_checks_total{env=~"$env"})`,
				Legend: "{{status}}",
			}},
			Unit: Count,
			Series: []Series{
				{Name: "pass", Rename: "PASS", Color: Green},
				{Name: "fail", Rename: "FAIL", Color: Red},
				{Name: "warn", Rename: "WARN", Color: Orange},
			},
			Show: PieChart{},
		},
		{
			ID: 11, Title: "Redis/Postgres Latency", Grid: Grid{X: 18, Y: 25, W: 6, H: 8},
			Description: "How long the databases take to answer, connecting included: 95 of 100 runs stayed below, over the last six run intervals. Both rising together point to the host or the network, one alone to that database.",
			Targets: []Target{
				{
					Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_redis_latency_seconds_bucket{env=~"$env"}[6runs])))`,
					Legend: "Redis {{env}}",
				},
				{
					Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_postgres_latency_seconds_bucket{env=~"$env"}[6runs])))`,
					Legend: "Postgres {{env}}",
				},
			},
			Unit: Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: slow,
			Series:     []Series{{Query: "A", Color: Purple}, {Query: "B", Color: Blue}},
			Show:       TimeSeries{Lines: true},
		},
	}
}

// preflightReadiness is the second line: may it trade, is the answer fresh,
// and what stands in the way most often.
func preflightReadiness() []Panel {
	return []Panel{
		{
			ID: 15, Title: "Ready for Live", Grid: Grid{X: 0, Y: 33, W: 6, H: 8},
			Description: "READY when the last run executed every check for real and none failed. NOT READY with a preflight that passed means that checks were skipped: run it with --real-check and without --skip.",
			Targets:     []Target{{Expr: `arbitrage_preflight_ready_for_live{env=~"$env"}`, Legend: "{{env}}"}},
			Unit:        Plain,
			Base:        Orange, Thresholds: []Threshold{{At: 1, Color: Green}},
			Mappings: []Mapping{{Value: 0, Text: "NOT READY", Color: Orange}, {Value: 1, Text: "READY", Color: Green}},
			Show:     Stat{Name: true, Fill: true},
		},
		{
			ID: 16, Title: "Since Last Run", Grid: Grid{X: 6, Y: 33, W: 6, H: 8},
			Description: "Time since a preflight ended. Everything in this row is as old as this. Orange after two run intervals, red after three: the checker no longer runs, or its results no longer reach Prometheus.",
			Targets: []Target{{
				Expr:   `time() - max by (env) (arbitrage_preflight_last_run_timestamp_seconds{env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: []Threshold{{Runs: 2, Color: Orange}, {Runs: 3, Color: Red}},
			Show:       Stat{Name: true},
		},
		{
			ID: 12, Title: "Top Failed Checks (24 h)", Grid: Grid{X: 12, Y: 33, W: 12, H: 8},
			Description: "The checks that failed most often in the last 24 hours, whatever the time range above. All 0 is a good day. Start repairs at the top.",
			Targets: []Target{{
				Expr: `topk(5, sum by (check) (increase(arbitrage_preflight_checks_total{status="fail", env=~"$env"}[24h])))`,
			}},
			Unit: Count, Decimals: new(0),
			Thresholds: []Threshold{{At: 0.5, Color: Red}}, // increase() extrapolates: one failure is about 1
			Series:     []Series{{Name: "Failures", Fill: true}},
			Show: Table{
				Columns: []Column{{Field: "check", Title: "Check"}, {Field: Value, Title: "Failures"}},
				SortBy:  "Failures",
			},
		},
	}
}

// preflightDetail is what the verdict consists of, over time and now. Both
// panels turn a status into a number, the worse the greater.
func preflightDetail() []Panel {
	statuses := []Mapping{
		{Value: 0, Text: "SKIP", Color: Grey},
		{Value: 1, Text: "PASS", Color: Green},
		{Value: 2, Text: "WARN", Color: Orange},
		{Value: 3, Text: "FAIL", Color: Red},
	}
	return []Panel{
		{
			ID: 13, Title: "Check Status over Time", Grid: Grid{X: 0, Y: 41, W: 24, H: 10},
			Description: "The status that each check's last execution had. A band that keeps changing its colour is a check that flaps: its cause comes and goes, and a single PASS proves little.",
			Targets: []Target{{
				Expr: `max by (env, check) (
  arbitrage_preflight_check_status{status="pass", env=~"$env"}
  or 2 * arbitrage_preflight_check_status{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_check_status{status="fail", env=~"$env"}
)`,
				Legend: "{{check}} {{env}}",
			}},
			Unit: Plain, Mappings: statuses, Show: StateTimeline{},
		},
		{
			ID: 14, Title: "Targets", Grid: Grid{X: 0, Y: 51, W: 24, H: 12},
			Description: "Everything the checks looked at, the worst first, with the reason for each problem. The runbook of the alert says what to do about a reason; the checker's report has the details.",
			Targets: []Target{{
				Expr: `max by (env, check, target, reason) (
  2 * arbitrage_preflight_check_problem{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_check_problem{status="fail", env=~"$env"}
)
or on (env, check, target) max by (env, check, target) (
  arbitrage_preflight_target_status{status="pass", env=~"$env"}
  or 2 * arbitrage_preflight_target_status{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_target_status{status="fail", env=~"$env"}
)`,
			}},
			Unit:     Plain,
			Mappings: statuses,
			Series:   []Series{{Name: "Status", Fill: true}},
			Show: Table{
				Columns: []Column{
					{Field: "env", Title: "Environment"},
					{Field: Value, Title: "Status"},
					{Field: "check", Title: "Check"},
					{Field: "target", Title: "Target"},
					{Field: "reason", Title: "Reason"},
				},
				SortBy: "Status",
			},
		},
	}
}
