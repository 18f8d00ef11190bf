package webhook_test

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/message"
)

// teams is a custom scale.
var teams = config.Severities{Label: "severity", Levels: []config.Level{
	{Name: "page", Icon: "📟", Urgent: true},
	{Name: "wake", Icon: "⏰", Urgent: true},
	{Name: "ticket", Icon: "🎫"},
	{Name: "note", Sound: api.None},
}}

// inScale runs a test with a scale, whose levels decide the sounds.
func inScale(t *testing.T, s config.Severities, f func(*world)) {
	inWorld(t, "7", func(w *world) {
		formatter, err := message.New(message.Options{Severities: s})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Formatter, w.config.LevelSounds = formatter, true
		w.restart()
		f(w)
	})
}

// severe is an alert with a level of the label severity.
func severe(name, level string) template.Alert {
	a := template.Alert{Status: "firing", StartsAt: time.Now(), Fingerprint: name, Labels: template.KV{"alertname": name}, Annotations: template.KV{"summary": "it is"}}
	if level != "" {
		a.Labels["severity"] = level
	}
	return a
}

func TestAnOwnScaleGivesIconsOrderAndSounds(t *testing.T) {
	inScale(t, teams, func(w *world) {
		w.bot.Inject(fakebot.Fault{RetryAfter: 60}) // until all of them have arrived
		for _, a := range []template.Alert{severe("Noted", "note"), severe("Slow", "ticket"), severe("Broken", "page"), severe("Other", "high"), severe("Woken", "wake"), severe("Bare", "")} {
			w.request(api.AlertsPath, alertmanager{url: "http://a", key: a.Labels["alertname"]}.payload(a))
		}
		w.after(10 * time.Minute)
		w.expect(person,
			"1 📟 PAGE: Broken [it is]",
			"2 ⏰ WAKE: Woken [it is]",
			"3 🎫 TICKET: Slow [it is] silent",
			"4 ⚠️ HIGH: Other [it is]",
			"5 🔔 Bare [it is]")
		list, err := history.FromSpool(w.t.Context(), w.config.Spool, "severity", history.Filter{Priority: "note"})
		if err != nil || len(list) != 1 || list[0].Notify != string(api.None) {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// Each urgent alert that was never shown gets a message. The others share a
// digest.
func TestUrgentLevelsAreNotInADigest(t *testing.T) {
	inScale(t, teams, func(w *world) {
		w.bot.Inject(fakebot.Fault{RetryAfter: 600})
		for _, level := range []string{"ticket", "page", "wake", "ticket"} {
			a := severe(level, level)
			am := alertmanager{url: "http://a", key: level}
			w.request(api.AlertsPath, am.payload(a))
			w.after(time.Second)
			a.Status, a.EndsAt = "resolved", time.Now()
			w.request(api.AlertsPath, am.payload(a))
			w.after(time.Second)
		}
		w.after(20 * time.Minute)
		w.expect(person,
			"1 ✅ PAGE: page (resolved after 1s) [✅ it is, resolved after 1s (not verified)]",
			"2 ✅ WAKE: wake (resolved after 1s) [✅ it is, resolved after 1s (not verified)]",
			"3 ℹ️ 2 alerts fired and were resolved in the meantime [TICKET it is, resolved after 1s (not verified); TICKET it is, resolved after 1s (not verified)] silent")
	})
}

func TestTheGravestFiringAlertDecidesTheSound(t *testing.T) {
	t.Parallel()
	ended := func(a template.Alert) template.Alert {
		a.Status = "resolved"
		return a
	}
	scale := message.Scale{Severities: teams}
	for _, c := range []struct {
		alerts []template.Alert
		want   api.Sound
	}{
		{[]template.Alert{severe("a", "note")}, api.None},
		{[]template.Alert{severe("a", "note"), severe("b", "ticket")}, api.Silent},
		{[]template.Alert{severe("a", "ticket"), severe("b", "Page")}, api.Loud},
		{[]template.Alert{severe("a", "ticket"), severe("b", "")}, api.Loud},
		{[]template.Alert{severe("a", "note"), severe("b", "unknown")}, api.Loud},
		{[]template.Alert{severe("a", "ticket"), ended(severe("b", "page"))}, api.Silent},
		{[]template.Alert{severe("a", "note"), ended(severe("b", "page"))}, api.Loud}, // it may never have been shown
		{[]template.Alert{ended(severe("a", "ticket"))}, api.Silent},
	} {
		if got := scale.Sound(c.alerts); got != c.want {
			t.Errorf("%v: %s", c.alerts, got)
		}
	}
}

// A sound in the receiver's URL overrides the levels.
func TestTheURLOverridesTheLevels(t *testing.T) {
	inScale(t, teams, func(w *world) {
		w.request(api.NotifyPath(api.Silent, ""), alertmanager{url: "http://a"}.payload(severe("Broken", "page")))
		w.after(time.Second)
		w.expect(person, "1 📟 PAGE: Broken [it is] silent")
	})
}

// Ranks are those of the shipped scale where a site has no own.
func TestTheShippedScaleRanksAsItsSpoolsDo(t *testing.T) {
	t.Parallel()
	scale := message.Scale{Severities: config.Priorities()}
	for _, c := range []struct {
		label, value string
		want         message.Severity
	}{
		{"priority", "P0", message.Severity{Name: "P0", Rank: 0, Icon: "🚨"}},
		{"priority", "p1", message.Severity{Name: "P1", Rank: 1, Icon: "⚠️"}},
		{"priority", "P2", message.Severity{Name: "P2", Rank: 2, Icon: "🔔"}},
		{"priority", "P3", message.Severity{Name: "P3", Rank: 3, Icon: "ℹ️"}},
		{"severity", "critical", message.Severity{Name: "CRITICAL", Rank: 0, Icon: "🚨"}},
		{"severity", "warning", message.Severity{Name: "WARNING", Rank: 1, Icon: "⚠️"}},
		{"severity", "info", message.Severity{Name: "INFO", Rank: 3, Icon: "ℹ️"}},
		{"priority", "P9", message.Severity{Rank: 2, Icon: "🔔"}},
	} {
		if got := scale.Of(template.KV{c.label: c.value}); got != c.want {
			t.Errorf("%s=%s: %+v", c.label, c.value, got)
		}
	}
}
