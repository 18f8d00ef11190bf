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

// storm begins a storm and keeps it up for some minutes.
func (w *world) storm() {
	w.t.Helper()
	w.flood("P1", "g", 40)
	w.after(61 * time.Second)
	for i := range 6 {
		w.flood("P1", fmt.Sprintf("x%d-", i), 6)
		w.after(6 * time.Second)
	}
	w.flood("P1", "y", 16)
	w.after(12 * time.Second)
	if w.metric("preflight_webhook_storm") != 1 {
		w.t.Fatal("there is no storm")
	}
}

// An urgent alert rings, also if its group had a message of its own in the storm.
func TestAGroupHasFurtherUrgentAlertsInAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		w.storm()
		am := alertmanager{url: "http://a", priority: "P0", key: "own"}
		start := time.Now()
		w.post(am.payload(am.firing("first", start)), api.Loud)
		w.after(12 * time.Second)
		second := time.Now()
		w.post(am.payload(am.firing("first", start), am.firing("second", second)), api.Loud)
		w.after(12 * time.Second)
		if w.rang(second, "second").IsZero() {
			t.Error("the second alert does not ring")
		}
		w.post(am.payload(am.resolved("first", start, time.Now()), am.firing("second", second)), api.Loud)
		w.after(12 * time.Second)
		again := time.Now()
		w.post(am.payload(am.firing("first", again), am.firing("second", second)), api.Loud)
		w.after(12 * time.Second)
		if w.rang(again, "first").IsZero() {
			t.Error("the first alert does not ring again")
		}
		if t.Failed() {
			w.dump(group)
		}
		w.after(5 * time.Minute)
		w.settled(0)
	})
}

// A group whose alerts need more than one message has one in a storm. The summary
// counts the rest, and nothing comes twice.
func TestLongTextsInAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		var alerts int
		for g := range 30 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("long%02d", g)}
			var firing []template.Alert
			for i := range 20 {
				a := am.firing(fmt.Sprintf("g%02da%02d", g, i), time.Now())
				a.Annotations["summary"] += strings.Repeat(" long text", 60)
				firing = append(firing, a)
			}
			alerts += len(firing)
			w.post(leavingOut(t, 7, am.payload(firing...)), api.Loud)
		}
		w.after(10 * time.Minute)
		m := w.bot.Messages(group)
		if len(m) != 15 || !strings.Contains(m[2].Text, "… and 13 more") || !strings.Contains(m[2].Text, "7 more") {
			w.dump(group)
			t.Fatalf("%d messages", len(m))
		}
		shown := 0
		for i, own := range m[:14] {
			shown += strings.Count(own.Text, "  - ")
			if i > 0 && strings.Contains(own.Text, " (1/") { // the first came before the storm
				t.Errorf("message %d has parts", own.ID)
			}
		}
		if want := fmt.Sprintf("storm: %d alerts in 30 groups\n", alerts-shown); !strings.Contains(m[14].Text, want) {
			t.Errorf("the summary has not %q: %s", want, m[14].Text)
		}
		w.settled(0)
	})
}

// An alert that was resolved before Telegram could be reached rings if it is
// urgent, in a storm as without one.
func TestAlertsThatEndBeforeTheyAreShown(t *testing.T) {
	for groups, silent := range map[int]int{1: 0, 40: 0, 3: 40} {
		for priority, rings := range map[string]bool{"P0": true, "P1": false} {
			t.Run(fmt.Sprint(groups, " ", priority), func(t *testing.T) {
				inWorldOf(t, "-100", t.TempDir()+"/spool.db", func(w *world) {
					w.bot.Inject(fakebot.Fault{RetryAfter: 20})
					start := time.Now()
					for i := range groups {
						am := alertmanager{url: "http://a", priority: priority, key: fmt.Sprintf("g%03d", i)}
						w.post(am.payload(am.firing(am.key, start)), api.Loud)
					}
					w.flood("P1", "silent", silent)
					w.after(10 * time.Second)
					for i := range groups {
						am := alertmanager{url: "http://a", priority: priority, key: fmt.Sprintf("g%03d", i)}
						w.post(am.payload(am.resolved(am.key, start, time.Now())), api.Loud)
					}
					w.after(time.Hour)
					m := w.bot.Messages(group)
					if len(m) == 0 {
						t.Fatal("the chat shows nothing")
					}
					for _, m := range m {
						if m.Silent == rings && !(m.Silent && strings.Contains(m.Text, "silent0")) {
							t.Errorf("silent %t: %s", m.Silent, m.Text)
						}
					}
					w.backlog(0)
				})
			})
		}
	}
}
