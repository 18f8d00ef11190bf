package main

import (
	"strings"
	"testing"

	"acme.example/observability/internal/try"
	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

func TestGenerates(t *testing.T) {
	try.Accepted(t, try.Generate(t, site()))
}

func TestMistakes(t *testing.T) {
	for name, m := range map[string]struct {
		make func(*preflight.Site)
		want string
	}{
		"pages of infra stop at PagerDuty": {
			func(s *preflight.Site) {
				routes := s.Routing.Route.Routes
				s.Routing.Route.Routes = routes[:len(routes)-1]
			},
			`promised to infra, pagerduty, goes to pagerduty`,
		},
		"a promise that the times do not keep": {
			func(s *preflight.Site) { s.Routing.Route.GroupInterval = "5m" },
			"promised within 2m, can take 5m30s",
		},
		"an alert for direct delivery uses the webhook": {
			func(s *preflight.Site) {
				s.Routing.Route.Routes = append(s.Routing.Route.Routes[:1:1], s.Routing.Route.Routes[2:]...)
			},
			`the webhook may be unable to deliver it, and no other receiver gets it`,
		},
		"a team sees the other's alerts": {
			func(s *preflight.Site) { s.Routing.Route.Routes[3].Match = `severity=~"page|ticket"` },
			"promised never to infra, and goes there",
		},
		"tickets at night": {
			func(s *preflight.Site) { s.Routing.Route.Routes[2].Mute = nil },
			"promised not to be sent in promised-night, and is",
		},
		"a night of an hour": {
			func(s *preflight.Site) { s.Routing.TimeIntervals[0].Times[1] = "07:00-07:00" },
			"night",
		},
		"both teams in one chat": {
			func(s *preflight.Site) { s.Routing.Receivers[2].Chats = s.Routing.Receivers[1].Chats },
			"which has the same chat $PAYMENTS_CHAT",
		},
		"tickets while the Watchdog fires": {
			func(s *preflight.Site) { s.Routing.Inhibit[0].Source = `alertname="Watchdog"` },
			"its source Watchdog always fires",
		},
		"a page in staging holds tickets of prod back": {
			func(s *preflight.Site) {
				s.Routing.Inhibit[0].Equal, s.Routing.Quiet[0].Equal = []string{"team"}, []string{"team"}
			},
			`add "env" to Equal`,
		},
		"a severity that PagerDuty refuses": {
			func(s *preflight.Site) {
				s.Routing.Receivers[0].PagerDuty[0].YAML = `severity: '{{ .CommonLabels.severity }}'`
			},
			`it gives "page", and PagerDuty takes critical`,
		},
		"a zone that is missing": {
			func(s *preflight.Site) { s.Routing.TimeIntervals[0].Location = "" },
			"except in promised-night, and is not sent on",
		},
		"pages of all teams in one group": {
			func(s *preflight.Site) { s.Routing.Route.GroupBy = []string{"alertname", "env"} },
			"promised to be grouped by alertname, env, team",
		},
		"a secret in the file": {
			func(s *preflight.Site) { s.Routing.Receivers[0].PagerDuty[0].YAML = "routing_key: 0123456789" },
			`receiver "pagerduty"`,
		},
		"pages hold back those without a team": {
			func(s *preflight.Site) { s.Routing.Inhibit[0].Source = `severity="page"` },
			`Equal has "team", which`,
		},
		"an urgent alert that is not": {
			func(s *preflight.Site) {
				s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "LatencyHigh", Severity: "page"})
			},
			`alert "LatencyHigh": AM010: its severity "page" is urgent`,
		},
		"a level that the pipeline pack needs": {
			func(s *preflight.Site) { s.Severities.Levels[1].Takes = []string{"P1", "P2"} },
			`the severity "P3"`,
		},
		"a budget ten times too large": {
			func(s *preflight.Site) {
				s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "ErrorBudgetBurn", Edit: func(a *rules.Alert) {
					a.Expr = strings.ReplaceAll(a.Expr, "> 0.0", "> 0.")
				}, Scenarios: errorBudgetBurn.Scenarios})
			},
			`alert "ErrorBudgetBurn": DF014: scenario "one request in fifty fails for 90 minutes", at 1h20m`,
		},
		"an environment that is not one of the site": {
			func(s *preflight.Site) { s.Envs = []string{"prod"} },
			`job "api": DF018: ByEnv: "staging" is none of the site's Envs (prod)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := site()
			m.make(&s)
			if got := try.Findings(t, s); !strings.Contains(got, m.want) {
				t.Errorf("the findings lack %q:\n%s", m.want, got)
			}
		})
	}
}
