package webhook_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

func TestFireResolveAndFireAgain(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.recorded("single/01")
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]")
		w.after(10 * time.Second)
		w.recorded("single/02")
		w.after(5 * time.Second)
		w.expect(person,
			"1 ✅ P0: Preflight FAIL (resolved after 1s) [✅ Database: redis does not answer (connection refused), resolved after 1s (not verified)] edited",
			"2 ✅ P0 resolved: Preflight FAIL [Database: redis does not answer (connection refused), resolved after 1s (not verified)] silent reply to 1")
		w.recorded("single/03")
		w.after(10 * time.Second)
		w.recorded("single/04")
		w.after(10 * time.Second)
		w.expect(person,
			"1 ✅ P0: Preflight FAIL (resolved after 1s) [✅ Database: redis does not answer (connection refused), resolved after 1s (not verified)] edited",
			"2 ✅ P0 resolved: Preflight FAIL [Database: redis does not answer (connection refused), resolved after 1s (not verified)] silent reply to 1",
			"3 ✅ P0: Preflight FAIL (resolved after 1s) [✅ Database: redis does not answer (connection refused), resolved after 1s (not verified)] edited",
			"4 ✅ P0 resolved: Preflight FAIL [Database: redis does not answer (connection refused), resolved after 1s (not verified)] silent reply to 3")
	})
}

func TestAlertsJoinAndLeaveAGroup(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const redis, pg, upbit = "Database: redis does not answer (connection refused)", "Database: postgres does not answer (connection refused)", "Exchange Health: upbit does not answer (timeout)"
		w.recorded("grouped/01")
		w.after(10 * time.Second)
		w.recorded("grouped/02")
		w.after(10 * time.Second)
		w.expect(person,
			"1 🚨 P0: Preflight FAIL ["+pg+"; "+redis+"]",
			"2 🚨 P0: Preflight FAIL ["+pg+"; "+redis+"; "+upbit+"]")
		w.recorded("grouped/03")
		w.after(10 * time.Second)
		w.expect(person,
			"1 🚨 P0: Preflight FAIL ["+pg+"; ✅ "+redis+", resolved after 1s (not verified)] edited",
			"2 🚨 P0: Preflight FAIL ["+pg+"; ✅ "+redis+", resolved after 1s (not verified); "+upbit+"] edited",
			"3 ✅ P0 resolved: Preflight FAIL ["+redis+", resolved after 1s (not verified); "+pg+"; "+upbit+"] silent reply to 1")
		w.recorded("grouped/04")
		w.after(10 * time.Second)
		w.expect(person,
			"1 ✅ P0: Preflight FAIL (resolved after 2s) [✅ "+pg+", resolved after 2s (not verified); ✅ "+redis+", resolved after 1s (not verified)] edited",
			"2 ✅ P0: Preflight FAIL (resolved after 2s) [✅ "+pg+", resolved after 2s (not verified); ✅ "+redis+", resolved after 1s (not verified); ✅ "+upbit+", resolved after 1s (not verified)] edited",
			"3 ✅ P0 resolved: Preflight FAIL ["+redis+", resolved after 1s (not verified); "+pg+"; "+upbit+"] silent reply to 1",
			"4 ✅ P0 resolved: Preflight FAIL ["+pg+", resolved after 2s (not verified); "+upbit+", resolved after 1s (not verified)] silent reply to 2")
	})
}

func TestRetriesAndRemindersOfOneAlertmanager(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.recorded("reminder/01")
		w.after(time.Second)
		w.recorded("reminder/01") // a retry
		w.after(30 * time.Second)
		w.recorded("reminder/01")
		w.after(time.Minute)
		const first = "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]"
		w.expect(person, first)
		if got := w.metric("preflight_webhook_notifications_coalesced_total", "twin"); got != 2 {
			t.Errorf("%v twins, not 2", got)
		}
		w.after(time.Hour)
		w.recorded("reminder/02")
		w.after(15 * time.Second)
		w.recorded("reminder/03") // the other peer's
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || m[1].Silent {
			t.Fatalf("%d messages, not the alert and one reminder with a sound: %v", len(m), m)
		}
		w.recorded("reminder/04")
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 3 || len(m[0].Edits) != 1 || len(m[1].Edits) != 1 || m[2].ReplyTo != 1 {
			t.Fatalf("the resolution does not edit both and reply to the first: %v", m)
		}
	})
}

func TestTwinsOfAPairMakeOneMessage(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		for _, name := range []string{"01", "02", "03", "04"} {
			w.recorded("twins/" + name)
			w.after(5 * time.Second)
		}
		if m := w.bot.Messages(person); len(m) != 2 || len(m[0].Edits) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

func TestALatePeerOpensNothing(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		for _, name := range []string{"01", "02", "03", "04"} {
			w.recorded("late/" + name)
			w.after(3 * time.Second)
		}
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || len(m[0].Edits) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		if got := w.metric("preflight_webhook_notifications_coalesced_total", "late"); got != 1 {
			t.Errorf("%v late ones, not 1", got)
		}
	})
}

// If an alert expired in Alertmanager and fires again, Alertmanager gives it
// its old start.
func TestAnAlertThatExpiredAndFiresAgainIsDelivered(t *testing.T) {
	am := alertmanager{url: "http://a", priority: "P0", foreign: true}
	for name, pause := range map[string]time.Duration{"soon": 20 * time.Second, "later": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(10 * time.Second)
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(pause)
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(2 * time.Minute)
				if m := w.bot.Messages(person); len(m) != 3 || m[2].Silent {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
	t.Run("taken back", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			start := time.Now()
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			w.after(10 * time.Second)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(10 * time.Second)
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			w.after(10 * time.Second)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(10 * time.Minute)
			if m := w.bot.Messages(person); len(m) != 2 {
				t.Fatalf("the chat shows %v", m)
			}
		})
	})
}

// Two Prometheus servers send the same alert seconds apart. Alertmanager keeps
// the earlier start.
func TestAStartThatMovesIsNoNewAlert(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		a, b := alertmanager{url: "http://a", priority: "P0"}, alertmanager{url: "http://b", priority: "P0"}
		early, late := time.Now(), time.Now().Add(4*time.Second)
		w.post(a.payload(a.firing("redis", late)), api.Loud)
		w.after(5 * time.Second)
		w.post(b.payload(b.firing("redis", early)), api.Loud)
		w.after(5 * time.Second)
		w.post(a.payload(a.firing("redis", late)), api.Loud)
		w.after(20 * time.Minute)
		w.post(a.payload(a.resolved("redis", early, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || len(m[0].Edits) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

func TestFiringAgainBeforeTheResolution(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P1"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Silent)
		w.after(time.Hour)
		w.post(am.payload(am.firing("redis", start.Add(40*time.Minute))), api.Silent)
		w.after(time.Minute)
		w.expect(person, "1 ⚠️ P1: Preflight [Database: redis, again since 2026-03-01 10:40:00 UTC] silent edited")
	})
}

func TestTheReceiversURLDecidesTheSound(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		for _, sound := range []api.Sound{api.None, api.Silent, api.Loud, ""} {
			am := alertmanager{url: "http://a", priority: "P2", key: string(sound)}
			w.request(api.NotifyPath(sound, ""), am.payload(am.firing("with "+string(sound), time.Now())))
			w.after(2 * time.Second)
		}
		am := alertmanager{url: "http://a", priority: "P2", key: "misspelt"}
		w.request(api.NotifyPath("misspelt", ""), am.payload(am.firing("misspelt", time.Now())))
		w.after(2 * time.Second)
		w.expect(person,
			"1 🔔 P2: Preflight [Database: with silent] silent",
			"2 🔔 P2: Preflight [Database: with loud]",
			"3 🔔 P2: Preflight [Database: with]",
			"4 🔔 P2: Preflight [Database: misspelt]")
	})
}
