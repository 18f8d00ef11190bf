package main

import (
	"fmt"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// shop returns the metrics, records and alerts of the HTTP API. It contains no
// environment and no person.
func shop() preflight.Pack {
	return preflight.Pack{
		Name: "api",
		Metrics: []metrics.Desc{
			{Name: "acme_http_requests_total", Type: metrics.Counter, Help: "Requests by status code.", Labels: metrics.Labels("code")},
			{Name: "acme_http_request_duration_seconds", Type: metrics.Histogram, Unit: metrics.Seconds,
				Help: "Time to answer a request.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5}},
		},
		Groups: []rules.Group{{
			Name:    "api",
			Records: []rules.Record{errorRatio("5m"), errorRatio("30m"), errorRatio("1h"), errorRatio("6h")},
			Alerts:  []rules.Alert{errorBudgetBurn, latencyHigh},
		}},
	}
}

// budget is the share of requests that may fail in a month.
const budget = 0.001

func errorRatio(window string) rules.Record {
	return rules.Record{
		Name: "env_team:acme_http_errors:ratio_rate" + window,
		Expr: fmt.Sprintf(`
			sum by (env, team) (rate(acme_http_requests_total{code=~"5.."}[%[1]s]))
			/
			sum by (env, team) (rate(acme_http_requests_total[%[1]s]))`, window),
	}
}

// burning returns the condition that errors consume the budget factor times too
// fast, in both windows.
func burning(factor float64, long, short string) string {
	return fmt.Sprintf(`
		env_team:acme_http_errors:ratio_rate%[2]s > %.4[1]g
		and
		env_team:acme_http_errors:ratio_rate%[3]s > %.4[1]g`, factor*budget, long, short)
}

var errorBudgetBurn = rules.Alert{
	Name:     "ErrorBudgetBurn",
	Severity: "page",
	Expr:     burning(14.4, "1h", "5m") + " or " + burning(6, "6h", "30m"),
	Title:    "Error budget burns",
	Summary:  "{{ $labels.env }}: {{ $value | humanizePercentage }} of requests fail",
	Actions:  []string{"roll back the last release", "find the failing route on the dashboard"},
	About:    "At this rate the error budget of a month is gone within five days.",
	Panel: dashgen.Panel{
		Unit:    dashgen.Ratio,
		Targets: []dashgen.Target{{Expr: `env_team:acme_http_errors:ratio_rate5m`, Legend: "{{env}} {{team}}"}},
	},
	Scenarios: []rules.Scenario{{
		Name: "one request in fifty fails for 90 minutes",
		Series: `
			acme_http_requests_total{env="prod", team="payments", code="200"} 0+98x90 8920+100x600
			acme_http_requests_total{env="prod", team="payments", code="500"} 0+2x90  180x600`,
		Expect: []rules.Expect{
			rules.Quiet("0m"),
			rules.Fires("80m", `env="prod", team="payments"`).Says("summary", "prod: 2% of requests fail"),
			rules.Quiet("9h"),
		},
	}},
}

var latencyHigh = rules.Alert{
	Name:     "LatencyHigh",
	Severity: "ticket",
	Expr:     `histogram_quantile(0.99, sum by (env, team, le) (rate(acme_http_request_duration_seconds_bucket[5m]))) > 0.5`,
	For:      "10m",
	Title:    "API slow",
	Summary:  "{{ $labels.env }}: one request in a hundred takes over {{ $threshold }}",
	Actions:  []string{"look at the slowest traces"},
	About:    "The 99th percentile of the time to answer is above {{ $threshold }} for {{ $for }}.",
	Panel:    dashgen.Panel{Legend: "{{env}} {{team}}"},
}
