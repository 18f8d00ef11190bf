package codegen_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// mistake is a planted mistake in the shipped definitions, with the code and
// the place of its finding.
type mistake struct {
	code, where string
	plant       change
}

const (
	p0 = `priority="P0"`
	p1 = `priority="P1"`
	p2 = `priority="P2"`
	p3 = `priority="P3"`

	p0System = `priority="P0", source!="pipeline"`
	p2System = `priority="P2", source!="pipeline"`
)

var routingMistakes = []mistake{
	{"AM001", "PreflightFlapping", nothingOfP2(true)},
	{"AM001", "TargetDown", func(s *preflight.Site) { // a route that takes only some of its jobs
		ofP1 := func(match string) bool { return strings.Contains(match, p1) }
		dropRoutes(s, ofP1)
		dropPromises(s, ofP1)
	}},
	{"AM001", "SpoolNotWritable", direct("SpoolNotWritable")}, // it reaches only the webhook
	{"AM001", "PreflightCheckFailed", receiver("telegram-loud", func(r *routing.Receiver) { r.Sound, r.Chats = routing.NoMessage, nil })},
	{"AM001", "PreflightCheckFailed", func(s *preflight.Site) {
		routeTo(s, p0).Receiver = "watchdog"
	}},
	{"AM001", `{priority="P2"}`, func(s *preflight.Site) {
		muteP2(s)
		s.Routing.TimeIntervals = append(s.Routing.TimeIntervals, byDay)
		routeTo(s, p2).Mute = []string{"nights", "days"}
	}},
	{"AM002", "P1", func(s *preflight.Site) {
		s.Routing.Route.Routes = append([]routing.Route{{Match: p1, Receiver: "history", GroupBy: []string{"env"}}}, s.Routing.Route.Routes...)
	}},
	{"AM002", "Watchdgo", route(`alertname="Watchdog"`, func(r *routing.Route) { r.Match = `alertname="Watchdgo"` })},
	{"AM002", "P9", route(p0, func(r *routing.Route) { r.Match = `priority="P9"` })},
	{"AM002", "pipelines", route(`source="pipeline", priority="P1"`, func(r *routing.Route) { r.Match = `source="pipelines", priority="P1"` })},
	{"AM002", `{priority="P3",source="system"}`, func(s *preflight.Site) { // the preflight has no P3
		r := *routeTo(s, p3)
		r.Match = `source="system", priority="P3"`
		s.Routing.Route.Routes = append([]routing.Route{r}, s.Routing.Route.Routes...)
	}},
	{"AM002", `{alertname="TargetDown"}`, func(s *preflight.Site) { // two earlier routes take it, one of them by job
		r := *routeTo(s, p3)
		r.Match = `alertname="TargetDown"`
		s.Routing.Route.Routes = append(s.Routing.Route.Routes, r)
	}},
	{"AM002", `{priority="P2"`, func(s *preflight.Site) { // it passes its alerts on to a route with the same matchers and receiver
		r := routeTo(s, p2)
		twin := *r
		r.Continue = true
		s.Routing.Route.Routes = append(s.Routing.Route.Routes, twin)
	}},
	{"AM002", "P3", func(s *preflight.Site) { // it has no promise, and the pipeline's route takes all alerts
		dropPromises(s, func(match string) bool { return strings.Contains(match, p3) })
	}},
	{"AM002", `receiver "spare"`, func(s *preflight.Site) {
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "spare", Chats: []routing.Chat{{Telegram: "$TELEGRAM_CHAT_ID"}}})
	}},
	{"AM003", "the default route", func(s *preflight.Site) { s.Routing.Route.Receiver = "no-one" }},
	{"AM003", "P2", route(p2, func(r *routing.Route) { r.Mute = []string{"nights"} })},
	{"AM003", "promise of", promise(p0System, func(x *routing.Promise) { x.Never = "no-one" })},
	{"AM004", "P1", route(p1, func(r *routing.Route) { r.GroupBy = []string{"envs"} })},
	{"AM005", "inhibition", inhibit(func(i *routing.Inhibit) { i.Equal = []string{"check"} })},
	{"AM005", "inhibition", inhibit(func(i *routing.Inhibit) { i.Source = `alertname="PreflightFailed"` })},
	{"AM005", "inhibition", inhibit(func(i *routing.Inhibit) { i.Target = `alertname="UrgentUndelivered"` })}, // an urgent alert may not be inhibited
	{"AM006", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Summary = "{{ $labels.env" })},
	{"AM006", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Summary = "{{ $labels.job | upper }}" })},
	{"AM011", `{alertname="Watchdog"}`, route(`alertname="Watchdog"`, func(r *routing.Route) { r.GroupInterval = "3m" })},

	{"AM007", "PreflightCheckFailed", func(s *preflight.Site) { dropPromises(s, func(match string) bool { return match == p0System }) }},
	{"AM007", "promise of", func(s *preflight.Site) {
		s.Routing.Promises = append(s.Routing.Promises, routing.Promise{Match: `alertname="TargetDown"`})
	}},
	{"AM008", "PreflightFlapping", nothingOfP2(false)},
	{"AM008", "PreflightCheckFailed", route(p0, func(r *routing.Route) { r.Receiver = "telegram-silent" })},
	{"AM008", "PreflightCheckFailed", route(p0, func(r *routing.Route) { r.RepeatInterval = "2h" })},
	{"AM008", "PreflightCheckFailed", route(p0, func(r *routing.Route) { r.RepeatInterval = "30m" })},
	{"AM008", "PreflightCheckFailed", route(p0, func(r *routing.Route) { r.GroupWait = "0s" })},
	{"AM008", "PreflightCheckFailed", func(s *preflight.Site) { s.Packs[0].Groups[0].Interval = "5m" }},
	{"AM008", "PreflightCheckFailed", receiver("telegram-loud", func(r *routing.Receiver) { r.FiringOnly = true })},
	{"AM008", "PreflightCheckFailed", receiver("telegram-loud", func(r *routing.Receiver) { r.Sound = routing.Silent })},
	{"AM008", "UrgentUndelivered", receiver("fallback-begin", func(r *routing.Receiver) { r.FiringOnly = false })},
	{"AM008", "PreflightCheckWarned", route(p1, func(r *routing.Route) { r.GroupBy = []string{"env"} })},
	{"AM008", "TargetDown", func(s *preflight.Site) { s.Routing.Route.Routes[0].Continue = false }},
	{"AM008", "WebhookBacklog", func(s *preflight.Site) { slices.Reverse(s.Routing.Route.Routes) }},
	{"AM008", "PreflightSlow", muteP2},
	{"AM008", "PreflightSlow", func(s *preflight.Site) { // muted at a time that the promise does not except
		muteP2(s)
		s.Routing.TimeIntervals = append(s.Routing.TimeIntervals, byDay)
		promiseOf(s, p2System).NotIn = []string{"days"}
	}},
	{"AM008", "PreflightFlapping", func(s *preflight.Site) { s.Packs[0].Routing.Inhibit = nil }},
	{"AM008", "PreflightFlapping", inhibit(func(i *routing.Inhibit) { i.Equal = nil })},
	{"AM008", "PreflightSlow", inhibit(func(i *routing.Inhibit) { i.Target = `alertname="PreflightSlow"` })},
	{"AM008", "other or future alerts", func(s *preflight.Site) { s.Routing.Route.Receiver = "history" }},
	{"AM008", `promise of {alertname="Watchdgo"}`, promise(`alertname="Watchdog"`, func(x *routing.Promise) { x.Match = `alertname="Watchdgo"` })},
	{"AM008", "quiet of", func(s *preflight.Site) { s.Packs[0].Routing.Quiet[0].Match = `alertname="PreflightFlaping"` }},
	{"AM009", `receiver "telegram-loud"`, receiver("telegram-loud", func(r *routing.Receiver) { r.Chats = nil })},
	{"AM009", `receiver "telegram-loud"`, func(s *preflight.Site) { s.Webhook.URL = "" }},
	{"AM010", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Severity = "P0" })},
	{"AM010", `Urgent "PreflightCheckFailed"`, in("PreflightCheckFailed", func(a *rules.Alert) { a.Severity = "P1" })},
}

var panelMistakes = []mistake{
	{"GR001", "panel 1", at(2, func(q *dashgen.Panel) { q.ID = 1 })},
	{"GR002", "panel 2", at(2, func(q *dashgen.Panel) { q.Width = 25 })},
	{"GR003", "panel 16", query(16, "$env", "$environment")},
	{"GR004", `variable "device"`, addDevice},
	{"GR005", "panel 16", inPercent},
	{"GR005", "panel 2", at(2, func(q *dashgen.Panel) { q.Unit = dashgen.Seconds })},
	{"GR006", "panel 9", at(9, func(q *dashgen.Panel) { q.Targets[0].Legend = "{{check}}" })},
	{"GR006", "panel 16", at(16, func(q *dashgen.Panel) { q.Targets[0].Legend = "{{check}}" })}, // a shared panel, placed by one alert
	{"GR006", "panel 14", query(14, "max by (env, check, target, reason)", "max by (env, check, target)")},
	{"GR008", "panel 2", at(2, func(q *dashgen.Panel) { q.Description = "" })},
	{"GR009", "panel 2", at(2, func(q *dashgen.Panel) { q.Repeat = "env" })},
	{"GR010", "panel", board(func(d *dashgen.Dashboard) { d.Panels = append(d.Panels, rules.Alert{Name: "Unknown"}.Place()) })},
	{"GR010", "panel", board(func(d *dashgen.Dashboard) { d.Panels = append(d.Panels, dashgen.Panel{Alert: "Watchdog"}) })},
	{"GR011", "panel 11", in("PostgresLatencyHigh", func(a *rules.Alert) { a.Panel.Width = 12 })},
}

// nothingOfP2 removes the route of P2, and its promise if promised is true.
func nothingOfP2(promised bool) change {
	return func(s *preflight.Site) {
		dropRoutes(s, func(match string) bool { return match == p2 })
		if promised {
			dropPromises(s, func(match string) bool { return match == p2System })
		}
	}
}

// direct removes the route and the promise of an alert for direct delivery.
func direct(name string) change {
	return func(s *preflight.Site) {
		of := func(match string) bool { return strings.Contains(match, `"`+name+`"`) }
		dropRoutes(s, of)
		dropPromises(s, of)
	}
}

func receiver(name string, edit func(r *routing.Receiver)) change {
	return func(s *preflight.Site) {
		edit(&s.Routing.Receivers[slices.IndexFunc(s.Routing.Receivers, func(r routing.Receiver) bool { return r.Name == name })])
	}
}

var (
	atNight = routing.TimeInterval{Name: "nights", Times: []string{"00:00-06:00"}}
	byDay   = routing.TimeInterval{Name: "days", Times: []string{"06:00-24:00"}}
)

func muteP2(s *preflight.Site) {
	s.Routing.TimeIntervals = []routing.TimeInterval{atNight}
	routeTo(s, p2).Mute = []string{"nights"}
}

// inPercent shows a duration in percent, in both alerts of the panel.
func inPercent(s *preflight.Site) {
	panel(s, 16).Unit = dashgen.Percent
	alert(s, "PreflightMissing").Panel.Unit = dashgen.Percent
}

func addDevice(s *preflight.Site) {
	d := &s.Packs[0].Dashboards[0]
	d.Variables = append(d.Variables, dashgen.Variable{Name: "device", Title: "Device", Series: "node_network_receive_bytes_total", Label: "device"})
}

func addIdle(s *preflight.Site) {
	s.Packs[0].Metrics = append(s.Packs[0].Metrics, metrics.Desc{
		Name: "arbitrage_preflight_idle_seconds", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "Time.", Labels: metrics.Labels("env"),
	})
}

// Every planted mistake is found at its place with its code.
func TestPlantedMistakesAreFound(t *testing.T) {
	t.Parallel()
	list := mistakes()
	if len(list) < 150 {
		t.Fatalf("only %d mistakes", len(list))
	}
	for i, m := range list {
		t.Run(fmt.Sprintf("%s/%d", m.code, i), func(t *testing.T) {
			t.Parallel()
			s := shipped()
			m.plant(&s)
			text := known(t, s, m.code)
			for line := range strings.Lines(text) {
				place, reason, ok := strings.Cut(line, ": "+m.code+": ")
				_, others, _ := strings.Cut(reason, "; the same for ")
				if ok && strings.Contains(place+others, m.where) {
					return
				}
			}
			t.Errorf("want %s at %s, got:\n%v", m.code, m.where, text)
		})
	}
}

// known returns the findings before tests are made, or all findings if the code
// is about tests.
func known(t *testing.T, s preflight.Site, code string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	switch finding.Code(code) {
	case finding.FalseProof, finding.NoScenario, finding.LookbackOnly:
	default:
		stop()
	}
	if _, err := codegen.Generate(ctx, s); err != nil {
		return err.Error()
	}
	return ""
}

func mistakes() []mistake {
	return slices.Concat(promQLMistakes, routingMistakes, panelMistakes, definitionMistakes, reviewMistakes)
}

// The shipped definitions give no finding.
func TestShippedDefinitionsAreClean(t *testing.T) {
	t.Parallel()
	if text := findings(t, site.Site()); text != "" {
		t.Error(text)
	}
}

// A waived finding is not reported.
func TestWaivedFindings(t *testing.T) {
	t.Parallel()
	s := shipped()
	a := alert(&s, "TargetDown")
	a.Expr = "up >= 0"
	a.Scenarios = nil
	a.Untested = "it always fires"
	a.Waivers = []finding.Waiver{{Code: finding.AlwaysFires, Why: "a drill"}}
	if text := findings(t, s); text != "" {
		t.Error(text)
	}
}
