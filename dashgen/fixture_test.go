package dashgen_test

import (
	"slices"

	"github.com/alertnative/preflight/dashgen"
)

// systemHealthBoard is the shipped dashboard: the four golden signals of the
// arbitrage exporter and its host, and under them the preflight's verdict and
// what it consists of.
//
// Of the exporter only what Prometheus itself knows of every target is used.
// Its targets carry the label env; those of the host do not, so onHost
// finds the hosts of the chosen environments.
func systemHealthBoard() dashgen.Dashboard {
	return dashgen.Dashboard{
		UID:         "arbitrage-system-health",
		Title:       "System Health",
		Description: "Golden signals of the arbitrage exporter and its host, and whether the preflight lets the system trade live.",
		Tags:        []string{"arbitrage", "preflight"},
		Window:      "6h",
		Refresh:     "30s",
		Variables: []dashgen.Variable{{
			Name:        "env",
			Title:       "Environment",
			Description: "The environments in which a preflight has run.",
			Series:      "arbitrage_preflight_last_run_timestamp_seconds",
			Label:       "env",
		}},
		Annotations: []dashgen.Annotation{{
			Name:  "Preflight failed",
			Expr:  `max by (env) (arbitrage_preflight_last_success{env=~"$env"} == bool 0)`,
			Title: "Preflight FAIL",
			Text:  "{{env}}",
			Color: dashgen.Red,
			Panels: []string{ // where the reason may show
				"Latency: Exporter Scrape", "Errors: Failed Scrapes", "Saturation: Host CPU", "Saturation: Host Memory", "Saturation: Host Disk", "Redis/Postgres Latency",
			},
		}},
		Panels: slices.Concat(exporterSignals(), hostSaturation()),
		Rows: []dashgen.Row{{
			ID: 100, Title: "Preflight Health",
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
func exporterSignals() []dashgen.Panel {
	return []dashgen.Panel{
		{
			ID: 1, Title: "Traffic: Exporter Samples",
			Description: "Samples that the arbitrage exporter offers at each scrape: how much it keeps track of. A step down means that a market, a strategy or a whole component stopped reporting; look at its log.",
			Targets: []dashgen.Target{{
				Expr:   `sum by (env) (scrape_samples_scraped{job="arbitrage_exporter", env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: dashgen.Count, Min: new(0.0), Show: dashgen.TimeSeries{},
		},
		{
			ID: 2, Title: "Traffic: Host Network",
			Description: "What the host receives and sends, without the loopback. A fall to nothing while the exporter is up points to a lost connection to the exchanges.",
			Targets: []dashgen.Target{
				{
					Expr:   `sum by (instance) (rate(node_network_receive_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
					Legend: "{{instance}} received",
				},
				{
					Expr:   `sum by (instance) (rate(node_network_transmit_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
					Legend: "{{instance}} sent",
				},
			},
			Unit: dashgen.BytesPerSecond, Decimals: new(1), Min: new(0.0), Show: dashgen.TimeSeries{},
		},
		{
			ID: 3, Title: "Latency: Exporter Scrape",
			Description: "How long the arbitrage exporter takes to answer a scrape. It does so beside its work, so a rising line is the first sign of an overloaded process; at 10 s Prometheus gives up and the scrape counts as failed.",
			Targets: []dashgen.Target{{
				Expr:   `max by (env) (scrape_duration_seconds{job="arbitrage_exporter", env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: []dashgen.Threshold{{At: 1, Color: dashgen.Orange}, {At: 10, Color: dashgen.Red}},
			Show:       dashgen.TimeSeries{Lines: true},
		},
		{
			ID: 4, Title: "Errors: Failed Scrapes", Width: 12,
			Description: "Share of scrapes that failed. The exporter's: the process is down or too slow. The host's: node_exporter is down, and with it the preflight's results, which it serves; restart it first.",
			Targets: []dashgen.Target{
				{
					Expr:   `1 - avg by (env) (avg_over_time(up{job="arbitrage_exporter", env=~"$env"}[$__rate_interval]))`,
					Legend: "exporter {{env}}",
				},
				{
					Expr:   `1 - avg by (instance) (avg_over_time(up{job="node_exporter"}[$__rate_interval]))` + onHost,
					Legend: "host {{instance}}",
				},
			},
			Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Overrides: []dashgen.FieldOverride{{Query: "A", Color: dashgen.Red}, {Query: "B", Color: dashgen.Purple}},
			Show:      dashgen.TimeSeries{},
		},
	}
}

// hostSaturation shows how full the host is.
func hostSaturation() []dashgen.Panel {
	nearlyFull := []dashgen.Threshold{{At: 0.8, Color: dashgen.Orange}, {At: 0.9, Color: dashgen.Red}}
	return []dashgen.Panel{
		{
			ID: 5, Title: "Saturation: Host CPU", Width: 12,
			Description: "Share of the time the processors are busy, and runnable or blocked tasks for each of them: above 100 % tasks wait. Find the process that takes it; while it lasts, latencies and the preflight's timeouts say little about what they measure.",
			Targets: []dashgen.Target{
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
			Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0),
			Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
		},
		{
			ID: 6, Title: "Saturation: Host Memory", Width: 12,
			Description: "Share of the memory that is not available to a new process. Near 100 % the kernel kills one of them: stop what is not needed before it chooses for you.",
			Targets: []dashgen.Target{{
				Expr: `1 - max by (instance) (node_memory_MemAvailable_bytes{job="node_exporter"})
/ max by (instance) (node_memory_MemTotal_bytes{job="node_exporter"})` + onHost,
				Legend: "{{instance}}",
			}},
			Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
		},
		{
			ID: 7, Title: "Saturation: Host Disk", Width: 12,
			Description: "Share of each file system that is in use. A full one stops databases and the preflight's own results: delete old logs and backups, or make it larger.",
			Targets: []dashgen.Target{{
				Expr: `1 - min by (instance, mountpoint) (
  node_filesystem_avail_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
  / node_filesystem_size_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
)` + onHost,
				Legend: "{{instance}} {{mountpoint}}",
			}},
			Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
			Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
		},
	}
}

// preflightOverview is the first line of the row: verdict, speed, results.
func preflightOverview() []dashgen.Panel {
	slow := []dashgen.Threshold{{At: 0.1, Color: dashgen.Orange}, {At: 0.5, Color: dashgen.Red}}
	return []dashgen.Panel{
		{
			ID: 8, Title: "Preflight Last Success", Width: 6,
			Description: "PASS when no check that the last run executed has failed; warnings are still PASS. On FAIL do not start trading: the table of targets below says what failed and why.",
			Targets:     []dashgen.Target{{Expr: `arbitrage_preflight_last_success{env=~"$env"}`, Legend: "{{env}}"}},
			Unit:        dashgen.Plain,
			Base:        dashgen.Red, Thresholds: []dashgen.Threshold{{At: 1, Color: dashgen.Green}},
			Mappings: []dashgen.Mapping{{Value: 0, Text: "FAIL", Color: dashgen.Red}, {Value: 1, Text: "PASS", Color: dashgen.Green}},
			Show:     dashgen.Stat{Name: true, Fill: true},
		},
		{
			ID: 9, Title: "Preflight Duration P95", Width: 6,
			Description: "95 of 100 runs took at most this long, over the last six run intervals. No data: fewer than two runs in that time. Above 500 ms something that the checks reach is slow; the latencies beside it and the exchanges' status pages say which.",
			Targets: []dashgen.Target{{
				Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_duration_seconds_bucket{env=~"$env"}[6runs])))`,
				Legend: "{{env}}",
			}},
			Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: slow, Show: dashgen.Stat{Name: true},
		},
		{
			ID: 10, Title: "Check Status Breakdown", Width: 6,
			Description: "Results of all checks since counting began. It shows the habit, not the present: a slice of failures that grows over days is a check that needs repair.",
			Targets: []dashgen.Target{{
				Expr:   `sum by (status) (arbitrage_preflight_checks_total{env=~"$env"})`,
				Legend: "{{status}}",
			}},
			Unit: dashgen.Count,
			Overrides: []dashgen.FieldOverride{
				{Name: "pass", Rename: "PASS", Color: dashgen.Green},
				{Name: "fail", Rename: "FAIL", Color: dashgen.Red},
				{Name: "warn", Rename: "WARN", Color: dashgen.Orange},
			},
			Show: dashgen.PieChart{},
		},
		{
			ID: 11, Title: "Redis/Postgres Latency", Width: 6,
			Description: "How long the databases take to answer, connecting included: 95 of 100 runs stayed below, over the last six run intervals. Both rising together point to the host or the network, one alone to that database.",
			Targets: []dashgen.Target{
				{
					Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_redis_latency_seconds_bucket{env=~"$env"}[6runs])))`,
					Legend: "Redis {{env}}",
				},
				{
					Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_postgres_latency_seconds_bucket{env=~"$env"}[6runs])))`,
					Legend: "Postgres {{env}}",
				},
			},
			Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: slow,
			Overrides:  []dashgen.FieldOverride{{Query: "A", Color: dashgen.Purple}, {Query: "B", Color: dashgen.Blue}},
			Show:       dashgen.TimeSeries{Lines: true},
		},
	}
}

// preflightReadiness is the second line: may it trade, is the answer fresh,
// and what stands in the way most often.
func preflightReadiness() []dashgen.Panel {
	return []dashgen.Panel{
		{
			ID: 15, Title: "Ready for Live", Width: 6,
			Description: "READY when the last run executed every check for real and none failed. NOT READY with a preflight that passed means that checks were skipped: run it with --real-check and without --skip.",
			Targets:     []dashgen.Target{{Expr: `arbitrage_preflight_ready_for_live{env=~"$env"}`, Legend: "{{env}}"}},
			Unit:        dashgen.Plain,
			Base:        dashgen.Orange, Thresholds: []dashgen.Threshold{{At: 1, Color: dashgen.Green}},
			Mappings: []dashgen.Mapping{{Value: 0, Text: "NOT READY", Color: dashgen.Orange}, {Value: 1, Text: "READY", Color: dashgen.Green}},
			Show:     dashgen.Stat{Name: true, Fill: true},
		},
		{
			ID: 16, Title: "Since Last Run", Width: 6,
			Description: "Time since a preflight ended. Everything in this row is as old as this. Orange after two run intervals, red after three: the checker no longer runs, or its results no longer reach Prometheus.",
			Targets: []dashgen.Target{{
				Expr:   `time() - max by (env) (arbitrage_preflight_last_run_timestamp_seconds{env=~"$env"})`,
				Legend: "{{env}}",
			}},
			Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
			Thresholds: []dashgen.Threshold{{Runs: 2, Color: dashgen.Orange}, {Runs: 3, Color: dashgen.Red}},
			Show:       dashgen.Stat{Name: true},
		},
		{
			ID: 12, Title: "Top Failed Checks (24 h)", Width: 12,
			Description: "The checks that failed most often in the last 24 hours, whatever the time range above. All 0 is a good day. Start repairs at the top.",
			Targets: []dashgen.Target{{
				Expr: `topk(5, sum by (check) (increase(arbitrage_preflight_checks_total{status="fail", env=~"$env"}[24h])))`,
			}},
			Unit: dashgen.Count, Decimals: new(0),
			Thresholds: []dashgen.Threshold{{At: 0.5, Color: dashgen.Red}}, // increase() extrapolates: one failure is about 1
			Overrides:  []dashgen.FieldOverride{{Name: "Failures", Fill: true}},
			Show: dashgen.Table{
				Columns: []dashgen.Column{{Field: "check", Title: "Check"}, {Field: dashgen.Value, Title: "Failures"}},
				SortBy:  "Failures",
			},
		},
	}
}

// preflightDetail is what the verdict consists of, over time and now. Both
// panels turn a status into a number, the worse the greater.
func preflightDetail() []dashgen.Panel {
	statuses := []dashgen.Mapping{
		{Value: 0, Text: "SKIP", Color: dashgen.Grey},
		{Value: 1, Text: "PASS", Color: dashgen.Green},
		{Value: 2, Text: "WARN", Color: dashgen.Orange},
		{Value: 3, Text: "FAIL", Color: dashgen.Red},
	}
	return []dashgen.Panel{
		{
			ID: 13, Title: "Check Status over Time", Width: 24, Height: 10,
			Description: "The status that each check's last execution had. A band that keeps changing its colour is a check that flaps: its cause comes and goes, and a single PASS proves little.",
			Targets: []dashgen.Target{{
				Expr: `max by (env, check) (
  arbitrage_preflight_check_status{status="pass", env=~"$env"}
  or 2 * arbitrage_preflight_check_status{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_check_status{status="fail", env=~"$env"}
)`,
				Legend: "{{check}} {{env}}",
			}},
			Unit: dashgen.Plain, Mappings: statuses, Show: dashgen.StateTimeline{},
		},
		{
			ID: 14, Title: "Targets", Width: 24, Height: 12,
			Description: "Everything the checks looked at, the worst first, with the reason for each problem. The runbook of the alert says what to do about a reason; the checker's report has the details.",
			Targets: []dashgen.Target{{
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
			Unit:      dashgen.Plain,
			Mappings:  statuses,
			Overrides: []dashgen.FieldOverride{{Name: "Status", Fill: true}},
			Show: dashgen.Table{
				Columns: []dashgen.Column{
					{Field: "env", Title: "Environment"},
					{Field: dashgen.Value, Title: "Status"},
					{Field: "check", Title: "Check"},
					{Field: "target", Title: "Target"},
					{Field: "reason", Title: "Reason"},
				},
				SortBy: "Status",
			},
		},
	}
}
