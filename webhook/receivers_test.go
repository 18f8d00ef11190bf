package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// receiver returns a receiver with chats, and the sound of the alerts' levels.
func receiver(name string, chats ...string) webhook.Receiver {
	r := webhook.Receiver{Name: name}
	for _, id := range chats {
		r.Chats = append(r.Chats, telegram.Chat{ID: id})
	}
	return r
}

// inReceivers runs a test with receivers. The default chat is the group.
func inReceivers(t *testing.T, f func(*world), list ...webhook.Receiver) {
	inWorld(t, "-100", func(w *world) {
		w.config.Receivers, w.config.LevelSounds = list, true
		w.restart()
		f(w)
	})
}

// to posts a notification to a receiver of a cluster.
func (w *world) to(receiver string, body []byte) {
	w.t.Helper()
	if status := w.request(api.ReceiverPath(receiver, "main"), body); status != http.StatusOK {
		w.t.Fatalf("answered %d", status)
	}
	w.after(5 * time.Second)
}

// reload replaces receivers and default chats.
func (w *world) reload(chats string, list ...webhook.Receiver) {
	w.t.Helper()
	next := w.config.Settings
	var err error
	if next.Chats, err = telegram.ParseChats(chats); err != nil {
		w.t.Fatal(err)
	}
	next.Receivers = list
	if err := w.service.SetSettings(next); err != nil {
		w.t.Fatal(err)
	}
	w.config.Settings = next // for the next start
	w.after(5 * time.Second)
}

// The groups of the tests: each receiver has its own route.
var (
	team = alertmanager{url: "http://a", priority: "P0", key: `{}/{team="a"}:`}
	ops  = alertmanager{url: "http://a", priority: "P0", key: `{}/{severity="page"}:`}
)

const (
	fires   = "1 🚨 P0: Preflight [Database: redis]"
	over    = "1 ✅ P0: Preflight (resolved after 10m) [✅ Database: redis, resolved after 10m] edited"
	replied = "2 ✅ P0 resolved: Preflight [Database: redis, resolved after 10m] silent reply to 1"
)

// An alert of two receivers is shown in the chats of each, until the receiver itself
// resolves it.
func TestReceiversResolveTheirOwnChats(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.to("team", team.payload(team.firing("redis", start)))
		w.to("infra", ops.payload(ops.firing("redis", start)))
		w.expect(person, fires)
		w.expect(another, fires)
		w.expect(group)
		end := start.Add(10 * time.Minute)
		w.after(time.Until(end.Add(5 * time.Second)))
		w.to("team", team.payload(team.resolved("redis", start, end)))
		w.after(time.Minute)
		w.expect(person, over, replied)
		w.expect(another, fires)
		w.to("infra", ops.payload(ops.resolved("redis", start, end)))
		w.expect(another, over, replied)
	}, receiver("team", "7"), receiver("infra", "8"))
}

// A chat of two receivers gets one message. The loudest sound counts, and the chat
// that only one of them has is not affected.
func TestAChatOfTwoReceiversGetsOneMessage(t *testing.T) {
	silent, loud := receiver("silent", "7", "8"), receiver("loud", "8")
	silent.Sound, loud.Sound = api.Silent, api.Loud
	for name, order := range map[string][]string{"silent first": {"silent", "loud"}, "loud first": {"loud", "silent"}} {
		t.Run(name, func(t *testing.T) {
			inReceivers(t, func(w *world) {
				start := time.Now()
				by := map[string]alertmanager{"silent": team, "loud": ops}
				for _, to := range order {
					w.to(to, by[to].payload(by[to].firing("redis", start)))
				}
				w.after(time.Minute)
				w.expect(person, fires+" silent")
				shown := []string{fires}
				if order[0] == "silent" { // the second makes it ring
					shown = []string{fires + " silent", strings.Replace(fires, "1 🚨 P0", "2 🚨 P0 still firing", 1)}
				}
				if m := w.bot.Messages(another); len(m) != len(shown) || m[len(m)-1].Silent {
					w.t.Fatalf("the chat shows %v", m)
				}
				end := start.Add(10 * time.Minute)
				w.after(time.Until(end.Add(5 * time.Second)))
				for _, to := range order {
					w.to(to, by[to].payload(by[to].resolved("redis", start, end)))
				}
				w.after(time.Minute)
				if m := w.bot.Messages(another); len(m) != len(shown)+1 || !m[len(m)-1].Silent {
					w.t.Fatalf("the chat shows %v", m)
				}
			}, silent, loud)
		})
	}
}

// A receiver without chats makes an entry in the history. Its resolution resolves
// nothing in the chats of others.
func TestAReceiverWithoutChatsIsForTheHistory(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.to("history", team.payload(team.firing("redis", start)))
		w.expect(group)
		w.to("infra", ops.payload(ops.firing("redis", start)))
		w.to("history", team.payload(team.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		w.expect(another, fires)
		var open, ended int
		for _, r := range w.history() {
			if r.EndsAt == nil {
				open++
			} else {
				ended++
			}
		}
		if open != 1 || ended != 1 {
			t.Errorf("%d records are open and %d ended", open, ended)
		}
	}, webhook.Receiver{Name: "history", Sound: api.None}, receiver("infra", "8"))
}

// The level of the most severe alert decides the sound, unless the receiver has one.
func TestSoundsOfReceivers(t *testing.T) {
	quiet := receiver("quiet", "8")
	quiet.Sound = api.Silent
	inReceivers(t, func(w *world) {
		p2 := alertmanager{url: "http://a", priority: "P2", key: "low"}
		w.to("levels", p2.payload(p2.firing("redis", time.Now())))
		w.after(time.Minute)
		w.to("levels", team.payload(team.firing("redis", time.Now()), p2.firing("postgres", time.Now())))
		w.to("quiet", ops.payload(ops.firing("redis", time.Now())))
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !m[0].Silent || m[1].Silent {
			t.Errorf("the chat shows %v", m)
		}
		w.expect(another, fires+" silent")
	}, receiver("levels", "7"), quiet)
}

// The alerts of a receiver that is not configured are in the default chats, also
// those of a level without a message. It is logged once.
func TestAnUnknownReceiverIsShownInTheDefaultChats(t *testing.T) {
	for _, name := range []string{"on call", "a/b", "../../../-/reload", "결제", "100%", "..", "a?b#c&d=e", "//"} {
		t.Run(name, func(t *testing.T) {
			inReceivers(t, func(w *world) {
				p3 := alertmanager{url: "http://a", priority: "P3", key: "low"}
				start := time.Now()
				w.to(name, team.payload(team.firing("redis", start)))
				w.to(name, p3.payload(p3.firing("postgres", start)))
				w.after(time.Minute)
				if m := w.bot.Messages(group); len(m) != 2 || m[0].Silent || !m[1].Silent || !strings.Contains(m[0].Text, "which this webhook does not know") {
					t.Errorf("the chat shows %v", m)
				}
				if n := w.metric("preflight_webhook_unknown_receiver_notifications_total"); n != 2 {
					t.Errorf("counted %v", n)
				}
				if n := strings.Count(w.logs.String(), "notification to an unknown receiver"); n != 1 {
					t.Errorf("logged %d times\n%s", n, w.logs)
				}
				w.reload("-100", receiver(name, "7"))
				w.to(name, team.payload(team.resolved("redis", start, time.Now())))
				w.after(time.Minute)
				if m := w.bot.Messages(group); !strings.HasPrefix(m[0].Text, "✅") {
					t.Errorf("the default chat does not show the end: %v", m)
				}
				w.to("other", team.payload(team.firing("mysql", start)))
				if n := strings.Count(w.logs.String(), "notification to an unknown receiver"); n != 2 {
					t.Errorf("after a reload logged %d times", n)
				}
			}, receiver("known", "7"))
		})
	}
}

// A misspelt key of the URL has no effect, and is logged once.
func TestUnknownKeysOfTheURL(t *testing.T) {
	inReceivers(t, func(w *world) {
		for _, target := range []string{"a", "b"} {
			if status := w.request(api.ReceiverPath("team", "")+"?clsuter=x&notify=none", team.payload(team.firing(target, time.Now()))); status != 200 {
				t.Fatalf("answered %d", status)
			}
			w.after(time.Minute)
		}
		if n := len(w.bot.Messages(person)); n != 2 {
			t.Errorf("%d messages", n)
		}
		for _, key := range []string{"key=clsuter", "key=notify"} {
			if n := strings.Count(w.logs.String(), key); n != 1 {
				t.Errorf("%s is logged %d times\n%s", key, n, w.logs)
			}
		}
	}, receiver("team", "7"))
}

// Two routes with equal matchers have groups with one key. The reminders of each are
// sent.
func TestGroupsWithOneKey(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		body := team.payload(team.firing("redis", start))
		for range 2 {
			w.to("team", body)
			w.to("infra", body)
			w.after(time.Hour)
		}
		for _, chat := range []int64{person, another} {
			if m := w.bot.Messages(chat); len(m) != 2 {
				t.Errorf("the chat shows %v", m)
			}
		}
	}, receiver("team", "7"), receiver("infra", "8"))
}

// The first receiver of a chat decides the look of its messages.
func TestTheLookOfAReceiversMessages(t *testing.T) {
	inReceivers(t, func(w *world) {
		seoul, err := time.LoadLocation("Asia/Seoul")
		if err != nil {
			t.Fatal(err)
		}
		korean, err := message.New(message.Options{Language: "ko", Location: seoul, Mentions: []string{"@oncall"}})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Formatters = map[string]*message.Formatter{"7": korean}
		w.restart()
		start := time.Now()
		for _, to := range []string{"team", "infra"} {
			w.to(to, team.payload(team.firing("redis", start)))
		}
		if text := w.bot.Messages(person)[0].Text; !strings.Contains(text, "시각: 2026-03-01 19:00") || !strings.HasSuffix(text, "\n\n@oncall") {
			t.Errorf("the chat shows\n%s", text)
		}
		w.expect(another, fires)
		w.to("team", team.payload(team.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		for _, m := range w.bot.Messages(person) {
			if strings.Contains(m.Text, "@oncall") {
				t.Errorf("a resolution calls people:\n%s", m.Text)
			}
		}
	}, receiver("team", "7"), receiver("infra", "8"))
}

// An alert that flaps does so in each chat by itself.
func TestFlappingOfReceivers(t *testing.T) {
	inReceivers(t, func(w *world) {
		for i := range 3 { // in two chats there are six episodes
			start := time.Now()
			for to, am := range map[string]alertmanager{"team": team, "infra": ops} {
				w.to(to, am.payload(am.firing("redis", start)))
			}
			w.after(2 * time.Minute)
			end := time.Now()
			for to, am := range map[string]alertmanager{"team": team, "infra": ops} {
				w.to(to, am.payload(am.resolved("redis", start, end)))
			}
			w.after(2 * time.Minute)
			if n := len(w.bot.Messages(person)); n != 2*(i+1) {
				t.Fatalf("after %d episodes the chat shows %v", i+1, w.bot.Messages(person))
			}
		}
	}, receiver("team", "7"), receiver("infra", "8"))
}
