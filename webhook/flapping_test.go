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

// episode fires and resolves an alert.
func (w *world) episode(am alertmanager, target string, fires, rests time.Duration) {
	w.t.Helper()
	start := time.Now()
	w.post(am.payload(am.firing(target, start)), sounds[am.priority])
	w.after(fires)
	w.post(am.payload(am.resolved(target, start, time.Now())), sounds[am.priority])
	w.after(rests)
}

// flaps makes ten episodes in 40 seconds.
func (w *world) flaps(am alertmanager) {
	for range 10 {
		w.episode(am, "redis", 2*time.Second, 2*time.Second)
	}
}

// since returns the messages of a chat after the first n, as [world.expect] shows
// them.
func (w *world) since(chat int64, n int) (list []string) {
	for _, m := range w.bot.Messages(chat)[n:] {
		list = append(list, outline(m))
	}
	return list
}

// expectSince compares them.
func (w *world) expectSince(chat int64, n int, want ...string) {
	w.t.Helper()
	if got := w.since(chat, n); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("the chat shows\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestAnAlertThatFlapsIsOneMessage(t *testing.T) {
	const last = "[Database: redis, resolved after 2s] silent reply to 7"
	t.Run("urgent", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			w.flaps(alertmanager{url: "http://a", priority: "P0"})
			calls := len(w.bot.Calls())
			w.after(20 * time.Minute)
			want := []string{"7 ✅ P0: Preflight (flapped 10 times in 38s) [✅ Database: redis, resolved after 2s] edited"}
			for i := 5; i <= 10; i++ {
				want = append(want, fmt.Sprintf("%d 🚨 P0 again: Preflight (flaps, %d times in %ds) [Database: redis] reply to 7", i+3, i, 4*i-4))
			}
			w.expectSince(person, 6, append(want, "14 ✅ P0 resolved: Preflight (flapped 10 times in 38s) "+last)...)
			if calls > 21 {
				t.Errorf("%d calls", calls)
			}
			if n := w.metric("preflight_webhook_flapping_episodes_total", "Check"); n != 7 {
				t.Errorf("%v episodes are counted", n)
			}
			w.settled(0)
		})
	})
	t.Run("not urgent", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			w.flaps(alertmanager{url: "http://a", priority: "P1"})
			w.after(20 * time.Minute)
			w.expectSince(person, 6, "7 ✅ P1: Preflight (flapped 10 times in 38s) [✅ Database: redis, resolved after 2s] silent edited",
				"8 ✅ P1 resolved: Preflight (flapped 10 times in 38s) "+last)
			w.settled(0)
		})
	})
}

// An alert that flaps and then fires for five minutes is delivered like any other,
// and so is its end.
func TestAFlappingAlertThatFiresForLong(t *testing.T) {
	for _, priority := range []string{"P0", "P1"} {
		t.Run(priority, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: priority}
				for range 4 {
					w.episode(am, "redis", 2*time.Second, 20*time.Second)
				}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(4*time.Minute + 50*time.Second)
				before := len(w.bot.Messages(person))
				w.after(20 * time.Second)
				m := w.bot.Messages(person)
				if len(m) != before+1 || m[before].Silent || m[before].ReplyTo != 7 || !strings.Contains(m[before].Text, priority+": Preflight\n") {
					t.Fatalf("after five minutes the chat shows %v", m[before:])
				}
				if !strings.Contains(m[6].Text, "(flapped 5 times in ") || strings.HasPrefix(m[6].Text, "✅") {
					t.Errorf("the first message is %s", m[6].Text)
				}
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(10 * time.Second)
				m = w.bot.Messages(person)
				if len(m) != before+2 || !m[before+1].Silent || !strings.HasPrefix(m[before].Text, "✅") || !strings.HasPrefix(m[6].Text, "✅") {
					t.Fatalf("at the end the chat shows %v", m[6:])
				}
				w.after(time.Hour)
				if n := len(w.bot.Messages(person)); n != before+2 {
					t.Errorf("%d more messages", n-before-2)
				}
				w.settled(0)
			})
		})
	}
}

// Slow changes are no flapping.
func TestFewEpisodesAreNoFlapping(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		for range 6 {
			w.episode(am, "redis", 100*time.Second, 101*time.Second)
		}
		if m := w.bot.Messages(person); len(m) != 12 || strings.Contains(m[10].Text, "flap") {
			t.Fatalf("%d messages", len(m))
		}
	})
}

// Episodes count over restarts, and other alerts of the group do not flap.
func TestFlappingOverRestarts(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("steady", start)), api.Loud)
		for range 6 {
			w.episode(am, "redis", 5*time.Second, 5*time.Second)
			w.restart()
		}
		w.post(am.payload(am.resolved("steady", start, time.Now())), api.Loud)
		w.after(30 * time.Minute)
		rings, flapping := 0, 0
		for _, m := range w.bot.Messages(person) {
			if !m.Silent {
				rings++
			}
			if strings.Contains(m.Text, "(flapped 6 times") && m.ReplyTo == 0 {
				flapping++
			}
		}
		if rings != 7 || flapping != 1 {
			w.dump(person)
			t.Errorf("%d messages ring, flapping %d", rings, flapping)
		}
		w.settled(0)
	})
}

// While Telegram is away, the episodes of a flapping alert are one message.
func TestFlappingWhileTelegramIsAway(t *testing.T) {
	for _, priority := range []string{"P0", "P1"} {
		t.Run(priority, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: priority}
				w.bot.Inject(fakebot.Fault{Status: 502, Times: 100_000})
				w.flaps(am)
				w.post(am.payload(am.firing("redis", time.Now())), sounds[priority])
				w.after(10 * time.Second)
				w.bot.ClearFaults()
				w.after(2 * time.Minute)
				var flapping []string
				for _, m := range w.bot.Messages(person) {
					if strings.Contains(m.Text, "(flaps, 11 times") {
						flapping = append(flapping, m.Text)
					}
				}
				if len(flapping) != 1 || len(w.bot.Messages(person)) > 2 {
					w.dump(person)
					t.Error("the chat does not show one message about the flapping")
				}
				w.backlog(0)
			})
		})
	}
}

// A deleted message about a flapping alert is replaced when the alert fires again.
func TestADeletedFlappingMessage(t *testing.T) {
	inWorldOf(t, "7", t.TempDir()+"/spool.db", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P1"}
		w.flaps(am)
		w.bot.Delete(person, 7)
		for range 3 {
			w.episode(am, "redis", 20*time.Second, 20*time.Second)
		}
		w.after(time.Minute)
		shown := 0
		for _, m := range w.bot.Messages(person) {
			if strings.Contains(m.Text, "(flaps, 13 times") {
				shown++
			}
		}
		if shown != 1 {
			w.dump(person)
			t.Errorf("%d messages show the flapping", shown)
		}
		w.backlog(0)
	})
}

// Alerts of one group that flap together share the message, its replies and its
// end.
func TestAGroupFlaps(t *testing.T) {
	for priority, want := range map[string]int{"P0": 7 + 4 + 1, "P1": 7 + 1} {
		t.Run(priority, func(t *testing.T) {
			inWorld(t, "-100", func(w *world) {
				am := alertmanager{url: "http://a", priority: priority, key: "many"}
				alerts := func(one func(target string) template.Alert) (list []template.Alert) {
					for i := range 30 {
						list = append(list, one(fmt.Sprintf("t%02d", i)))
					}
					return list
				}
				for range 8 {
					start := time.Now()
					w.post(am.payload(alerts(func(target string) template.Alert { return am.firing(target, start) })...), sounds[priority])
					w.after(20 * time.Second)
					w.post(am.payload(alerts(func(target string) template.Alert { return am.resolved(target, start, time.Now()) })...), sounds[priority])
					w.after(20 * time.Second)
				}
				w.after(20 * time.Minute)
				m := w.bot.Messages(group)
				if len(m) != want || strings.Count(m[6].Text, "✅ Database: t") != 30 || !strings.HasPrefix(m[6].Text, "✅ "+priority+": Preflight (flapped 8 times in 5m)") {
					w.dump(group)
					t.Fatalf("%d messages", len(m))
				}
				for _, reply := range m[7:] {
					if reply.ReplyTo != 7 || strings.Count(reply.Text, "Database: t") != 30 {
						t.Errorf("a reply to %d is %s", reply.ReplyTo, reply.Text)
					}
				}
				// Of three that flap again, one fires for long.
				for i := range 5 {
					start := time.Now()
					firing := []template.Alert{am.firing("t00", start), am.firing("t01", start), am.firing("t02", start)}
					w.post(am.payload(firing...), sounds[priority])
					w.after(20 * time.Second)
					firing[0], firing[1] = am.resolved("t00", start, time.Now()), am.resolved("t01", start, time.Now())
					if i < 4 {
						firing[2] = am.resolved("t02", start, time.Now())
					}
					w.post(am.payload(firing...), sounds[priority])
					w.after(20 * time.Second)
				}
				n := len(w.bot.Messages(group))
				w.after(5 * time.Minute)
				w.expectSince(group, n, fmt.Sprintf(map[string]string{
					"P0": "%d 🚨 P0: Preflight [Database: t02] reply to %d", "P1": "%d ⚠️ P1: Preflight [Database: t02] silent reply to %d",
				}[priority], n+1, want+7))
				n++
				w.after(20 * time.Minute)
				w.expectSince(group, n, fmt.Sprintf("%d ✅ %s resolved: Preflight (flapped 5 times in 3m) [Database: t00, resolved after 20s; "+
					"Database: t01, resolved after 20s] silent reply to %d", n+1, priority, want+7))
				w.settled(0)
			})
		})
	}
}

// The message about a flapping alert is gone. When the alert fires much later, it
// no longer counts as flapping.
func TestFlappingIsForgotten(t *testing.T) {
	inWorldOf(t, "7", t.TempDir()+"/spool.db", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P1"}
		w.flaps(am)
		w.bot.Delete(person, 7)
		w.after(8 * 24 * time.Hour)
		n := len(w.bot.Messages(person))
		w.episode(am, "redis", time.Minute, time.Hour)
		if m := w.bot.Messages(person); len(m) != n+2 || strings.Contains(m[n].Text, "flap") {
			w.dump(person)
			t.Error("the chat shows flapping")
		}
		w.backlog(0)
	})
}

// An urgent alert that flaps rings with each episode, however many urgent alerts
// fire meanwhile, and has its message in a storm too.
func TestFlappingInAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		w.flood("P1", "old", 40)
		w.after(20 * time.Second)
		am := alertmanager{url: "http://a", priority: "P0", key: "redis"}
		for i := range 16 {
			fired := time.Now()
			w.post(am.payload(am.firing("redis", fired)), api.Loud)
			for k := range 8 {
				w.flood("P0", fmt.Sprintf("n%02d%d-", i, k), 1)
				w.after(2500 * time.Millisecond)
			}
			if at := w.rang(fired, "redis"); at.IsZero() || at.Sub(fired) > 10*time.Second {
				t.Errorf("episode %d rings at %s", i, at.Sub(fired))
			}
			w.post(am.payload(am.resolved("redis", fired, time.Now())), api.Loud)
			w.after(2 * time.Second)
		}
		w.after(30 * time.Minute)
		flapping := 0
		for _, m := range w.bot.Messages(group) {
			if strings.HasPrefix(m.Text, "✅ P0: Preflight (flapped 16 times") {
				flapping++
			}
		}
		if flapping != 1 || t.Failed() {
			w.dump(group)
			t.Errorf("%d messages show the flapping", flapping)
		}
		w.settled(0)
	})
}

// Messages about many alerts that flap are edited in turns.
func TestManyGroupsFlap(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		report := func(one func(am alertmanager) template.Alert) {
			for i := range 12 {
				am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprintf("f%02d", i)}
				w.post(am.payload(one(am)), api.Silent)
			}
		}
		for range 12 {
			start := time.Now()
			report(func(am alertmanager) template.Alert { return am.firing(am.key, start) })
			w.after(20 * time.Second)
			report(func(am alertmanager) template.Alert { return am.resolved(am.key, start, time.Now()) })
			w.after(20 * time.Second)
		}
		for _, m := range w.bot.Messages(group) {
			if strings.Contains(m.Text, "(flaps, ") && len(m.Edits) < 2 {
				t.Errorf("%d edits of %s", len(m.Edits), m.Text)
			}
		}
		w.after(30 * time.Minute)
		w.settled(0)
	})
}

// An urgent alert that flapped and was resolved before Telegram could be reached
// rings.
func TestFlappingThatWasNeverShown(t *testing.T) {
	for priority, rings := range map[string]bool{"P0": true, "P1": false} {
		t.Run(priority, func(t *testing.T) {
			inWorldOf(t, "7", t.TempDir()+"/spool.db", func(w *world) {
				w.bot.Inject(fakebot.Fault{RetryAfter: 200})
				w.flood("P0", "other", 1)
				am := alertmanager{url: "http://a", priority: priority}
				for range 6 {
					w.episode(am, "redis", 10*time.Second, 10*time.Second)
				}
				w.after(5 * time.Minute)
				n := 0
				for _, m := range w.bot.Messages(person) {
					if strings.Contains(m.Text, "redis") {
						n++
						if m.Silent == rings {
							t.Errorf("silent %t: %s", m.Silent, m.Text)
						}
					}
				}
				if n != 1 {
					w.dump(person)
					t.Errorf("the alert is in %d messages", n)
				}
			})
		})
	}
}
