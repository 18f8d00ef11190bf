package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"acme.example/observability/internal/try"
	"github.com/alertnative/preflight"
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
		"info in a channel of a team": {
			func(r *routing.Routing) { r.Route.Routes[3].Routes = r.Route.Routes[3].Routes[:1] },
			"promised never to slack-basket, and goes there",
		},
		"info in Seoul": {
			func(r *routing.Routing) { r.Route.Routes[2].Match = `severity=~"warning|info", team="payments"` },
			"promised never to seoul, and goes there",
		},
		"no ends for Seoul": {
			func(r *routing.Routing) { r.Receivers[2].FiringOnly = true },
			"seoul: promised the resolution too",
		},
		"no ends for the platform": {
			func(r *routing.Routing) {
				before, platform, _ := strings.Cut(r.YAML, "  - name: platform")
				r.YAML = before + "  - name: platform" + strings.Replace(platform, "send_resolved: true", "send_resolved: false", 1)
			},
			"platform: promised the resolution too",
		},
		"nodes are reported after an hour": {
			func(r *routing.Routing) { r.YAML = strings.Replace(r.YAML, "group_wait: 1m", "group_wait: 1h", 1) },
			"platform: promised within 6m, can take 1h1m",
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

// A critical alert that becomes a warning is noticed, because the site lists the
// urgent ones.
func TestListOfUrgentAlerts(t *testing.T) {
	s := site("prod")
	s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "KubeVolumeFillingUp", Severity: "warning"})
	if got, want := try.Findings(t, s), `site, Urgent "KubeVolumeFillingUp": AM010`; !strings.Contains(got, want) {
		t.Errorf("the findings lack %q:\n%s", want, got)
	}
}
