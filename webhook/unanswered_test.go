package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

func TestAnAmbiguousCallIsRepeatedOnceAndCounted(t *testing.T) {
	for name, fault := range map[string]fakebot.Fault{
		"dropped":     {Drop: true, AfterApply: true},
		"bad gateway": {Status: 502, Body: "<html>Bad Gateway</html>", AfterApply: true},
		"garbage":     {Status: 200, Body: "{", AfterApply: true},
		"too slow":    {Delay: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				w.bot.Inject(fault)
				am := alertmanager{url: "http://a", priority: "P0"}
				w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
				w.after(3 * time.Minute)
				if m := w.bot.Messages(person); len(m) == 0 || len(m) > 2 {
					t.Fatalf("the chat shows %v", m)
				}
				if got := w.metric("preflight_webhook_deliveries_ambiguous_total", "7"); got != 1 {
					t.Errorf("%v ambiguous calls counted", got)
				}
			})
		})
	}
}

// A reminder that Telegram did not take is kept.
func TestAReminderIsKeptWhileTelegramIsAway(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(4 * time.Hour)
		w.bot.Inject(fakebot.Fault{Status: 403, Body: `{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked"}`, Times: 5})
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(5 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]", "2 🚨 P0: Preflight (still firing after 4h) [Database: redis]")
	})
}

// Every call could have shown the message, so that a chat whose answers get lost
// does not ring on and on.
func TestRepeatsOfCallsWithoutAnAnswerAreFewAndSilent(t *testing.T) {
	for name, fault := range map[string]fakebot.Fault{
		"dropped":            {Drop: true, AfterApply: true},
		"bad gateway":        {Status: 502, Body: "<html>Bad Gateway</html>", AfterApply: true},
		"half an answer":     {Half: true},
		"half of the chunks": {Half: true, Chunked: true},
		"no message":         {Status: 200, Body: `{"ok":true,"result":true}`, AfterApply: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				fault.Times = 1000
				w.bot.Inject(fault)
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(4 * time.Second)
				w.restart() // which is a reason to try at once, and is no reason to ring
				w.after(22 * time.Second)
				m := w.bot.Messages(person)
				if len(m) != 3 {
					t.Fatalf("the chat shows %d messages after 26 s", len(m))
				}
				w.after(time.Hour)
				m = w.bot.Messages(person)
				for i := range m {
					if m[i].Silent != (i >= 2) {
						t.Errorf("message %d is silent: %v", i+1, m[i].Silent)
					}
				}
				if len(m) > 70 || w.metric("preflight_webhook_chat_state", "7", "unreachable") != 1 {
					t.Errorf("%d messages in an hour", len(m))
				}
				// Another alert rings.
				w.bot.ClearFaults()
				am.key = "other"
				w.post(am.payload(am.firing("disk", time.Now())), api.Loud)
				w.after(2 * time.Minute)
				last := w.bot.Messages(person)
				if m := last[len(last)-1]; m.Silent || !strings.Contains(m.Text, "disk") {
					t.Errorf("the last message is %v", m)
				}
			})
		})
	}
}

// An answer that comes late is no answer.
func TestALateAnswer(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.bot.Inject(fakebot.Fault{Late: 40 * time.Second}, fakebot.Fault{Late: 20 * time.Second, Chunked: true})
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || w.metric("preflight_webhook_deliveries_ambiguous_total", "7") != 1 {
			t.Errorf("the chat shows %v", m)
		}
	})
}
