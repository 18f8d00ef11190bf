// Package postgres monitors PostgreSQL servers by postgres_exporter.
package postgres

import (
	"cmp"
	"fmt"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Options adapt the pack to a site.
type Options struct {
	Job         string // scrape job of postgres_exporter; default "postgres"
	Connections string // threshold as a share of max_connections; default "0.8"
	Replication bool   // the server is a replica
}

// Pack returns the pack.
func Pack(o Options) preflight.Pack {
	o.Job = cmp.Or(o.Job, "postgres")
	o.Connections = cmp.Or(o.Connections, "0.8")
	alerts := []rules.Alert{down(o), connectionsHigh(o)}
	if o.Replication {
		alerts = append(alerts, replicationLags(o))
	}
	return preflight.Pack{
		Name:       "postgres",
		Exporters:  metrics.Exporters("postgres_exporter@0.17"),
		Groups:     []rules.Group{{Name: "postgres", Alerts: alerts}},
		Dashboards: []dashgen.Dashboard{board(o, alerts)},
		Routing: routing.Routing{
			Inhibit: []routing.Inhibit{{Source: `alertname="PostgresDown"`, Target: `alertname="PostgresConnectionsHigh"`, Equal: []string{"job", "instance"}}},
			Quiet:   []routing.Quiet{{Match: `alertname="PostgresConnectionsHigh"`, While: `alertname="PostgresDown"`, Equal: []string{"job", "instance"}}},
		},
	}
}

func down(o Options) rules.Alert {
	return rules.Alert{
		Name: "PostgresDown", Severity: "critical", For: "1m",
		Expr:         fmt.Sprintf(`pg_up{job=%q} == 0`, o.Job),
		Title:        "PostgreSQL down",
		Summary:      "{{ $labels.instance }} accepts no connection",
		Actions:      []string{"read the log of the server"},
		About:        "postgres_exporter runs, and cannot connect to its server.",
		Translations: map[string]rules.Translation{"ko": {Title: "PostgreSQL 중단", Summary: "{{ $labels.instance }} 접속 불가", Actions: []string{"서버 로그 확인"}}},
		Scenarios: []rules.Scenario{{
			Name:   "a server stops",
			Series: fmt.Sprintf(`pg_up{job=%q, instance="db:9187"} 1 0x5 1x5`, o.Job),
			Expect: []rules.Expect{rules.Quiet("1m"), rules.Fires("2m", fmt.Sprintf(`job=%q, instance="db:9187"`, o.Job)), rules.Quiet("7m")},
		}},
	}
}

func connectionsHigh(o Options) rules.Alert {
	return rules.Alert{
		Name: "PostgresConnectionsHigh", Severity: "warning", For: "5m",
		Expr: fmt.Sprintf(`
			sum by (job, instance) (pg_stat_activity_count{job=%[1]q})
			/ on (job, instance)
			pg_settings_max_connections{job=%[1]q} > %[2]s`, o.Job, o.Connections),
		Title:   "PostgreSQL connections used up",
		Summary: "{{ $labels.instance }} uses more than {{ $threshold }} of max_connections",
		Actions: []string{"look for sessions that are idle in transaction in pg_stat_activity", "lower the pool size of the programs"},
		About:   "Above max_connections the server refuses new connections.",
		Panel:   dashgen.Panel{Unit: dashgen.Ratio, Legend: "{{instance}}"},
	}
}

func replicationLags(o Options) rules.Alert {
	return rules.Alert{
		Name: "PostgresReplicationLags", Severity: "warning", For: "5m",
		Expr:    fmt.Sprintf(`pg_replication_lag_seconds{job=%q} > 30`, o.Job),
		Title:   "PostgreSQL replica lags",
		Summary: "{{ $labels.instance }} is more than {{ $threshold }} behind its primary",
		Panel:   dashgen.Panel{Legend: "{{instance}}"},
	}
}

// board returns a dashboard with the alerts and the load.
func board(o Options, alerts []rules.Alert) dashgen.Dashboard {
	b := dashgen.Dashboard{
		UID: "postgres", Title: "PostgreSQL",
		Variables: []dashgen.Variable{{Name: "instance", Series: fmt.Sprintf(`pg_up{job=%q}`, o.Job), Label: "instance"}},
		Rows: []dashgen.Row{{Title: "Load", Panels: []dashgen.Panel{{
			Title: "Commits", Description: "Transactions per second. None, with connections used up, is a lock.",
			Targets: []dashgen.Target{{
				Expr:   fmt.Sprintf(`sum by (datname) (rate(pg_stat_database_xact_commit{job=%q, instance=~"$instance"}[$__rate_interval]))`, o.Job),
				Legend: "{{datname}}",
			}},
		}}}},
	}
	for _, a := range alerts {
		b.Panels = append(b.Panels, a.Place())
	}
	return b
}
