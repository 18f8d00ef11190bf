package main

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// perEnv returns a site whose alerts have a rule per environment.
func perEnv(alerts, envs int) preflight.Site {
	p := preflight.Pack{Name: "jobs", Groups: []rules.Group{{Name: "jobs"}}}
	for i := range alerts {
		metric := fmt.Sprintf("job%d_last_success_timestamp_seconds", i)
		p.Metrics = append(p.Metrics, metrics.Desc{Name: metric, Type: metrics.Gauge, Help: "When the job last succeeded.", Labels: metrics.Labels("env")})
		p.Groups[0].Alerts = append(p.Groups[0].Alerts, rules.Alert{
			Name: fmt.Sprintf("Job%dMissing", i), Severity: "critical", PerEnv: true,
			Expr:    fmt.Sprintf(`absent_over_time(%s{env="ENV"}[10m])`, metric),
			For:     "5m",
			Summary: "{{ $labels.env }}: no success is known",
			Scenarios: []rules.Scenario{{
				Name:   "fires in the environment that is missing",
				Series: metric + `{env="ENV"} 0x4 stale` + "\n" + metric + `{env="OTHER"} 0x30`,
				Expect: []rules.Expect{rules.Quiet("4m"), rules.Fires("25m", `env="ENV"`)},
			}},
		})
	}
	s := site(p)
	for i := range envs {
		s.Envs = append(s.Envs, fmt.Sprintf("env%03d", i))
	}
	return s
}

// large returns a site with many alerts, ten per group, on the given number of
// dashboards.
func large(alerts, boards int) preflight.Site {
	p := preflight.Pack{Name: "services"}
	for i := range alerts {
		metric := fmt.Sprintf("service%d_errors_total", i)
		p.Metrics = append(p.Metrics, metrics.Desc{Name: metric, Type: metrics.Counter, Help: "Requests that failed.", Labels: metrics.Labels("route")})
		if i%10 == 0 {
			p.Groups = append(p.Groups, rules.Group{Name: fmt.Sprintf("services-%04d", i/10)})
		}
		a := rules.Alert{
			Name: fmt.Sprintf("Service%dErrors", i), Severity: "warning",
			Expr:    fmt.Sprintf(`sum by (route) (rate(%s[5m])) > 0.1`, metric),
			For:     "5m",
			Summary: "{{ $labels.route }}: requests fail",
			Panel:   dashgen.Panel{Legend: "{{route}}"},
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Alerts = append(g.Alerts, a)
		board := i * boards / alerts
		if board == len(p.Dashboards) {
			p.Dashboards = append(p.Dashboards, dashgen.Dashboard{UID: fmt.Sprintf("services-%04d", board), Title: fmt.Sprintf("Services %d", board)})
		}
		p.Dashboards[board].Panels = append(p.Dashboards[board].Panels, a.Place())
	}
	return site(p)
}

func site(p preflight.Pack) preflight.Site {
	return preflight.Site{
		Name: "scale", Packs: []preflight.Pack{p},
		Timing:       metrics.Timing{Scrape: 15 * time.Second, Evaluation: 15 * time.Second},
		Jobs:         []preflight.Job{{Name: "services", Targets: []string{"services:8080"}}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Grafana:      preflight.Grafana{URL: "https://grafana.example"},
		RunbookURL:   "https://wiki.example/runbooks",
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "all", Chats: []routing.Chat{{Telegram: "$CHAT"}}}},
			Route:     routing.Route{Receiver: "all", GroupBy: []string{"alertname"}},
		},
	}
}
