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
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

const super = -1001 // the supergroup that the group becomes

// A supergroup numbers its messages anew. What is open is shown there once, in
// one quiet message, and the ends refer to that.
func TestAGroupThatBecomesASupergroupIsFollowed(t *testing.T) {
	for _, trigger := range []string{"alert", "reminder", "resolution", "edit"} {
		t.Run(trigger, func(t *testing.T) {
			inWorld(t, "-100", func(w *world) {
				a, b := alertmanager{url: "http://a", priority: "P0", key: "a"}, alertmanager{url: "http://a", priority: "P1", key: "b"}
				start := time.Now()
				w.post(a.payload(a.firing("redis", start), a.firing("disk", start)), api.Loud)
				w.post(b.payload(b.firing("cpu", start)), api.Loud)
				w.after(4 * time.Hour)
				if trigger == "edit" {
					w.post(b.payload(b.resolved("cpu", start, time.Now())), api.Loud)
					w.after(500 * time.Millisecond) // the resolution is delivered, the edit is due
				}
				w.bot.Migrate(group, super)
				switch trigger {
				case "alert":
					c := alertmanager{url: "http://a", priority: "P0", key: "c"}
					w.post(c.payload(c.firing("new", time.Now())), api.Loud)
				case "reminder":
					w.post(a.payload(a.firing("redis", start), a.firing("disk", start)), api.Loud)
				case "resolution":
					w.post(b.payload(b.resolved("cpu", start, time.Now())), api.Loud)
				}
				w.after(30 * time.Second)
				w.restart()
				w.after(30 * time.Second)
				const again = "🚨 P0: Preflight (still firing after 4h) [Database: disk; Database: redis] silent"
				want := []string{"1 " + again}
				switch trigger {
				case "alert":
					want = []string{"1 🚨 P0: Preflight [Database: new]", "2 🚨 P0: Preflight (still firing after 4h) [Database: disk; Database: redis; Database: cpu] silent"}
				case "reminder":
					want = []string{
						"1 🚨 P0: Preflight (still firing after 4h) [Database: disk; Database: redis]",
						"2 ⚠️ P1: Preflight (still firing after 4h) [Database: cpu] silent",
					}
				case "resolution":
					want = []string{"1 ✅ P1 resolved: Preflight [Database: cpu, resolved after 4h] silent", "2 " + again}
				}
				w.expect(super, want...)
				last := len(want)
				if trigger == "reminder" {
					last = 1
				}
				w.post(a.payload(a.resolved("redis", start, time.Now()), a.resolved("disk", start, time.Now())), api.Loud)
				w.after(time.Minute)
				m := w.bot.Messages(super)
				if end := m[len(m)-1]; len(m) != len(want)+1 || end.ReplyTo != last || !strings.Contains(end.Text, "redis, resolved after 4h") {
					t.Errorf("the supergroup shows %v", m)
				}
				for i := range m {
					if edited := len(m[i].Edits) > 0; edited != (i == last-1) {
						t.Errorf("message %d is edited: %v", m[i].ID, edited)
					}
				}
				refused := slices.DeleteFunc(w.bot.Refusals(), func(c fakebot.Call) bool { return strings.Contains(c.Error, "upgraded") })
				if old := len(w.bot.Refusals()) - len(refused); old != 1 || len(refused) != 0 {
					t.Errorf("the old id was used %d times, and refused are %v", old, refused)
				}
				w.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
			})
		})
	}
}

// A group becomes a supergroup at any moment of a storm. No message of the
// supergroup may get the text of another alert, and each alert that fires is
// shown there.
func TestAGroupThatBecomesASupergroupInAStorm(t *testing.T) {
	for _, at := range []time.Duration{0, 3500 * time.Millisecond, 25 * time.Second, 80 * time.Second, 150 * time.Second} {
		t.Run(at.String(), func(t *testing.T) {
			inWorld(t, "-100", func(w *world) {
				const alerts = 15
				am := func(i int) alertmanager {
					return alertmanager{url: "http://a", priority: fmt.Sprint("P", i%2), key: fmt.Sprint(i)}
				}
				start := time.Now()
				target := func(i int) string { return fmt.Sprintf("t%03d", i) }
				for i := range alerts {
					w.post(am(i).payload(am(i).firing(target(i), start)), api.Loud)
				}
				w.after(2 * time.Minute)
				for i := range alerts { // two thirds end, and as many others begin
					if i%3 != 0 {
						w.post(am(i).payload(am(i).resolved(target(i), start, time.Now())), api.Loud)
						j := 100 + i
						w.post(am(j).payload(am(j).firing(target(j), time.Now())), api.Loud)
					}
				}
				w.after(at)
				w.bot.Migrate(group, super)
				w.after(time.Second)
				w.post(am(200).payload(am(200).firing(target(200), time.Now())), api.Loud)
				w.after(10 * time.Minute)
				shown := map[string]int{}
				for _, m := range w.bot.Messages(super) {
					first := m.Text
					if len(m.Edits) > 0 {
						first = m.Edits[0].Text
					}
					for i := range 201 {
						if strings.Contains(m.Text, target(i)) != strings.Contains(first, target(i)) {
							t.Errorf("message %d was\n%s\nand is\n%s", m.ID, first, m.Text)
						}
						if line := "- Database: " + target(i) + "\n"; strings.Contains(m.Text+"\n", line) {
							shown[target(i)]++
						}
					}
				}
				old := map[string]bool{}
				for _, m := range w.bot.Messages(group) {
					for i := range 201 {
						if strings.Contains(m.Text, "- Database: "+target(i)) {
							old[target(i)] = true
						}
					}
				}
				for i := range 201 {
					fires := i < alerts && i%3 == 0 || i > 100 && i < 100+alerts && (i-100)%3 != 0 || i == 200
					if n := shown[target(i)]; fires != (n == 1) {
						t.Errorf("the supergroup shows %s %d times as firing", target(i), n)
					}
				}
				loud := 0
				for _, m := range w.bot.Messages(super) {
					for i := range 201 {
						if !m.Silent && strings.Contains(m.Text, target(i)) && old[target(i)] {
							loud++
						}
					}
				}
				if loud != 0 {
					t.Errorf("%d alerts ring again", loud)
				}
				if w.metric("preflight_webhook_backlog", "-100") != 0 {
					t.Error("alerts wait")
				}
				for _, c := range w.bot.Calls() {
					if c.Status == http.StatusTooManyRequests {
						t.Errorf("a call was refused: %+v", c)
					}
				}
				w.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
			})
		})
	}
}

// The parts of a long message do not stand for the message about what is open.
func TestAGroupThatBecomesASupergroupDuringALongMessage(t *testing.T) {
	for _, during := range []bool{true, false} {
		t.Run(fmt.Sprint(during), func(t *testing.T) {
			inWorld(t, "-100", func(w *world) {
				a, b := alertmanager{url: "http://a", priority: "P1", key: "a"}, alertmanager{url: "http://a", priority: "P0", key: "b"}
				w.post(a.payload(a.firing("open", time.Now())), api.Loud)
				w.after(10 * time.Second)
				var firing []template.Alert
				for i := range 100 {
					firing = append(firing, b.firing(fmt.Sprintf("target-%02d-%s", i, strings.Repeat("x", 60)), time.Now()))
				}
				if !during {
					w.bot.Migrate(group, super)
				}
				w.post(b.payload(firing...), api.Loud)
				w.after(500 * time.Millisecond) // the first part is delivered
				if during {
					w.bot.Migrate(group, super)
				}
				w.after(time.Minute)
				text := ""
				for _, m := range w.bot.Messages(super) {
					text += m.Text + "\n"
				}
				for i := range 100 {
					if n := strings.Count(text, fmt.Sprintf("target-%02d-", i)); n != 1 {
						t.Errorf("the supergroup shows target %d %d times", i, n)
					}
				}
				if n := strings.Count(text, "Database: open"); n != 1 {
					t.Errorf("the supergroup shows the open alert %d times", n)
				}
				w.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
			})
		})
	}
}

// When the configuration names the new id, the chat goes on as it was.
func TestTheNewIdOfASupergroupIsConfigured(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.bot.Migrate(group, super)
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(10 * time.Second)
		chats, err := telegram.ParseChats("-1001")
		if err != nil {
			t.Fatal(err)
		}
		w.config.Chats = chats
		w.restart()
		w.after(10 * time.Second)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(10 * time.Second)
		w.expect(super, "1 ✅ P0: Preflight (resolved after 20s) [✅ Database: redis, resolved after 20s] edited",
			"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 20s] silent reply to 1")
		w.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
	})
}

// The replica that takes over uses the new id, and no old message.
func TestAReplicaFollowsASupergroup(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		for _, w := range p.both() {
			w.post(am.payload(am.firing("redis", start)), api.Loud)
		}
		p.after(10 * time.Second)
		p.bot.Migrate(group, super)
		other := alertmanager{url: "http://a", priority: "P0", key: "other"}
		for _, w := range p.both() {
			w.post(other.payload(other.firing("disk", start)), api.Loud)
		}
		p.after(10 * time.Second)
		p.stop()
		p.after(10 * time.Second)
		p.second.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(10 * time.Second)
		p.expect(super, "1 🚨 P0: Preflight [Database: disk]",
			"2 ✅ P0: Preflight (resolved after 30s) [✅ Database: redis, resolved after 30s] silent edited",
			"3 ✅ P0 resolved: Preflight [Database: redis, resolved after 30s] silent reply to 2")
		p.start()
		p.bot = fakebot.New(token, fakebot.Telegram()) // its one refusal was meant
	})
}

// Telegram's rates are those of a chat, whatever its topics.
func TestRatesAreThoseOfTheChat(t *testing.T) {
	inWorld(t, "-100:5,-100:6,-100", func(w *world) {
		w.bot.AddTopic(group, 6)
		start := time.Now()
		for i := range 18 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			w.post(am.payload(am.firing(fmt.Sprint(i), start)), api.Silent)
		}
		w.after(10 * time.Second)
		w.restart()
		w.bot.Inject(fakebot.Fault{RetryAfter: 20})
		w.after(10 * time.Minute)
		for _, c := range w.bot.Calls() {
			if c.Status != http.StatusOK && c.Error != "Too Many Requests: retry after 20" {
				t.Errorf("a call was refused: %+v", c)
			}
		}
		for _, topic := range []int{0, 5, 6} {
			for i := range 18 {
				w.within(2*time.Minute, start, group, topic, fmt.Sprint(i), false)
			}
		}
	})
}

// While the shared database is away, two replicas together keep the rates.
func TestReplicasAloneShareTheRates(t *testing.T) {
	for _, chat := range []string{"7", "-100"} {
		t.Run(chat, func(t *testing.T) {
			asPair(t, chat, func(p *pair) {
				p.a.set(true)
				p.b.set(true)
				p.after(10 * time.Second)
				for i := range 40 {
					am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
					w := p.both()[i%2]
					w.post(am.payload(am.firing(fmt.Sprint(i), time.Now())), api.Silent)
				}
				p.after(5 * time.Minute)
				limited := 0
				for _, c := range p.bot.Calls() {
					if c.Status == http.StatusTooManyRequests {
						limited++
					}
				}
				if limited > 2 {
					t.Errorf("Telegram had to ask %d times for less", limited)
				}
			})
		})
	}
}
