package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// An edit of a summary that fails adds nothing to it: what it was to add comes in
// another message.
func TestAnEditOfASummaryFails(t *testing.T) {
	for name, fault := range map[string]fakebot.Fault{
		"unreachable":  {Status: 502},
		"rate limited": {RetryAfter: 7},
		"no answer":    {Drop: true},
		"done":         {Drop: true, AfterApply: true},
		"refused":      {Status: 400, Body: `{"ok":false,"error_code":400,"description":"Bad Request: something"}`},
		"gone":         {Status: 400, Body: `{"ok":false,"error_code":400,"description":"Bad Request: message to edit not found"}`},
	} {
		fault.Method, fault.Times = "editMessageText", 3
		t.Run(name, func(t *testing.T) {
			inWorldOf(t, "-100", t.TempDir()+"/spool.db", func(w *world) {
				start := time.Now()
				w.flood("P1", "g", 40)
				w.after(20 * time.Second)
				w.bot.Inject(fault)
				w.flood("P1", "h", 5)
				w.after(4 * time.Second)
				for i := range 3 {
					am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprintf("h%03d", i)}
					w.post(am.payload(am.resolved(am.key, start, time.Now())), api.Silent)
				}
				w.after(10 * time.Minute)
				for prefix, n := range map[string]int{"g": 40, "h": 5} {
					for i := range n {
						if n := w.counted(group, fmt.Sprintf("%s%03d", prefix, i)); n != 1 {
							t.Errorf("%s%03d is named %d times", prefix, i, n)
						}
					}
				}
				for _, m := range w.bot.Messages(group) {
					if strings.Contains(m.Text, "✅ h003") || strings.Contains(m.Text, "26 alerts in 31 groups") {
						t.Errorf("a message shows %s", m.Text)
					}
				}
				w.backlog(0)
			})
		})
	}
}

// Alerts of one name in one group have different severities, and the most severe
// of them are resolved.
func TestSeveritiesInAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		w.flood("P1", "g", 30)
		w.after(20 * time.Second)
		start := time.Now()
		both := func(i int, high func(alertmanager, string) template.Alert) []byte {
			p0 := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("both%d", i)}
			p1 := alertmanager{url: "http://a", priority: "P1", key: p0.key}
			return p0.payload(p1.firing(fmt.Sprintf("low%d", i), start), high(p0, fmt.Sprintf("high%d", i)))
		}
		for i := range 2 {
			w.post(both(i, func(am alertmanager, target string) template.Alert { return am.firing(target, start) }), api.Loud)
		}
		w.after(12 * time.Second)
		m := w.bot.Messages(group)
		if summary := m[len(m)-1].Text; !strings.HasPrefix(summary, "🚨 P0 storm: 4 alerts in 2 groups\n") ||
			!strings.Contains(summary, "🚨 P0 Check: 2 firing\ntarget: high0, high1\n") || !strings.Contains(summary, "⚠️ P1 Check: 2 firing\ntarget: low0, low1\n") {
			t.Errorf("the summary is %s", summary)
		}
		for i := range 2 {
			w.post(both(i, func(am alertmanager, target string) template.Alert { return am.resolved(target, start, time.Now()) }), api.Loud)
		}
		w.after(5 * time.Minute)
		if summary := w.bot.Messages(group)[len(m)-1].Text; !strings.HasPrefix(summary, "⚠️ P1 storm: 4 alerts in 2 groups\n") ||
			!strings.Contains(summary, "✅ P0 Check: 2 resolved\n") || !strings.Contains(summary, "⚠️ P1 Check: 2 firing\n") {
			t.Errorf("later the summary is %s", summary)
		}
		w.settled(0)
	})
}

// Equal alerts of two clusters are distinguished by the cluster.
func TestAStormOfTwoClusters(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		for _, cluster := range []string{"tokyo", "seoul"} {
			for i := range 20 {
				am := alertmanager{url: "http://" + cluster, priority: "P0", key: fmt.Sprintf("g%03d", i)}
				w.from(cluster, am.payload(am.firing(am.key, time.Now())))
			}
		}
		w.after(2 * time.Minute)
		m := w.bot.Messages(group)
		if summary := m[len(m)-1].Text; !strings.Contains(summary, "target/cluster: ") || !strings.Contains(summary, "g014/seoul, g014/tokyo, g015/seoul") {
			t.Errorf("the summary is %s", summary)
		}
		w.settled(0)
	})
}
