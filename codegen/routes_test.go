package codegen_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/site"
)

// pageRows returns the lines of routes.md about an alert, without its link and
// its promises.
func pageRows(t *testing.T, s preflight.Site, name string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(file(t, s, "alertmanager/routes.md")) {
		link := "[" + name + "](../runbooks/" + name + ".md)"
		if strings.Contains(line, link) {
			line = strings.TrimSpace(strings.Replace(line, link, name, 1))
			out = append(out, line[:strings.LastIndex(strings.TrimSuffix(line, " |"), "|")+1])
		}
	}
	return out
}

// The page shows the route of an alert, and the effect of a changed route.
func TestPageOfRoutes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"PreflightCheckFailed": {`| PreflightCheckFailed | telegram-loud | env, priority | 200ms | 1s | 1h |  |`},
		"TargetDown": {
			`| TargetDown | telegram-loud | alertname, job | 30s | 5m | 12h |  |`,
			"| TargetDown `delivery=\"direct\", job=\"webhook\"` | fallback-loud | alertname, job | 30s | 5m | 12h |  |",
			"| TargetDown `delivery=\"direct\", job=\"webhook\"` | telegram-loud | alertname, job | 30s | 5m | 12h |  |",
		},
		"PreflightFlapping": {`| PreflightFlapping | telegram-silent | alertname, env | 5m | 30m | 1d | while PreflightCheckFailed fires with the same env |`},
		"Watchdog":          {`| Watchdog | watchdog | alertname | 0s | 5s | 15s |  |`},
	} {
		if d := cmp.Diff(want, pageRows(t, site.Site(), name)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	s := shipped()
	nights(&s)
	want := []string{`| PreflightSlow | telegram-silent | alertname, env | 5m | 30m | 1d | in nights |`}
	if d := cmp.Diff(want, pageRows(t, s, "PreflightSlow")); d != "" {
		t.Errorf("muted (-want +got):\n%s", d)
	}
}

// nights mutes P2 at night, as promised.
func nights(s *preflight.Site) {
	s.Routing.TimeIntervals = []routing.TimeInterval{{
		Name: "nights", Times: []string{"22:00-24:00"}, Weekdays: []string{"monday:friday"}, Location: "Asia/Seoul",
	}}
	routeTo(s, p2).Mute = []string{"nights"}
	promiseOf(s, p2System).NotIn = []string{"nights"}
}

// Alertmanager's file contains the muted routes.
func TestRoutesCanBeMuted(t *testing.T) {
	t.Parallel()
	s := shipped()
	nights(&s)
	loaded, err := config.Load(file(t, s, "alertmanager/alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var mute []string
	for _, r := range loaded.Route.Routes {
		mute = append(mute, r.MuteTimeIntervals...)
	}
	if !slices.Equal(mute, []string{"nights"}) {
		t.Errorf("routes are mute in %v", mute)
	}
	monday := time.Date(2026, 1, 5, 13, 30, 0, 0, time.UTC) // 22:30 in Seoul
	if night := loaded.TimeIntervals[0].TimeIntervals[0]; !night.ContainsTime(monday) || night.ContainsTime(monday.Add(-time.Hour)) {
		t.Errorf("the interval is %+v", night)
	}
}

// A broken promise shows both sides, and nothing is written.
func TestBrokenPromiseStopsGeneration(t *testing.T) {
	t.Parallel()
	s := shipped()
	routeTo(&s, p0).Receiver = "telegram-silent"
	dir := t.TempDir()
	code, _, stderr := generate(t, s, "--out="+dir)
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	contains(t, stderr, `alert "PreflightCheckFailed": AM008: {alertname="PreflightCheckFailed", check="Database", `,
		`promised to telegram-loud, goes to telegram-silent`, "nothing was written")
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("wrote %v", paths(files))
	}
}

// Without a receiver of Alertmanager's own, alerts that the webhook may be
// unable to deliver would be lost.
func TestDirectAlertsNeedDirectReceiver(t *testing.T) {
	t.Parallel()
	s := shipped()
	direct := func(name string) bool { return strings.HasPrefix(name, "fallback-") }
	s.Routing.Receivers = slices.DeleteFunc(s.Routing.Receivers, func(r routing.Receiver) bool { return direct(r.Name) })
	s.Routing.Route.Routes = slices.DeleteFunc(s.Routing.Route.Routes, func(r routing.Route) bool { return direct(r.Receiver) })
	s.Routing.Promises = slices.DeleteFunc(s.Routing.Promises, func(x routing.Promise) bool { return direct(x.Receiver) })
	found := findings(t, s)
	if strings.Count(found, "AM001") != 1 {
		t.Errorf("one mistake in several lines:\n%s", found)
	}
	contains(t, found, `alert "NotificationsFailing": AM001: with {`, "; the same for ")
	_, others, _ := strings.Cut(found, "; the same for ")
	contains(t, others, "TargetDown", "UrgentUndelivered", "SpoolNotWritable", "TelegramFailing", "MessagesRefused", "WebhookBacklog",
		"WebhookUnauthorized", "WebhookInboxStuck")
	lacks(t, found, "HistoryLagging")
}

// diskRoutes returns a small site with two alerts, a route per severity and an
// inhibition.
func diskRoutes() preflight.Site {
	s := diskSite("P2")
	alerts := &s.Packs[0].Groups[0].Alerts
	low := clone((*alerts)[0])
	low.Name, low.Expr, low.Labels = "DiskFilling", "disk_used_ratio > 0.8", map[string]string{"team": "disks"}
	(*alerts)[0].Labels = map[string]string{"team": "disks"}
	*alerts = append(*alerts, low)
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "quiet", Chats: []routing.Chat{{Telegram: "$CHAT"}}, Sound: routing.Silent})
	s.Routing.Route.Routes = []routing.Route{{
		Match: p2, Receiver: "quiet", GroupBy: []string{"alertname", "job"}, GroupWait: "1m", GroupInterval: "1h", RepeatInterval: "24h",
	}}
	s.Routing.Promises[0].Match = `priority!="P2"`
	s.Routing.Promises = append(s.Routing.Promises, ofP2(p2, "alertname", "job"))
	s.Routing.Inhibit = []routing.Inhibit{{Source: `alertname="DiskFull"`, Target: `alertname="DiskFilling"`, Equal: []string{"instance"}}}
	s.Routing.Quiet = []routing.Quiet{{Match: `alertname="DiskFilling"`, While: `alertname="DiskFull"`, Equal: []string{"instance"}}}
	return s
}

func ofP2(match string, by ...string) routing.Promise {
	return routing.Promise{
		Match: match, Receiver: "quiet", GroupBy: by, Gather: "1m", Within: "1h1m", Again: "25h", NotAgain: "24h", Sound: routing.Silent, Resolved: true,
	}
}

func TestPromisesKillMutantsOfRoutes(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := generate(t, diskRoutes(), "mutate")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	contains(
		t, stdout,
		" 0  routing, the default route\n", ` 0  routing, {priority="P2"}`+"\n",
		` 0  routing, inhibition of {alertname="DiskFilling"} by {alertname="DiskFull"}`+"\n",
		"score 100.0 %, 7 of 7 rules and routes have a test",
	)
}

// redundant returns a site with a route whose matcher always holds.
func redundant() preflight.Site {
	s := diskRoutes()
	r := s.Routing.Route.Routes[0]
	r.Match, r.GroupBy = `alertname="DiskFull", job="disk"`, []string{"instance"}
	s.Routing.Route.Routes = append([]routing.Route{r}, s.Routing.Route.Routes...)
	s.Routing.Promises[0].Match = `priority!="P2", alertname!="DiskFull"`
	s.Routing.Promises[1].Match = `priority="P2", alertname!="DiskFull"`
	s.Routing.Promises = append(s.Routing.Promises, ofP2(`alertname="DiskFull"`, "instance"))
	return s
}

// A mutant without effect survives unless it is waived. A mutant that affects
// only alerts without a promise cannot be waived.
func TestSurvivorsAndWaiversOfRoutes(t *testing.T) {
	t.Parallel()
	waive := func(s preflight.Site, mutants ...string) preflight.Site {
		for _, m := range mutants {
			s.Routing.Equivalents = append(s.Routing.Equivalents, finding.Equivalent{Mutant: m, Why: "so I say"})
		}
		return s
	}
	onlyP2 := func() preflight.Site {
		s := diskRoutes()
		s.Routing.Promises = s.Routing.Promises[1:]
		return s
	}
	for name, tt := range map[string]struct {
		site preflight.Site
		code int
		want string
	}{
		"survivor": {
			redundant(), 1,
			"routing, {alertname=\"DiskFull\",job=\"disk\"}, matchers: MU001: matchers: no test fails without it\n    matchers: job=\"disk\"\n    ^^^^^^^^^^^^^^^^^^^^\n",
		},
		"waived": {waive(redundant(), `matchers: job="disk" → (dropped)`, `matchers: job="disk" → matchers: job!=""`), 0, "score 100.0 %"},
		"stale": {
			waive(diskRoutes(), `matchers: job="disk" → (dropped)`), 1,
			`MU002: no mutant of that name survives: delete the waiver`,
		},
		"nothing promised": {onlyP2(), 1, "no test: routing, the default route\n"},
		"not the same": {
			waive(onlyP2(), `matchers: priority="P2" → (dropped)`), 1,
			`MU003: matchers: priority="P2" → (dropped) is waived (so I say), but is not the same: {alertname=`,
		},
	} {
		if code, stdout, stderr := generate(t, tt.site, "mutate"); code != tt.code || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s: exit %d, want %d and %s\n%s%s", name, code, tt.code, tt.want, stdout, stderr)
		}
	}
}

// Routes that break a promise are findings, and are not mutated.
func TestMutantsOfBrokenRoutesAreNotMade(t *testing.T) {
	t.Parallel()
	s := diskRoutes()
	s.Routing.Route.Routes[0].RepeatInterval = "1h"
	code, stdout, stderr := generate(t, s, "mutate")
	if code != 1 || stdout != "" || !strings.Contains(stderr, `alert "DiskFilling": AM008: {alertname="DiskFilling"`) {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

// A label in group_by that no alert of the default route has is a finding too.
func TestDefaultRouteGroupsByLabelsOfAlerts(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	s.Routing.Promises = nil
	s.Routing.Route.GroupBy = []string{"alertname", "instnace"}
	contains(t, findings(t, s), `routing, the default route: AM004: groups by "instnace"`)
}
