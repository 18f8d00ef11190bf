package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"acme.example/observability/internal/try"
	"github.com/alertnative/preflight/routing"
)

func TestGenerates(t *testing.T) {
	for _, env := range []string{"staging", "prod"} {
		dir := try.Generate(t, site(env))
		try.Accepted(t, dir)
		file, err := os.ReadFile(filepath.Join(dir, "alertmanager", "alertmanager.yml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"slack-shipping", "InfoInhibitor", "/api/v1/receivers/seoul?cluster=" + env} {
			if !strings.Contains(string(file), want) {
				t.Errorf("alertmanager.yml lacks %s", want)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for name, m := range map[string]struct {
		make func(*routing.Routing)
		want string
	}{
		"a team without a route": {
			func(r *routing.Routing) { r.Route.Routes = r.Route.Routes[:len(r.Route.Routes)-1] },
			"promised to slack-shipping, goes to ",
		},
		"critical alerts are muted with the warnings": {
			func(r *routing.Routing) { r.Route.Routes[3].Mute = []string{offHours} },
			"its route is mute at times (Mute off-hours)",
		},
		"warnings to a receiver without integrations": {
			func(r *routing.Routing) {
				r.YAML = strings.ReplaceAll(r.YAML, "severity = info]\n      receiver", "severity =~ warning|info]\n      receiver")
			},
			`promised never to null, and goes there`,
		},
		"a wider inhibition in the file": {
			func(r *routing.Routing) {
				r.YAML = strings.Replace(r.YAML, "equal: [namespace, alertname]", "equal: [namespace]", 1)
			},
			"must be sent, and is inhibited while",
		},
		"the weekend is missing": {
			func(r *routing.Routing) { r.TimeIntervals = append(r.TimeIntervals[:1:1], r.TimeIntervals[2:]...) },
			"promised not to be sent in promised-off-hours, and is",
		},
		"an interval over midnight": {
			func(r *routing.Routing) { r.TimeIntervals[2].Times = []string{"22:00-07:00"} },
			`"22:00-24:00" and "00:00-07:00"`,
		},
		"the old file takes everything first": {
			func(r *routing.Routing) {
				r.YAML = strings.Replace(r.YAML, "    - matchers: [alertname = Watchdog]", "    - receiver: default\n    - matchers: [alertname = Watchdog]", 1)
			},
			"so it takes every alert",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := site("prod")
			m.make(&s.Routing)
			if got := try.Findings(t, s); !strings.Contains(got, m.want) {
				t.Errorf("the findings lack %q:\n%s", m.want, got)
			}
		})
	}
}
