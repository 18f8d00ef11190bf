package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

const redisEnded = "1 ✅ P0: Preflight (resolved after %s) [✅ Database: redis, resolved after %[1]s] edited"

// from posts a notification of a cluster over HTTP.
func (w *world) from(cluster string, body []byte) {
	w.t.Helper()
	path := api.AlertsPath + "?notify=loud"
	if cluster != "" {
		path += "&cluster=" + cluster
	}
	if status := w.request(path, body); status != 200 {
		w.t.Fatalf("answered %d", status)
	}
}

// Two clusters have equal alerts. The end in one does not end the other's.
func TestClustersShareNoAlert(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.from("tokyo", am.payload(am.firing("redis", start)))
		w.after(2 * time.Second)
		w.from("seoul", am.payload(am.firing("redis", start)))
		w.after(time.Minute)
		w.from("seoul", am.payload(am.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 3 || strings.Contains(m[0].Text, "✅") || m[2].ReplyTo != 2 {
			t.Fatalf("the chat shows %v", m)
		}
		w.from("tokyo", am.payload(am.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 4 || !strings.HasPrefix(m[0].Text, "✅") || m[3].ReplyTo != 1 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// A reload changes a route: the alert is in another group, the old one sends
// nothing more. The new group repeats it and ends it.
func TestAnotherGroupTakesAnAlertOver(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		before, after := alertmanager{url: "http://a", priority: "P0"}, alertmanager{url: "http://a", priority: "P0", key: "{}/{team=\"a\"}:"}
		start := time.Now()
		w.post(before.payload(before.firing("redis", start)), api.Loud)
		w.after(10 * time.Minute)
		w.post(after.payload(after.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		w.expect(person, open)
		w.after(time.Hour)
		w.post(after.payload(after.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "still firing after") {
			t.Fatalf("the chat shows %v", m)
		}
		w.post(after.payload(after.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 3 || m[2].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// Two receivers lead to one chat (continue: true). The loudest decides the sound,
// and its group repeats the alert.
func TestTwoReceiversMakeOneMessage(t *testing.T) {
	for name, c := range map[string]struct {
		sounds []api.Sound
		loud   int // messages that ring
		all    int
	}{
		"both loud":              {[]api.Sound{api.Loud, api.Loud}, 1, 1},
		"the second is silent":   {[]api.Sound{api.Loud, api.Silent}, 1, 1},
		"the second is recorded": {[]api.Sound{api.Loud, api.None}, 1, 1},
		"the first is recorded":  {[]api.Sound{api.None, api.Loud}, 1, 1},
		"the first is silent":    {[]api.Sound{api.Silent, api.Loud}, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				start := time.Now()
				for i, sound := range c.sounds {
					am := alertmanager{url: "http://a", priority: "P0", key: string(rune('a' + i))}
					w.post(am.payload(am.firing("redis", start)), sound)
					w.after(2 * time.Second)
				}
				w.after(time.Minute)
				rings := 0
				m := w.bot.Messages(person)
				for _, message := range m {
					if !message.Silent {
						rings++
					}
				}
				if rings != c.loud || len(m) != c.all {
					t.Fatalf("the chat shows %v", m)
				}
				for i, sound := range c.sounds {
					am := alertmanager{url: "http://a", priority: "P0", key: string(rune('a' + i))}
					w.post(am.payload(am.resolved("redis", start, time.Now())), sound)
					w.after(2 * time.Second)
				}
				w.after(time.Minute)
				if m := w.bot.Messages(person); len(m) != c.all+1 || !strings.HasPrefix(m[0].Text, "✅") {
					t.Fatalf("the chat shows %v", m)
				}
				if records := w.history(); len(records) != 1 || records[0].EndsAt == nil {
					t.Errorf("the history has %+v", records)
				}
			})
		})
	}
}

// Prometheus and Alertmanager are restarted within 40 seconds, and Alertmanager
// has lost what it sent: every alert starts later, in a first notification.
func TestARebootOfAllIsOneQuietLine(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(2 * time.Hour)
		anew := time.Now().Add(-5 * time.Second)
		for range 3 {
			w.post(am.payload(am.firing("redis", anew)), api.Loud)
			w.after(time.Second)
		}
		w.after(time.Minute)
		w.expect(person, again(anew))
		if n := len(w.bot.Messages(person)[0].Edits); n != 1 {
			t.Errorf("%d edits", n)
		}
		w.post(am.payload(am.resolved("redis", anew, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅ P0: Preflight (resolved after 2h 1m)") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// After an end, a firing notification with the old start counts if its evaluation
// is later than the end, however late it comes.
func TestWhatFiresAfterItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		later bool // evaluated
		url   string
	}{
		"a retry at once":           {time.Second, false, "http://a"},
		"a retry after 66s":         {66 * time.Second, false, "http://a"},
		"a retry after an hour":     {time.Hour, false, "http://a"},
		"the peer's, late":          {10 * time.Minute, false, "http://b"},
		"it fires again, soon":      {10 * time.Second, true, "http://a"},
		"it fires again at a peer":  {10 * time.Second, true, "http://b"},
		"it fires again, after 66s": {66 * time.Second, true, "http://a"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				first := am.firing("redis", start)
				w.post(am.payload(first), api.Loud)
				w.after(10 * time.Second)
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(c.after)
				if c.later {
					first = evaluated(first, time.Now())
				}
				am.url = c.url
				w.post(am.payload(first), api.Loud)
				w.after(10 * time.Minute)
				want := 2
				if c.later {
					want = 3
				}
				if m := w.bot.Messages(person); len(m) != want || len(m) == 3 && m[2].Silent {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// An alert that max_alerts left out is delivered as a number, and silently once
// its end is known.
func TestWhatAlertmanagerLeavesOut(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		cut := func(n uint64, body []byte) []byte {
			return []byte(strings.Replace(string(body), `"truncatedAlerts":0`, `"truncatedAlerts":`+string(rune('0'+n)), 1))
		}
		w.post(cut(0, am.payload(am.firing("redis", start))), api.Loud)
		w.after(time.Minute)
		w.post(cut(2, am.payload(am.firing("redis", start))), api.Loud)
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 2 || m[1].Silent || !strings.Contains(m[1].Text, "and 2 more that Alertmanager left out") {
			t.Fatalf("the chat shows %v", m)
		}
		w.post(cut(1, am.payload(am.firing("redis", start), am.resolved("upbit", start, time.Now()))), api.Loud)
		w.after(time.Minute)
		if m = w.bot.Messages(person); len(m) != 3 || !m[2].Silent || !strings.Contains(m[2].Text, "upbit") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// Another Watchdog that comes by another route is an alert.
func TestAForeignWatchdogIsAnAlert(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		a := severe("Watchdog", "none")
		w.request(api.AlertsPath, alertmanager{url: "http://a"}.payload(a))
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 1 || !strings.Contains(m[0].Text, "Watchdog") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}
