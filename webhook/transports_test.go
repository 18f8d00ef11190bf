package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// An alert and its end, over a restart in between: the message is edited, and the
// reply refers to it.
func TestEpisodes(t *testing.T) {
	inRooms(t, func(w *world, r room) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Second)
		r.expect(w.t, w, "1 🚨 P0: Preflight [Database: redis]")
		w.restart()
		w.after(10 * time.Minute)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		r.expect(w.t, w, "1 ✅ P0: Preflight (resolved after 10m 1s) [✅ Database: redis, resolved after 10m 1s] edited",
			"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 10m 1s] reply to 1")
	})
}

// A call without an answer is repeated, and makes at most one duplicate.
func TestCallsWithoutAnAnswer(t *testing.T) {
	for name, tr := range map[string]trouble{"lost": {lost: true}, "unanswered": {unanswered: true}} {
		t.Run(name, func(t *testing.T) {
			inRooms(t, func(w *world, r room) {
				r.fail(tr)
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(time.Minute)
				want := 1
				if tr.unanswered {
					want = 2
				}
				if m := r.shown(); len(m) != want {
					t.Fatalf("the chat shows %v", m)
				}
				if got := w.metric("preflight_webhook_deliveries_ambiguous_total", r.chat.String()); got != 1 {
					t.Errorf("%v ambiguous calls are counted", got)
				}
				r.fail(tr)
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(2 * time.Minute)
				m := r.shown()
				if last := m[len(m)-1]; len(m) > want+2 || !strings.HasPrefix(last.Text, "✅ P0 resolved") || last.ReplyTo != want {
					t.Errorf("the chat shows %v", m)
				}
				if !strings.HasPrefix(m[want-1].Text, "✅") {
					t.Errorf("the message was not edited: %s", m[want-1].Text)
				}
			})
		})
	}
}

func TestAWaitHoldsOverARestart(t *testing.T) {
	inRooms(t, func(w *world, r room) {
		r.fail(trouble{wait: 300})
		begin := time.Now()
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", begin)), api.Loud)
		w.after(time.Second)
		w.restart()
		w.after(10 * time.Minute)
		if m := r.shown(); len(m) != 1 || m[0].Sent.Sub(begin).Truncate(time.Second) != 300*time.Second {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// A text that is refused is replaced by less.
func TestRefusedTexts(t *testing.T) {
	inRooms(t, func(w *world, r room) {
		r.refuse(func(text string) bool { return strings.Contains(text, "redis") })
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(time.Minute)
		r.expect(w.t, w, "1 P0 Check, text refused []")
	})
}

func TestAChatThatTakesNoMessages(t *testing.T) {
	inRooms(t, func(w *world, r room) {
		r.gone(true)
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(10 * time.Minute)
		if w.metric("preflight_webhook_chat_state", r.chat.String(), "dead") != 1 {
			t.Error("the chat is not dead")
		}
		r.gone(false)
		w.after(2 * time.Minute)
		if m := r.shown(); len(m) != 1 || w.metric("preflight_webhook_chat_state", r.chat.String(), "ok") != 1 {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// Many groups at once become summaries, whose edits and ends follow.
func TestStormsInEachTransport(t *testing.T) {
	inRooms(t, func(w *world, r room) {
		start := time.Now()
		all := func(payload func(alertmanager, string) []byte) {
			for i := range 150 {
				am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
				w.post(payload(am, fmt.Sprint("target-", i)), api.Loud)
			}
		}
		all(func(am alertmanager, name string) []byte { return am.payload(am.firing(name, start)) })
		w.after(10 * time.Minute)
		fired := len(r.shown())
		if fired == 0 || fired > 80 {
			t.Fatalf("%d messages", fired)
		}
		all(func(am alertmanager, name string) []byte { return am.payload(am.resolved(name, start, time.Now())) })
		w.after(30 * time.Minute)
		if got := w.metric("preflight_webhook_backlog"); got != 0 {
			t.Errorf("the backlog is %v", got)
		}
		for _, m := range r.shown() {
			if strings.Contains(m.Text, "firing") && !strings.HasPrefix(m.Text, "✅") {
				t.Errorf("a message shows alerts as firing: %s", m.Text)
			}
		}
	})
}

// A chat that fails does not delay a chat of another transport, which shows each
// alert once.
func TestAMessageForTwoTransports(t *testing.T) {
	for name, trouble := range map[string]func(telegram, slack room){
		"none":              func(room, room) {},
		"Telegram is gone":  func(telegram, _ room) { telegram.gone(true) },
		"Slack is gone":     func(_, slack room) { slack.gone(true) },
		"Telegram is away":  func(telegram, _ room) { telegram.fail(trouble{lost: true, times: 1000}) },
		"Slack is away":     func(_, slack room) { slack.fail(trouble{lost: true, times: 1000}) },
		"Telegram is slow":  func(telegram, _ room) { telegram.fail(trouble{wait: 600}) },
		"Slack is too busy": func(_, slack room) { slack.fail(trouble{wait: 600}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var telegram room
			inRoom(t, func(w *world) room {
				telegram = w.telegramRoom()
				return w.withSlack(true)
			}, func(w *world, slack room) {
				trouble(telegram, slack)
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(time.Minute)
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(time.Minute)
				for service, r := range map[string]room{"Telegram": telegram, "Slack": slack} {
					m := r.shown()
					if strings.HasPrefix(name, service) {
						if len(m) > 0 {
							t.Errorf("%s shows %v", service, m)
						}
						continue
					}
					if len(m) != 2 || m[0].Sent.Sub(start) > time.Second || !strings.HasPrefix(m[0].Text, "✅") || m[1].ReplyTo != 1 {
						t.Errorf("%s shows %v", service, m)
					}
				}
			})
		})
	}
}

// Where edits alone have to wait, new alerts do not.
func TestEditsThatWaitDelayNoAlert(t *testing.T) {
	inRoomOfSlack(t, func(w *world, r room) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		r.fail(trouble{wait: 300, edits: true})
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		other := alertmanager{url: "http://a", priority: "P0", key: "other"}
		posted := time.Now()
		w.post(other.payload(other.firing("disk", posted)), api.Loud)
		w.after(time.Minute)
		m := r.shown()
		if len(m) != 3 || m[2].Sent.Sub(posted) > 2*time.Second || len(m[0].Edits) != 0 {
			t.Fatalf("the chat shows %v", m)
		}
		w.after(5 * time.Minute)
		if m := r.shown(); len(m[0].Edits) != 1 {
			t.Errorf("the first message is not edited: %v", m[0])
		}
	})
}

// More edits than the service allows wait their turn, and are no refused calls.
func TestTheRateOfEditsIsKept(t *testing.T) {
	inRoomOfSlack(t, func(w *world, r room) {
		start := time.Now()
		for i := range 70 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			w.post(am.payload(am.firing(fmt.Sprint(i), start)), api.Silent)
			w.after(2 * time.Second)
		}
		w.after(10 * time.Minute)
		shown := len(r.shown())
		for i := range 70 {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i)}
			w.post(am.payload(am.resolved(fmt.Sprint(i), start, time.Now())), api.Silent)
		}
		w.after(20 * time.Minute)
		edited := 0
		for _, m := range r.shown()[:shown] {
			if strings.HasPrefix(m.Text, "✅") {
				edited++
			}
		}
		if edited != shown {
			t.Errorf("%d of %d messages are edited", edited, shown)
		}
		if got := w.metric("preflight_webhook_deliveries_retried_total", "rate_limited"); got != 0 {
			t.Errorf("%v calls were refused for their rate", got)
		}
	})
}

func inRoomOfSlack(t *testing.T, f func(*world, room)) {
	t.Parallel()
	inRoom(t, func(w *world) room { return w.withSlack(false) }, f)
}

// Replicas know the ids of each other's messages.
func TestReplicasKnowTheMessagesOfEachTransport(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		r := p.withSlack(true)
		p.second.config.Chats, p.second.config.Transports = p.config.Chats, p.config.Transports
		p.restart()
		p.second.restart()
		p.after(20 * time.Second)
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(10 * time.Second)
		p.world.stop()
		p.after(time.Minute)
		p.second.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(time.Minute)
		for _, r := range []room{r, p.telegramRoom()} {
			m := r.shown()
			if len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") || m[1].ReplyTo != 1 {
				t.Errorf("%s shows %v", r.chat, m)
			}
		}
	})
}

// The version before stores and reads the ids of Telegram's messages in a column of
// numbers, and does not know the others.
func TestTheVersionBeforeUsesTheIDs(t *testing.T) {
	t.Parallel()
	var telegram room
	inRoom(t, func(w *world) room {
		telegram = w.telegramRoom()
		return w.withSlack(true)
	}, func(w *world, slack room) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		w.stop()
		if n := w.rows(`SELECT count(*) FROM messages WHERE chat = '7' AND typeof(telegram_id) = 'integer' AND message_id IS NULL
			OR chat LIKE 'slack:%' AND telegram_id IS NULL AND message_id LIKE '%.%'`); n != 2 {
			t.Errorf("the version before reads the ids of %d messages, not of 2", n)
		}
		w.database(
			// It sent this message, of another alert.
			`INSERT INTO messages (chat, group_key, kind, rank, batch, part, parts, content, instances, state, telegram_id, created_at, sent_at)
				SELECT chat, group_key, kind, rank, 0, 1, 1, '', instances, 'sent', telegram_id, created_at, sent_at FROM messages WHERE chat = '7'`,
			`UPDATE views SET first_message = (SELECT max(id) FROM messages), last_message = (SELECT max(id) FROM messages) WHERE chat = '7'`,
		)
		w.start()
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		for _, r := range []room{telegram, slack} {
			if m := r.shown(); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") || m[1].ReplyTo != 1 {
				t.Errorf("%s shows %v", r.chat, m)
			}
		}
	})
}
