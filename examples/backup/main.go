// Command backup generates the observability of something unrelated to
// trading: a nightly backup that must have run, and not be empty.
//
//	go run ./examples/backup --out=/tmp/backup
//
// It shows that a pack of one's own needs the public packages alone.
package main

import (
	"os"
	"time"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

func main() {
	os.Exit(codegen.Main(pack(), os.Args[1:], os.Stdout, os.Stderr))
}

func pack() codegen.Pack {
	host := metrics.Label{Name: "host"}
	return codegen.Pack{
		Namespace: "backup",
		Timing:    metrics.Timing{Run: 24 * time.Hour, Scrape: time.Minute, Evaluation: time.Minute},
		Jobs:      []codegen.Job{{Name: "backup"}},
		Endpoints: codegen.Endpoints{
			Targets:       map[string][]string{"backup": {"backup:9200"}},
			Alertmanagers: []string{"alertmanager:9093"},
			Webhook:       "http://webhook:9917",
		},
		Metrics: []metrics.Desc{
			{
				Name: "backup_last_success_timestamp_seconds", Type: metrics.Gauge, Unit: metrics.Timestamp,
				Help: "When the last backup ended well.", Labels: []metrics.Label{host}, Cadence: metrics.EveryRun,
			},
			{
				Name: "backup_size_bytes", Type: metrics.Gauge, Unit: metrics.Bytes,
				Help: "The size of the last backup.", Labels: []metrics.Label{host}, Cadence: metrics.EveryRun,
			},
		},
		Groups: []rules.Group{{Name: "backup", Alerts: []rules.Alert{tooOld()}}},
		Routing: rules.Routing{
			Receivers: []rules.Receiver{{Name: "telegram", Path: api.NotifyPath(rules.Loud)}},
			Default: rules.Route{
				Receiver: "telegram", GroupBy: []string{"alertname"},
				Timing: rules.Timing{GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, Repeat: 24 * time.Hour},
			},
			Promises: []rules.Promise{{
				Receiver: "telegram", GroupBy: []string{"alertname"},
				Timing: rules.Timing{GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, Repeat: 24 * time.Hour},
			}},
		},
		Dashboards: []dashgen.Dashboard{{
			UID: "backup", Title: "Backups", Description: "Whether every host has a backup of today.",
			Window: 7 * 24 * time.Hour, Refresh: time.Minute,
			Variables: []dashgen.Variable{{Name: "host", Title: "Host", Description: "The hosts to look at.", Series: "backup_size_bytes", Label: "host"}},
			Panels: []dashgen.Panel{{
				ID: 1, Title: "Age", Description: "Time since the last good backup. Red: run it by hand.",
				Grid: dashgen.Grid{X: 0, Y: 0, W: 24, H: 8}, Unit: dashgen.Seconds,
				Thresholds: []dashgen.Threshold{{Runs: 2, Color: dashgen.Red}},
				Targets:    []dashgen.Target{{Expr: `time() - backup_last_success_timestamp_seconds{host=~"$host"}`, Legend: "{{host}}"}},
				Show:       dashgen.Stat{},
			}},
		}},
	}
}

func tooOld() rules.Alert {
	return rules.Alert{
		Name:      "BackupTooOld",
		Priority:  rules.P1,
		Expr:      `time() - backup_last_success_timestamp_seconds > 2runs`,
		Title:     rules.Text{EN: "Backup too old"},
		Summary:   rules.Text{EN: "{{ $labels.host }} has no backup of the last two days"},
		Actions:   []rules.Text{{EN: "read the log of the backup job"}, {EN: "run the backup by hand"}},
		About:     "Two nights went by without a good backup of this host.",
		Dashboard: "backup",
		Panel:     1,
		Scenarios: []rules.Scenario{{
			Name:   "fires when two days went by, resolves with the next backup",
			Series: []rules.Series{{Name: `backup_last_success_timestamp_seconds{host="db1",job="backup",instance="backup:9200"}`, Values: "0x2899 174000x10"}},
			Expect: []rules.Expect{
				{At: "48h"},
				{At: "48h1m", Firing: []rules.Instance{{Labels: map[string]string{"host": "db1", "job": "backup", "instance": "backup:9200"}}}},
				{At: "48h20m"},
			},
		}},
	}
}
