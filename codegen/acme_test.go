package codegen_test

import (
	"testing/fstest"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// acme returns a small site that sets nearly every field.
func acme() preflight.Site {
	return preflight.Site{
		Name: "acme", Packs: []preflight.Pack{acmeAPI(), acmeWeb()}, Envs: []string{"staging", "prod"},
		Timing:         metrics.Timing{Run: 2 * time.Minute, Scrape: 15 * time.Second, Evaluation: 30 * time.Second},
		ExternalLabels: map[string][]string{"cluster": {"eu"}},
		TargetLabels:   []metrics.Label{{Name: "zone", Values: []string{"a", "b"}}},
		Jobs: []preflight.Job{
			{
				Name: "api", ByEnv: map[string][]string{"staging": {"api.staging:8080"}, "prod": {"api-1:8080", "api-2:8080"}},
				Labels: map[string]string{"team": "payments"}, Interval: "10s", Path: "/m", Scheme: "https", YAML: "honor_labels: true",
			},
			{Name: "db", Targets: []string{"db-1:9000", "db-2:9000"}},
		},
		Severities: routing.Severities{Label: "severity", Levels: []routing.Level{
			{Name: "page", Icon: "🚨", Urgent: true, Sound: routing.Loud, Takes: []string{"P0"}},
			{Name: "ticket", Icon: "🎫", Sound: routing.Silent, Takes: []string{"P2"}},
			{Name: "note", Sound: routing.NoMessage},
		}},
		Urgent:       []string{"APISlow"},
		Routing:      acmeRouting(),
		Alertmanager: preflight.Alertmanager{Addresses: []string{"am-1:9093", "am-2:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917", Token: routing.Secret("webhook_token"), DefaultChat: "$TEAM"},
		Grafana:      preflight.Grafana{URL: "https://grafana.acme.example"},
		RunbookURL:   "https://wiki.acme.example/runbooks",
		Outputs:      []preflight.Output{preflight.Files{Secrets: "/srv/secrets"}},
	}
}

func acmeAPI() preflight.Pack {
	return preflight.Pack{
		Name: "api",
		Metrics: []metrics.Desc{
			{Name: "acme_latency_seconds", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "Time to answer.", Labels: metrics.Labels("route"), Cadence: metrics.EveryRun},
			{
				Name: "acme_spare", Type: metrics.Gauge, Unit: metrics.None, Help: "For people.",
				Waivers: []finding.Waiver{{Code: finding.UnusedMetric, Why: "looked at by hand"}},
			},
		},
		Exporters: []metrics.Desc{{Name: "db_up", Type: metrics.Gauge, Unit: metrics.Bool, Help: "Whether it answers."}},
		Groups: []rules.Group{{
			Name: "api", Interval: "20s", QueryOffset: "5s", Limit: 50, Labels: map[string]string{"source": "api"},
			Records: []rules.Record{{
				Name: "env:acme_latency_seconds:max", Expr: "max by (env) (acme_latency_seconds)", Labels: map[string]string{"kind": "worst"},
				Scenarios: []rules.Scenario{{
					Name: "the slowest route counts", Step: "1run",
					Series: `
						acme_latency_seconds{env="ENV", route="/pay"}  1x5
						acme_latency_seconds{env="ENV", route="/list"} 2x5`,
					Expect: []rules.Expect{rules.Samples("1run", `env="ENV" 2`)},
				}},
			}, {
				Name: "job:db_up:stddev", Expr: "stddev by (job) (db_up)", Untested: "for people's queries",
			}},
			Alerts: []rules.Alert{acmeMissing(), acmeOdd()},
		}},
		Dashboards: []dashgen.Dashboard{acmeBoard()},
		Routing: routing.Routing{
			Inhibit: []routing.Inhibit{{Source: `alertname="DBDown", severity="ticket"`, Target: `alertname="DBOdd"`, Equal: []string{"job"}}},
			Quiet:   []routing.Quiet{{Match: `alertname="DBOdd"`, While: `alertname="DBDown", severity="ticket"`, Equal: []string{"job"}}},
		},
		RuleFiles: fstest.MapFS{"db.yml": {Data: []byte("groups: [{name: db, rules: [{alert: DBDown, expr: db_up == 0, labels: {severity: ticket}}]}]\n")}},
		Runbooks:  []preflight.Runbook{{Alerts: []string{"APISlow"}, Markdown: "Look at the traces."}},
	}
}

// acmeWeb returns a pack without a dashboard, so that one is generated.
func acmeWeb() preflight.Pack {
	return preflight.Pack{
		Name:   "web",
		Groups: []rules.Group{{Name: "web", Alerts: []rules.Alert{acmeSlow()}}},
		Checks: []spec.Spec{{
			Name: "Routes", Looks: "the routes", Network: true,
			Reasons: []spec.Reason{{Name: "gone", Meaning: "it is gone", Remedy: "add it"}},
		}},
	}
}

func acmeSlow() rules.Alert {
	return rules.Alert{
		Name: "APISlow", Severity: "P2", Expr: "acme_latency_seconds > 0.5", For: "4m", KeepFiringFor: "6m",
		Also:        []rules.Condition{{Severity: "page", Expr: "acme_latency_seconds > 2", For: "2m"}},
		Labels:      map[string]string{"area": "web", "tier": "one"},
		Annotations: map[string]string{"detail": "{{ $value }} s"},
		Title:       "Slow API", Summary: "{{ $labels.route }} takes over {{ $threshold }}", Reason: "load",
		Headline: "APIs are slow", ListTitle: "Slow routes", Actions: []string{"look", "scale"}, About: "It is above {{ $threshold }}.",
		Translations: map[string]rules.Translation{"ko": {
			Title: "느린 API", Summary: "{{ $labels.route }}: {{ $threshold }} 초과", Headline: "API 지연", ListTitle: "느린 경로", Actions: []string{"확인", "확장"},
		}},
		Panel: dashgen.Panel{
			ID: 7, Title: "Latency", Description: "How slow.", Legend: "{{env}} {{route}}", Unit: dashgen.Seconds, Decimals: new(2), Min: new(0.0), Max: new(9.0),
			Base: dashgen.Blue, Thresholds: []dashgen.Threshold{{At: 0.5, Color: dashgen.Orange}, {At: 2, Color: dashgen.Red}},
			Mappings: []dashgen.Mapping{{Value: 0, Text: "idle", Color: dashgen.Grey}}, Width: 12, Height: 9,
			Overrides: []dashgen.FieldOverride{{Query: "A", Color: dashgen.Purple}}, Show: dashgen.TimeSeries{Lines: true, Stacked: true},
		},
		Scenarios: []rules.Scenario{{
			Name: "fires when it is slow for four minutes", Step: "2m",
			Series: `acme_latency_seconds{env="ENV", route="/pay"} 0.1 0.6x9 0.1x9`,
			Expect: []rules.Expect{
				rules.Quiet("4m"),
				rules.Fires("6m", `severity="ticket", env="ENV", route="/pay"`).Says("detail", "0.6 s"),
				rules.Quiet("30m"),
			},
		}},
		Equivalents: []finding.Equivalent{{Mutant: "> → >=", Why: "no value is exact"}},
	}
}

func acmeMissing() rules.Alert {
	return rules.Alert{
		Name: "APIMissing", Severity: "ticket", PerEnv: true, HoldWhileDown: "db",
		Expr: `absent_over_time(acme_latency_seconds{env="ENV"}[3runs])`,
	}
}

func acmeOdd() rules.Alert {
	return rules.Alert{
		Name: "DBOdd", Severity: "ticket", Expr: "stddev by (job) (db_up) > 0.4", Untested: "no test is possible",
		Waivers: []finding.Waiver{{Code: finding.NotShown, Why: "seldom"}},
	}
}

func acmeBoard() dashgen.Dashboard {
	return dashgen.Dashboard{
		UID: "acme-api", Title: "API", Description: "Of the API.", Tags: []string{"acme", "api"}, Window: "3h", Refresh: "10s",
		Variables: []dashgen.Variable{
			{Name: "env", Title: "Environment", Description: "Where.", Series: "acme_latency_seconds", Label: "env"},
			{Name: "part", Title: "Part", Values: []string{"/pay", "/list"}, Single: true},
		},
		Annotations: []dashgen.Annotation{{
			Name: "slow", Expr: "max by (env) (acme_latency_seconds) > bool 2", Title: "Slow", Text: "{{env}}", Color: dashgen.Red, Panels: []string{"Routes"},
		}},
		Panels: []dashgen.Panel{
			{
				Title: "Routes", Description: "All routes.", Targets: []dashgen.Target{{Expr: `max by (route) (acme_latency_seconds{route=~"$part", env=~"$env"})`}},
				Unit: dashgen.Seconds, Show: dashgen.Table{
					Columns: []dashgen.Column{{Field: "route", Title: "Route"}, {Field: dashgen.Value, Title: "Time"}}, SortBy: "Time",
				},
				Overrides: []dashgen.FieldOverride{{Name: "Time", Fill: true, Mappings: []dashgen.Mapping{{Value: 0, Text: "idle", Color: dashgen.Grey}}}},
			},
		},
		Rows: []dashgen.Row{{
			ID: 100, Title: "More", Collapsed: true,
			Panels: []dashgen.Panel{
				acmeMissing().Place(),
				{Title: "Note", Show: dashgen.Text{Markdown: "Read this."}},
				{
					Title: "State", Description: "Whether it answers.", Targets: []dashgen.Target{{Expr: "db_up", Legend: "{{instance}}"}},
					Unit: dashgen.Count, Show: dashgen.Stat{Name: true, Fill: true},
					Overrides: []dashgen.FieldOverride{{Name: "db-1:9000", Rename: "first"}},
				},
			},
		}},
	}
}

func acmeRouting() routing.Routing {
	return routing.Routing{
		Receivers: []routing.Receiver{
			{Name: "chat", Chats: []routing.Chat{{Telegram: "$TEAM"}}, Sound: routing.Silent, Language: "ko"},
			{Name: "loud", Chats: []routing.Chat{{Telegram: "$TEAM"}}, Language: "ko", FiringOnly: true},
			{Name: "direct", Telegram: []routing.Telegram{{BotToken: routing.Secret("bot"), ChatIDFile: routing.Secret("room"), YAML: "message_thread_id: 7"}}, Sound: routing.Silent},
			{Name: "spare", Telegram: []routing.Telegram{{BotToken: routing.File("/bot"), ChatID: -7}}},
			{Name: "other", Webhook: []routing.Webhook{{URL: routing.File("/hook")}}},
			{Name: "heartbeat", Watchdog: true},
		},
		Route: routing.Route{
			Receiver: "chat", GroupBy: []string{"alertname", "env"}, GroupWait: "20s", GroupInterval: "2m", RepeatInterval: "6h",
			Routes: []routing.Route{
				{Match: `alertname="Alive"`, Receiver: "heartbeat", GroupBy: []string{}, GroupWait: "0s", GroupInterval: "5s", RepeatInterval: "1m"},
				{Match: `severity="page"`, Receiver: "direct", Continue: true},
				{Match: `severity="page"`, Receiver: "loud"},
				{Match: `alertname="DBOdd"`, Receiver: "spare", Active: []string{"office"}},
				{Match: `alertname="DBDown"`, Receiver: "other"},
				{Match: `severity="ticket"`, Receiver: "chat", RepeatInterval: "24h", Mute: []string{"nights", "holidays"}},
			},
		},
		TimeIntervals: []routing.TimeInterval{
			{Name: "nights", Times: []string{"22:00-24:00", "00:00-07:00"}, Location: "Europe/Berlin"},
			{Name: "office", Times: []string{"09:00-17:00"}, Weekdays: []string{"monday:thursday", "friday"}},
			{Name: "holidays", Days: []string{"1:2", "25"}, Months: []string{"january", "december"}, Years: []string{"2026", "2027"}},
		},
		Promises: []routing.Promise{
			{Match: `severity="page"`, Receiver: "loud", GroupBy: []string{"alertname", "env"}, Gather: "20s", Within: "2m30s", Again: "6h2m", NotAgain: "6h", Sound: routing.Loud},
			{Match: `severity="page"`, Receiver: "direct", Resolved: true},
			{Match: `severity="ticket", alertname="APISlow"`, Never: "loud", NotIn: []string{"nights", "holidays"}},
		},
		Waivers:     []finding.Waiver{{Code: finding.UnreachableRoute, Why: "the heartbeat is of another team"}},
		Equivalents: []finding.Equivalent{{Mutant: "route: x → (dropped)", Why: "no effect"}},
	}
}
