package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

func TestReplicasDeliverOnceWhicheverIsNotified(t *testing.T) {
	for name, notified := range map[string]struct{ fires, ends []int }{
		"both of all":                  {[]int{0, 1}, []int{0, 1}},
		"the first of all":             {[]int{0}, []int{0}},
		"the second of all":            {[]int{1}, []int{1}},
		"one of the start, one of the": {[]int{0}, []int{1}},
		"the other way round":          {[]int{1}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				start := time.Now()
				am := alertmanager{url: "http://a", priority: "P0"}
				for _, i := range notified.fires {
					p.both()[i].post(am.payload(am.firing("redis", start), am.firing("upbit", start)), api.Loud)
				}
				p.after(time.Minute)
				p.expect(person, "1 🚨 P0: Preflight [Database: redis; Database: upbit]")
				for _, i := range notified.ends {
					p.both()[i].post(am.payload(am.resolved("redis", start, time.Now()), am.firing("upbit", start)), api.Loud)
				}
				p.after(time.Minute)
				p.expect(person,
					"1 🚨 P0: Preflight [✅ Database: redis, resolved after 1m; Database: upbit] edited",
					"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 1m; Database: upbit] silent reply to 1")
				for _, i := range notified.fires { // an hour later a reminder
					p.after(time.Hour / 2)
					p.both()[i].post(am.payload(am.firing("upbit", start)), api.Loud)
				}
				p.after(time.Minute)
				if m := p.bot.Messages(person); len(m) != 2+len(notified.fires) || !strings.Contains(m[2].Text, "still firing") {
					t.Errorf("the chat shows %v", m)
				}
				for _, w := range p.both() {
					if n := w.metric("preflight_webhook_backlog"); n != 0 {
						t.Errorf("a backlog of %v is left", n)
					}
				}
			})
		})
	}
}

// The next holder of the lease knows the messages that each chat shows, and the
// chat's rate limit.
func TestTheOtherReplicaGoesOn(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		start := time.Now()
		for i := range 30 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			p.both()[i%2].post(am.payload(am.firing(fmt.Sprint("t", i), start)), api.Silent)
		}
		p.after(7500 * time.Millisecond)
		p.stop()
		p.after(40 * time.Second)
		p.start()
		p.second.stop()
		p.after(5 * time.Minute)
		p.second.start()
		for i := range 30 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			p.both()[(i+1)%2].post(am.payload(am.resolved(fmt.Sprint("t", i), start, time.Now())), api.Silent)
		}
		p.after(10 * time.Minute)
		for _, c := range p.bot.Calls() {
			if c.Status != http.StatusOK {
				t.Errorf("a call was refused: %+v", c)
			}
		}
		for i := range 30 {
			if n := p.counted(group, fmt.Sprint("t", i)); n != 1 {
				t.Errorf("%d messages show the alert %d", n, i)
			}
		}
		for _, m := range p.bot.Messages(group) {
			if !strings.HasPrefix(m.Text, "✅") {
				t.Errorf("it is not resolved: %s", outline(m))
			}
		}
		p.backlog(0)
	})
}

func TestWhileTheDatabaseIsAwayEachReplicaDelivers(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		p.post(am.payload(am.firing("before", start)), api.Loud)
		p.after(10 * time.Second)
		p.a.set(true)
		p.b.set(true)
		p.after(10 * time.Second)
		gone := time.Now()
		am.key = "first"
		p.post(am.payload(am.firing("first", gone)), api.Loud)
		p.after(5 * time.Second)
		am.key = "second"
		p.second.post(am.payload(am.firing("second", time.Now())), api.Loud)
		p.after(5 * time.Second)
		am.key = ""
		p.second.post(am.payload(am.resolved("before", start, time.Now())), api.Loud) // the first received its start
		p.after(time.Minute)
		want := []string{
			"1 ✅ P0: Preflight (resolved after 30s) [✅ Database: before, resolved after 30s] edited",
			"2 🚨 P0: Preflight [Database: first]",
			"3 🚨 P0: Preflight [Database: second]",
			"4 ✅ P0 resolved: Preflight [Database: before, resolved after 30s] silent reply to 1",
		}
		p.expect(person, want...)
		if d := p.bot.Messages(person)[1].Sent.Sub(gone); d > 2*time.Second {
			t.Errorf("the first delivered after %s", d)
		}
		for _, w := range p.both() {
			if w.metric("preflight_webhook_replica_state", "alone") != 1 {
				t.Error("a replica does not say that it is alone")
			}
		}
		// When it is back they know of each other's.
		p.a.set(false)
		p.after(time.Minute)
		p.b.set(false)
		p.after(10 * time.Minute)
		p.expect(person, want...)
		am.key = "second"
		p.post(am.payload(am.resolved("second", p.bot.Messages(person)[2].Sent, time.Now())), api.Loud)
		p.after(time.Minute)
		if m := p.bot.Messages(person); len(m) != 5 || m[4].ReplyTo != 3 {
			t.Errorf("the chat shows %v", m)
		}
		if p.metric("preflight_webhook_replica_state", "telling")+p.second.metric("preflight_webhook_replica_state", "telling") != 1 {
			t.Error("not exactly one replica delivers")
		}
	})
}

// Both receive the same alert while they are disconnected. It is shown twice,
// the duplicate is counted, and both messages are resolved.
func TestAnAlertThatBothDeliveredIsResolvedInBothMessages(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.a.set(true)
		p.b.set(true)
		p.after(10 * time.Second)
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		for _, w := range p.both() {
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			p.after(5 * time.Second)
		}
		p.a.set(false)
		p.b.set(false)
		p.after(time.Minute)
		p.second.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(time.Minute)
		m := p.bot.Messages(person)
		if len(m) != 3 || len(m[0].Edits) != 1 || len(m[1].Edits) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		if n := p.metric("preflight_webhook_messages_duplicated_total"); n != 1 {
			t.Errorf("%v duplicates are counted", n)
		}
	})
}

// Both delivered the same alert, and a reminder followed. The resolution edits
// all three messages, also the one that is neither the first nor the newest
// message of the replica that holds the lease.
func TestAnAlertThatBothDeliveredIsResolvedInBothMessagesAfterAReminder(t *testing.T) {
	for name, first := range map[string]int{"the one that held the lease was first": 0, "the other one was first": 1} {
		t.Run(name, func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				p.a.set(true)
				p.b.set(true)
				p.after(10 * time.Second)
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				firing := am.payload(am.firing("redis", start), am.firing("upbit", start))
				for _, i := range []int{first, 1 - first} {
					p.both()[i].post(firing, api.Loud)
					p.after(5 * time.Second)
				}
				p.a.set(false)
				p.b.set(false)
				p.after(time.Hour)
				p.post(firing, api.Loud)
				p.after(time.Minute)
				p.second.post(am.payload(am.resolved("redis", start, time.Now()), am.firing("upbit", start)), api.Loud)
				p.after(time.Minute)
				m := p.bot.Messages(person)
				if len(m) != 4 || !strings.Contains(m[2].Text, "still firing") {
					t.Fatalf("the chat shows %v", m)
				}
				for _, m := range m[:3] {
					if len(m.Edits) != 1 || !strings.Contains(m.Text, "✅ Database: redis") {
						t.Errorf("message %d was edited %d times: %s", m.ID, len(m.Edits), outline(m))
					}
				}
				for _, w := range p.both() {
					if n := w.metric("preflight_webhook_backlog"); n != 0 {
						t.Errorf("a backlog of %v is left", n)
					}
				}
			})
		})
	}
}

// While disconnected, one delivered the start, the other the start and the
// resolution. After they reconnect, nothing is left to deliver, and the first
// message shows the resolution.
func TestAResolutionOfTheOtherReplicaIsNotRepeated(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.a.set(true)
		p.b.set(true)
		p.after(10 * time.Second)
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(10 * time.Second)
		p.second.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(10 * time.Second)
		p.b.set(false) // it hands over first
		p.after(10 * time.Second)
		p.a.set(false)
		p.after(time.Minute)
		p.expect(person,
			"1 ✅ P0: Preflight (resolved after 10s) [✅ Database: redis, resolved after 10s] edited",
			"2 ✅ P0: Preflight (resolved after 10s) [✅ Database: redis, resolved after 10s] silent")
		for _, w := range p.both() {
			if n := w.metric("preflight_webhook_backlog"); n != 0 {
				t.Errorf("a backlog of %v is left", n)
			}
		}
	})
}

// A replica that cannot reach Telegram leaves the lease to one whose can.
func TestAReplicaThatCannotReachTelegramYields(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.service.SetTransport(transport.Telegram, unreachable{})
		am := alertmanager{url: "http://a", priority: "P0"}
		begin := time.Now()
		p.post(am.payload(am.firing("redis", begin)), api.Loud)
		p.after(time.Minute)
		m := p.bot.Messages(person)
		if len(m) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		if d := m[0].Sent.Sub(begin); d > 20*time.Second {
			t.Errorf("it was delivered after %s", d)
		}
	})
}

type unreachable struct{}

func (unreachable) Send(context.Context, transport.Chat, transport.Message) (string, error) {
	return "", &transport.Error{Kind: transport.Unreachable, Description: "no route"}
}

func (unreachable) Check(context.Context, transport.Chat) error { return nil }

func (unreachable) Capabilities(transport.Chat) transport.Capabilities {
	return transport.Capabilities{Edits: true, Text: transport.MinText}
}

func (unreachable) Edit(context.Context, transport.Chat, string, transport.Message) error {
	return &transport.Error{Kind: transport.Unreachable, Description: "no route"}
}

func TestRetryAfterHoldsForTheOtherReplica(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.bot.Inject(fakebot.Fault{RetryAfter: 300})
		begin := time.Now()
		am := alertmanager{url: "http://a", priority: "P0"}
		p.second.post(am.payload(am.firing("redis", begin)), api.Loud)
		p.after(time.Second)
		p.stop()
		p.after(10 * time.Minute)
		m := p.bot.Messages(person)
		if len(m) != 1 || m[0].Sent.Sub(begin).Truncate(time.Second) != 300*time.Second {
			t.Errorf("the chat that had to wait 300s shows %v", m)
		}
		p.start()
	})
}

// One Alertmanager of a cluster sends the watchdog, to its own webhook.
func TestAHeartbeatAtOneReplicaIsEnough(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		for _, w := range p.both() {
			w.config.HeartbeatTimeout = 3 * time.Minute
			w.restart()
		}
		beats := func(w *world, minutes int) {
			for range minutes {
				if err := w.service.Heartbeat(webhook.Heartbeat{}); err != nil {
					t.Fatal(err)
				}
				p.after(time.Minute)
			}
		}
		beats(p.second, 20)
		beats(p.world, 20)
		p.expect(person)
		p.a.set(true)
		p.b.set(true)
		beats(p.world, 20) // the second one can't know, and says nothing
		p.expect(person)
		p.a.set(false)
		p.b.set(false)
		p.after(time.Minute)
		p.expect(person)
		p.after(10 * time.Minute)
		if m := p.bot.Messages(person); len(m) != 1 || !strings.Contains(m[0].Text, "Alerting is blind") {
			t.Fatalf("the chat shows %v", m)
		}
		beats(p.second, 2)
		if m := p.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

func firingAll(am alertmanager, targets []string, start time.Time) (list template.Alerts) {
	for _, target := range targets {
		list = append(list, am.firing(target, start))
	}
	return list
}

// A message in parts is finished by the other replica, with the undelivered alerts.
func TestTheOtherReplicaDeliversTheRestOfALongMessage(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		var list []string
		for i := range 300 {
			list = append(list, fmt.Sprintf("target-%03d.", i))
		}
		p.post(am.payload(firingAll(am, list, start)...), api.Loud)
		p.after(2500 * time.Millisecond)
		parts := len(p.bot.Messages(person))
		p.stop()
		p.after(2 * time.Minute)
		p.start()
		p.after(2 * time.Minute)
		text := ""
		for _, m := range p.bot.Messages(person) {
			text += m.Text + "\n"
		}
		for _, target := range list {
			if n := strings.Count(text, "Database: "+target); n != 1 {
				t.Errorf("%s is delivered %d times", target, n)
			}
		}
		if all := len(p.bot.Messages(person)); parts == 0 || parts >= all {
			t.Errorf("%d of %d messages were sent by the first", parts, all)
		}
	})
}

// While another session locks the tables of the journal, a replica that starts
// delivers what it receives itself. Later it shares its deliveries.
func TestALockedMigrationDelaysNoAlert(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.world.stop()
		p.second.stop()
		p.a.locked = 25 * time.Second
		p.world.start()
		am := alertmanager{url: "http://a", priority: "P0", key: "k"}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(10 * time.Second)
		p.expect(person, "1 🚨 P0: Preflight [Database: redis]")
		p.after(30 * time.Second)
		p.second.start()
		p.second.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(time.Minute)
		p.expect(person, "1 🚨 P0: Preflight [Database: redis]")
	})
}
