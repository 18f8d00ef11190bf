package webhook_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

func TestAnOutageEndsWithWhatIsTrue(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.bot.Inject(fakebot.Fault{Drop: true, Times: 1000})
		start := time.Now()
		p0, p1 := alertmanager{url: "http://a", priority: "P0"}, alertmanager{url: "http://a", priority: "P1"}
		w.post(p0.payload(p0.firing("gone", start)), api.Loud)
		w.post(p1.payload(p1.firing("gone", start), p1.firing("too", start)), api.Silent)
		w.after(10 * time.Minute)
		w.post(p0.payload(p0.resolved("gone", start, time.Now())), api.Loud)
		w.post(p1.payload(p1.resolved("gone", start, time.Now()), p1.resolved("too", start, time.Now())), api.Silent)
		w.after(10 * time.Minute)
		w.post(p1.payload(p1.firing("stays", time.Now())), api.Silent)
		w.after(40 * time.Minute)
		w.expect(person)
		longest := time.Duration(0)
		calls := w.bot.Calls()
		for i := range calls[1:] {
			longest = max(longest, calls[i+1].At.Sub(calls[i].At))
		}
		if longest > time.Minute {
			t.Errorf("between two attempts were %s", longest)
		}
		w.bot.ClearFaults()
		w.after(2 * time.Minute)
		w.expect(person,
			"1 ✅ P0: Preflight (resolved after 10m) [✅ Database: gone, resolved after 10m] silent", // after calls without an answer
			"2 ⚠️ P1: Preflight [Database: stays] silent",
			"3 ℹ️ 2 alerts fired and were resolved in the meantime [P1 Database: gone, resolved after 10m; P1 Database: too, resolved after 10m] silent")
	})
}

func TestWhatIsUrgentGoesFirst(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.bot.Inject(fakebot.Fault{RetryAfter: 60})
		for i, priority := range []string{"P2", "P1", "P0", "P1"} {
			am := alertmanager{url: "http://a", priority: priority, key: fmt.Sprint(i)}
			w.post(am.payload(am.firing(fmt.Sprint(i), time.Now())), api.Loud)
		}
		w.after(2 * time.Minute)
		w.expect(person,
			"1 🚨 P0: Preflight [Database: 2]", "2 ⚠️ P1: Preflight [Database: 1]",
			"3 ⚠️ P1: Preflight [Database: 3]", "4 🔔 P2: Preflight [Database: 0]")
	})
}

func TestRetryAfterIsKeptForItsChatOverARestart(t *testing.T) {
	inWorld(t, "7,8", func(w *world) {
		w.bot.Inject(fakebot.Fault{Chat: person, RetryAfter: 300})
		begin := time.Now()
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", begin)), api.Loud)
		w.after(time.Second)
		w.restart()
		w.after(10 * time.Minute)
		for _, m := range w.bot.Messages(another) {
			if m.Sent.Sub(begin) > time.Second {
				t.Errorf("the other chat waited until %s", m.Sent.Sub(begin))
			}
		}
		m := w.bot.Messages(person)
		if len(m) != 1 || m[0].Sent.Sub(begin).Truncate(time.Second) != 300*time.Second {
			t.Fatalf("the chat that had to wait 300s shows %v", m)
		}
		if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
			t.Error("the chat is not ok again")
		}
	})
}

// The webhook keeps the rates for edits and over restarts. The fake refuses
// excess calls with 429, and the test counts these.
func TestRatesAreKept(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		start := time.Now()
		for i := range 30 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			w.post(am.payload(am.firing(fmt.Sprint(i), start)), api.Silent)
		}
		w.after(7500 * time.Millisecond)
		w.restart()
		w.after(20 * time.Second)
		w.restart()
		w.after(5 * time.Minute)
		for i := range 30 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			w.post(am.payload(am.resolved(fmt.Sprint(i), start, time.Now())), api.Silent)
		}
		w.after(10 * time.Minute)
		for _, c := range w.bot.Calls() {
			if c.Status != http.StatusOK {
				t.Errorf("a call was refused: %+v", c)
			}
		}
		for i := range 30 {
			if w.count(group, fmt.Sprint(i)) == 0 {
				t.Errorf("target %d is not named", i)
			}
		}
		first, last := w.bot.Messages(group)[0].Sent, w.bot.Messages(group)[14].Sent
		if d := last.Sub(first); d > 75*time.Second {
			t.Errorf("the alerts took %s", d)
		}
		w.settled(0)
	})
}

func TestADeadChatIsMarkedAndTriedEachMinute(t *testing.T) {
	inWorld(t, "7,8", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		w.bot.Block(person, true)
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(35 * time.Minute)
		if w.metric("preflight_webhook_chat_state", "7", "dead") != 1 || w.metric("preflight_webhook_chat_state", "8", "ok") != 1 {
			t.Error("the metrics do not distinguish the dead chat from the other")
		}
		if got := w.metric("preflight_webhook_backlog", "7"); got != 1 {
			t.Errorf("the backlog is %v", got)
		}
		if got := w.metric("preflight_webhook_backlog_age_seconds", "7"); got != 35*60 {
			t.Errorf("the backlog's age is %v", got)
		}
		var times []time.Time
		for _, c := range w.bot.Calls() {
			if c.Chat == person {
				times = append(times, c.At)
			}
		}
		if first := times[1].Sub(times[0]); first > 2*time.Second {
			t.Errorf("the first retry came after %s", first)
		}
		for i := range times[1:] {
			if wait := times[i+1].Sub(times[i]); wait > time.Minute || i > 10 && wait < 50*time.Second {
				t.Errorf("retry %d came after %s", i+1, wait)
			}
		}
		w.bot.Block(person, false)
		w.after(time.Minute)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
		w.expect(another, "1 🚨 P0: Preflight [Database: redis]")
	})
}

func TestAMissingTopicDoesNotLoseTheAlert(t *testing.T) {
	inWorld(t, "-100:5,-100:6", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(time.Minute)
		topics := []int{}
		for _, m := range w.bot.Messages(group) {
			topics = append(topics, m.Topic)
		}
		slices.Sort(topics)
		if !slices.Equal(topics, []int{0, 5}) {
			t.Errorf("messages are in topics %v", topics)
		}
		w.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
	})
}

func TestALargeGroupIsSplitAndResumedAtThePart(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		const n = 300
		var firing, resolved []template.Alert
		for i := range n {
			target := fmt.Sprintf("target-%04d-%s", i, strings.Repeat("x", 40))
			firing = append(firing, am.firing(target, start))
			resolved = append(resolved, am.resolved(target, start, start.Add(time.Hour)))
		}
		w.bot.Inject(fakebot.Fault{Delay: 10 * time.Millisecond, Times: 2}, fakebot.Fault{Drop: true, Times: 3})
		w.post(am.payload(firing...), api.Loud)
		w.after(500 * time.Millisecond)
		w.restart()
		w.after(5 * time.Minute)
		messages := w.bot.Messages(person)
		if len(messages) < 4 {
			t.Fatalf("%d messages", len(messages))
		}
		for i := range n {
			count := 0
			for _, m := range messages {
				count += strings.Count(m.Text, fmt.Sprintf("target-%04d-", i))
			}
			if count != 1 {
				t.Fatalf("target %d is delivered %d times", i, count)
			}
		}
		// One more is delivered alone, with the number of the others.
		w.post(am.payload(append(firing, am.firing("one-more", time.Now()))...), api.Loud)
		w.after(10 * time.Second)
		last := w.bot.Messages(person)[len(messages)]
		if !strings.Contains(last.Text, "  - Database: one-more\n… and 300 more still firing") {
			t.Errorf("the new alert is delivered as %s", last.Text)
		}
		w.post(am.payload(resolved...), api.Loud)
		w.after(10 * time.Minute)
		for _, m := range w.bot.Messages(person)[:len(messages)] {
			if !strings.HasPrefix(m.Text, "✅") || len(m.Edits) != 1 {
				t.Errorf("message %d is not marked: %s", m.ID, m.Text)
			}
		}
	})
}

func TestChatsComeAndGo(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("over", start), am.firing("stays", start)), api.Loud)
		w.after(2 * time.Second)
		w.post(am.payload(am.resolved("over", start, time.Now()), am.firing("stays", start)), api.Loud)
		w.after(10 * time.Second)
		chats, err := telegram.ParseChats("8")
		if err != nil {
			t.Fatal(err)
		}
		before := len(w.bot.Calls())
		w.config.Chats = chats
		w.restart()
		w.after(10 * time.Second)
		w.expect(another, "1 🚨 P0: Preflight [Database: stays]")
		if n := len(w.bot.Calls()); n != before+1 {
			t.Errorf("%d more calls", n-before)
		}
	})
}

func TestAMissingHeartbeatMakesAnAlert(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout = 3 * time.Minute
		w.restart()
		for range 10 {
			w.after(30 * time.Second)
			if err := w.service.Heartbeat(webhook.Heartbeat{}); err != nil {
				t.Fatal(err)
			}
		}
		w.after(2 * time.Minute)
		w.restart() // nothing could arrive meanwhile: the time counts from here
		w.after(2 * time.Minute)
		w.expect(person)
		w.after(2 * time.Minute)
		const shown = "1 🚨 P0: Alerting is blind [PipelineBlind: no rule evaluation known for 3m0s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open]"
		w.expect(person, shown)
		w.restart()
		w.after(time.Hour)
		w.expect(person, shown)
		if err := w.service.Heartbeat(webhook.Heartbeat{}); err != nil {
			t.Fatal(err)
		}
		w.after(10 * time.Second)
		if m := w.bot.Messages(person); len(m) != 2 || len(m[0].Edits) != 1 || m[1].ReplyTo != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 3 {
			t.Fatalf("the second outage is not delivered: %v", m)
		}
	})
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		w.config.Retention = 24 * time.Hour
		w.restart()
		start := time.Now()
		w.post(am.payload(am.firing("old", start), am.firing("stays", start)), api.Loud)
		w.post(am.payload(am.resolved("old", start, time.Now()), am.firing("stays", start)), api.Loud)
		w.after(48 * time.Hour)
		w.post(am.payload(am.resolved("stays", start, time.Now())), api.Loud)
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if last := m[len(m)-1]; last.ReplyTo != 1 || !strings.Contains(last.Text, "stays, resolved after 2d") {
			t.Fatalf("the chat shows %v", m)
		}
		// A late peer's resolution of a pruned alert shows the alert as
		// resolved: for this webhook it never fired.
		if n := w.metric("preflight_webhook_backlog", "7"); n != 0 {
			t.Errorf("backlog %v", n)
		}
	})
}
