package main

import (
	"strings"
	"testing"

	"acme.example/observability/internal/try"
	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

func TestGenerates(t *testing.T) {
	try.Accepted(t, try.Generate(t, site()))
}

// alert returns a pointer to an alert of the site.
func alert(s *preflight.Site, name string) *rules.Alert {
	list := s.Packs[0].Groups[0].Alerts
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	panic("no alert " + name)
}

// Each mistake stops generation with a finding that explains the fix.
func TestMistakes(t *testing.T) {
	for name, m := range map[string]struct {
		make func(*preflight.Site)
		want []string
	}{
		"a metric misspelt": {
			func(s *preflight.Site) { alert(s, "BotErrors").Expr = `rate(bot_error_total[5m]) > 0.1` },
			[]string{`alert "BotErrors", expr: PQ002: no metric "bot_error_total"`, `did you mean "bot_errors_total"?`},
		},
		"a label misspelt": {
			func(s *preflight.Site) {
				alert(s, "BotErrors").Expr = `rate(bot_errors_total{knd="timeout"}[5m]) > 0.1`
			},
			[]string{`bot_errors_total has no label "knd"`, `did you mean "kind"?`},
		},
		"a text with a label that is not there": {
			func(s *preflight.Site) { alert(s, "BotErrors").Summary = "{{ $labels.pair }} fails" },
			[]string{`annotation "summary": PQ030: the label "pair" is not in the expression's result`},
		},
		"a gauge taken for a counter": {
			func(s *preflight.Site) { alert(s, "BotErrors").Expr = `rate(bot_position_base[5m]) > 1` },
			[]string{"PQ010: rate is for counters, and bot_position_base is a gauge"},
		},
		"no comparison": {
			func(s *preflight.Site) { alert(s, "BotErrors").Expr = `rate(bot_errors_total[5m])` },
			[]string{"PQ041: no comparison"},
		},
		"a window of one scrape": {
			func(s *preflight.Site) { alert(s, "BotErrors").Expr = `rate(bot_errors_total[1m]) > 0.1` },
			[]string{"PQ021: rate in 1m, with a scrape of job bot every 1m"},
		},
		"an alert without severity": {
			func(s *preflight.Site) { alert(s, "DiskFull").Severity = "" },
			[]string{`alert "DiskFull": DF006: it has no Severity: give it one of critical, warning, info`},
		},
		"a severity misspelt": {
			func(s *preflight.Site) { alert(s, "DiskFull").Severity = "critcal" },
			[]string{`the severity "critcal"`, `did you mean "critical"?`},
		},
		"a scale that takes no word of the pack": {
			func(s *preflight.Site) {
				s.Severities = routing.Severities{Label: "severity", Levels: []routing.Level{{Name: "page", Urgent: true}, {Name: "ticket", Takes: []string{"warning"}}}}
			},
			[]string{`the severity "critical" (they have and take page, ticket, warning): add it to the Takes of a level`},
		},
		"a delay in words": {
			func(s *preflight.Site) { alert(s, "DiskFull").For = "10 minutes" },
			[]string{`alert "DiskFull", For: DF019`, `write it as "30s"`},
		},
		"an alert for each environment, without environments": {
			func(s *preflight.Site) { alert(s, "BotStuck").PerEnv = true },
			[]string{`alert "BotStuck": DF017: it is PerEnv, and the site has no Envs`},
		},
		"a false scenario": {
			func(s *preflight.Site) {
				alert(s, "BotStuck").Scenarios = []rules.Scenario{{
					Name: "no price comes", Series: `bot_last_tick_timestamp_seconds{pair="BTC-USDT"} 0x20`,
					Expect: []rules.Expect{rules.Quiet("4m"), rules.Fires("5m", `pair="BTC-USDT"`)},
				}}
			},
			[]string{`alert "BotStuck": DF014: scenario "no price comes", at 5m: got nothing, want {pair="BTC-USDT", severity="critical"}`},
		},
		"a condition of which no test can be made": {
			func(s *preflight.Site) { alert(s, "BotStuck").Expr = `changes(bot_position_base[1h]) > 10` },
			[]string{"DF003: nothing proves it", "write Scenarios"},
		},
		"a receiver misspelt": {
			func(s *preflight.Site) {
				s.Routing.Route.Routes = []routing.Route{{Match: `severity="warning"`, Receiver: "mee"}}
			},
			[]string{`routing, {severity="warning"}: AM003: the receiver "mee" is not defined`, `did you mean "me"?`},
		},
		"a route for a severity that is not there": {
			func(s *preflight.Site) {
				s.Routing.Route.Routes = []routing.Route{{Match: `severity="page"`, Receiver: "me"}}
			},
			[]string{`AM002: no alert gets here: there is no level "page"`},
		},
		"a chat without a number": {
			func(s *preflight.Site) { s.Routing.Receivers[0].Chats[0].Telegram = "CHAT" },
			[]string{`receiver "me": AM009: the chat "CHAT" is none`},
		},
		"an exporter misspelt": {
			func(s *preflight.Site) { s.Packs[0].Exporters = metrics.Exporters("node_exproter") },
			[]string{`exporter "node_exproter": DF011`, "node_exporter"},
		},
		"a target with a path": {
			func(s *preflight.Site) { s.Jobs[1].Targets = []string{"http://localhost:8000/metrics"} },
			[]string{`job "bot": DF018`, "is not host:port"},
		},
		"an override of an alert misspelt": {
			func(s *preflight.Site) { s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "BotStuk", For: "1m"}) },
			[]string{`pack "bot", Override: DF008: the pack has no alert "BotStuk"`, `did you mean "BotStuck"?`},
		},
		"a pack without a name": {
			func(s *preflight.Site) { s.Packs[0].Name = "" },
			[]string{"pack without a name: DF017"},
		},
		"a list of urgent alerts, misspelt": {
			func(s *preflight.Site) { s.Urgent = []string{"BotStuck", "DiskFul"} },
			[]string{`site, Urgent "DiskFul": AM010`, `did you mean "DiskFull"?`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := site()
			m.make(&s)
			got := try.Findings(t, s)
			for _, want := range m.want {
				if !strings.Contains(got, want) {
					t.Errorf("the findings lack %q:\n%s", want, got)
				}
			}
			if n := strings.Count(got, "\n"); n > 7 {
				t.Errorf("%d lines for one mistake:\n%s", n, got)
			}
		})
	}
}

// An additional rule or route gives no finding.
func TestSmallStepsGenerate(t *testing.T) {
	for name, step := range map[string]func(*preflight.Site){
		"a route for warnings, the default for the rest": func(s *preflight.Site) {
			s.Routing.Route.Routes = []routing.Route{{Match: `severity="warning"`, Receiver: "me", RepeatInterval: "1d"}}
		},
		"a threshold of its own": func(s *preflight.Site) {
			s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "DiskFull", Threshold: "0.05"})
		},
		"a percentage": func(s *preflight.Site) {
			alert(s, "DiskFull").Expr = `100 * (1 - node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes) > 90`
		},
		"environments": func(s *preflight.Site) { s.Envs = []string{"paper", "live"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := site()
			step(&s)
			try.Accepted(t, try.Generate(t, s))
		})
	}
}
