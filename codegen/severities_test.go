package codegen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

func pages() routing.Severities {
	return routing.Severities{Label: "severity", Levels: []routing.Level{
		{Name: "page", Icon: "🚨", Urgent: true, Sound: routing.Loud, Takes: []string{"P0"}},
		{Name: "wake", Urgent: true},
		{Name: "ticket", Icon: "🎫", Sound: routing.Silent, Takes: []string{"P1", "P2", "P3"}},
	}}
}

// paged returns the site of one alert with another scale.
func paged(severity string) preflight.Site {
	s := diskSite(severity)
	s.Severities = pages()
	return s
}

// The severities of a pack become the levels that take them, in rules, tests,
// webhook.yml and pages.
func TestSeveritiesBecomeLevelsOfSite(t *testing.T) {
	t.Parallel()
	for word, level := range map[string]string{"P0": "page", "page": "page", "P2": "ticket", "wake": "wake"} {
		made := files(t, paged(word))
		contains(t, made[diskRules], "severity: "+level)
		contains(t, made[diskTest], "severity: "+level)
		contains(t, made["alertmanager/routes.md"], "\n## "+level+"\n", "| [DiskFull]")
		contains(t, made["webhook/webhook.yml"], "label: severity", `{name: page, icon: "🚨", urgent: true, sound: loud}`, `{name: ticket, icon: "🎫", sound: silent}`)
		for path, text := range made {
			if word != level && strings.Contains(text, "priority") {
				t.Errorf("%s contains priorities:\n%s", path, text)
			}
		}
	}
	// A level without a sound is loud if it is urgent.
	contains(t, file(t, paged("wake"), "webhook/webhook.yml"), "{name: wake, urgent: true, sound: loud}")
}

func TestDefaultScale(t *testing.T) {
	t.Parallel()
	s := paged("P0")
	s.Severities = routing.Severities{}
	contains(t, file(t, s, diskRules), "severity: critical")
	alert(&s, "DiskFull").Severity = "ticket"
	contains(t, file(t, s, diskRules), "severity: warning")
}

func TestUnknownSeverities(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(s *preflight.Site)
		want   []string
	}{
		"unknown word": {
			func(s *preflight.Site) { alert(s, "DiskFull").Severity = "tikcet" },
			[]string{`alert "DiskFull": DF006: no level of the site has or takes the severity "tikcet"`, `did you mean "ticket"?`},
		},
		"none": {
			func(s *preflight.Site) { alert(s, "DiskFull").Severity = "" },
			[]string{`alert "DiskFull": DF006: it has no Severity`},
		},
		"two take one": {
			func(s *preflight.Site) { s.Severities.Levels[1].Takes = []string{"P0"} },
			[]string{`site, Severities: DF006: the levels "page" and "wake" both have or take "P0"`},
		},
		"an urgent level below another": {
			func(s *preflight.Site) { slices.Reverse(s.Severities.Levels) },
			[]string{"site, Severities and Webhook: DF017: the webhook would refuse its configuration: ", "is urgent, but level"},
		},
		"no label": {
			func(s *preflight.Site) { s.Severities.Label = "" },
			[]string{"site, Severities: DF006: no Label"},
		},
		"no levels": {
			func(s *preflight.Site) { s.Severities.Levels = nil },
			[]string{"site, Severities: DF006: no Levels"},
		},
		"no name": {
			func(s *preflight.Site) { s.Severities.Levels[1].Name = "" },
			[]string{"site, Severities: DF006: a level has no Name"},
		},
		"unknown sound": {
			func(s *preflight.Site) { s.Severities.Levels[0].Sound = "deafening" },
			[]string{`DF006: the Sound "deafening" of level "page" is none of`},
		},
		"the label by hand": {
			func(s *preflight.Site) { alert(s, "DiskFull").Labels = map[string]string{"severity": "page"} },
			[]string{`alert "DiskFull": DF007: Labels sets "severity", which holds the severity: use Severity`},
		},
		"Also of no level": {
			func(s *preflight.Site) {
				alert(s, "DiskFull").Also = []rules.Condition{{Severity: "pgae", Expr: "disk_used_ratio > 0.99"}}
			},
			[]string{`alert "DiskFull", Also 1: DF006`, `did you mean "page"?`},
		},
	} {
		s := paged("ticket")
		tt.change(&s)
		found := findings(t, s)
		for _, want := range tt.want {
			if !strings.Contains(found, want) {
				t.Errorf("%s: want %s, got:\n%s", name, want, found)
			}
		}
	}
}

// A name with two severities becomes two rules, each with its wait and its
// tests.
func TestAlertWithTwoSeverities(t *testing.T) {
	t.Parallel()
	s := paged("ticket")
	a := alert(&s, "DiskFull")
	a.For, a.Scenarios = "10m", nil
	a.Summary = "over {{ $threshold }}"
	a.Also = []rules.Condition{{Severity: "page", Expr: "disk_used_ratio > 0.99", For: "1m"}}
	s.Routing.Route.Routes = []routing.Route{{Match: `severity="page"`, GroupBy: []string{"alertname"}}, {Match: `severity="ticket"`, GroupBy: []string{"alertname"}}}
	made := files(t, s)
	contains(
		t, made[diskRules],
		"expr: disk_used_ratio > 0.9\n        for: 10m\n        labels:\n          severity: ticket", "summary: over 90 %",
		"expr: disk_used_ratio > 0.99\n        for: 1m\n        labels:\n          severity: page", "summary: over 99 %",
	)
	contains(t, made[diskTest], "severity: ticket", "severity: page")
	contains(t, made["alertmanager/route_tests.txt"], `severity="page"`, `severity="ticket"`)
	// Its second severity is urgent.
	s.Urgent = []string{"DiskFull"}
	if found := findings(t, s); found != "" {
		t.Error(found)
	}
	s.Urgent = []string{}
	contains(t, findings(t, s), `alert "DiskFull": AM010:`)
}

// URGENT becomes the matcher of the urgent levels, in expressions and
// scenarios.
func TestUrgentInExpressions(t *testing.T) {
	t.Parallel()
	s := paged("page")
	s.Packs[0].Groups[0].Alerts = append(s.Packs[0].Groups[0].Alerts, rules.Alert{
		Name: "PageIgnored", Severity: "ticket", Expr: `group by (alertname) (ALERTS{alertstate="firing", URGENT})`, For: "2h",
		Scenarios: []rules.Scenario{{
			Name: "fires after two hours",
			Series: `
				ALERTS{alertname="DiskFull", alertstate="firing", URGENT}             1x200
				ALERTS{alertname="DiskFull", alertstate="firing", severity="ticket"}  1x200`,
			Expect: []rules.Expect{rules.Quiet("119m"), rules.Fires("120m")},
		}},
	})
	contains(t, file(t, s, diskRules), `severity=~"page|wake"`)
	contains(t, file(t, s, "prometheus/tests/PageIgnored.yml"), `severity="page"`)
	s.Severities.Levels = append(s.Severities.Levels[:1], s.Severities.Levels[2])
	contains(t, file(t, s, diskRules), `severity="page"`)
}

// The list Urgent must be complete and contain no other alert.
func TestListOfUrgentAlerts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		severity string
		urgent   []string
		want     string
	}{
		"as it is":     {"page", []string{"DiskFull"}, ""},
		"none given":   {"page", nil, ""},
		"left out":     {"page", []string{}, `alert "DiskFull": AM010: its severity "page" is urgent`},
		"not urgent":   {"ticket", []string{"DiskFull"}, `site, Urgent "DiskFull": AM010: no urgent alert has this name`},
		"misspelt":     {"page", []string{"DiskFul"}, `site, Urgent "DiskFul": AM010: no urgent alert has this name`},
		"none urgent":  {"ticket", []string{}, ""},
		"did you mean": {"page", []string{"DiskFul"}, `did you mean "DiskFull"?`},
	} {
		s := paged(tt.severity)
		s.Urgent = tt.urgent
		if found := findings(t, s); tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
			t.Errorf("%s: want %q, got %q", name, tt.want, found)
		}
	}
}

// The shipped packs fit another scale than the shipped one.
func TestShippedPacksOnAnotherScale(t *testing.T) {
	t.Parallel()
	s := shipped()
	s.Severities, s.Urgent, s.Levels = pages(), nil, nil
	s.Routing = oneRoute()
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{
		Name: "direct", Telegram: []routing.Telegram{{BotToken: routing.Secret("token"), ChatID: -1}},
	})
	s.Routing.Route.Routes = []routing.Route{
		{Match: `delivery="direct"`, Receiver: "direct", Continue: true},
		{Match: `severity="page"`, Receiver: "chat"}, {Match: `severity="wake"`, Receiver: "chat"}, {Match: `severity="ticket"`, Receiver: "chat"},
	}
	s.Routing.Promises = []routing.Promise{
		{Match: `severity=~"page|wake|ticket"`, Receiver: "chat", Within: "3h"},
		{Match: `delivery="direct"`, Receiver: "direct"},
	}
	made := files(t, s)
	contains(t, made["prometheus/rules/webhook.yml"], `severity=~"page|wake"`, "severity: page", "severity: ticket")
	for path, text := range made {
		if strings.HasPrefix(path, "prometheus/") && strings.Contains(text, "priority") {
			t.Errorf("%s contains priorities", path)
		}
	}
}
