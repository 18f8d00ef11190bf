package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

// configure restarts the webhook with other chats.
func (w *world) configure(chats string) {
	w.t.Helper()
	list, err := telegram.ParseChats(chats)
	if err != nil {
		w.t.Fatal(err)
	}
	w.config.Chats = list
	w.restart()
}

// rings counts the messages of a chat with a sound.
func (w *world) rings(chat int64) (n int) {
	for _, m := range w.bot.Messages(chat) {
		if !m.Silent {
			n++
		}
	}
	return n
}

// The new id of a group is configured before the webhook learns that the group
// became a supergroup: instead of the old one or beside it, before the migration
// or after it. What is open is shown there once, quietly, and nothing comes twice.
func TestANewIdIsConfiguredBeforeItIsLearnt(t *testing.T) {
	for _, topic := range []string{"", ":5"} {
		for _, both := range []bool{false, true} {
			for _, before := range []bool{false, true} {
				t.Run(fmt.Sprint(topic, both, before), func(t *testing.T) {
					inWorld(t, "-100"+topic, func(w *world) {
						am := alertmanager{url: "http://a", priority: "P0", key: "open"}
						start := time.Now()
						w.post(am.payload(am.firing("redis", start)), api.Loud)
						w.after(time.Minute)
						chats := "-1001" + topic
						if both {
							chats = "-100" + topic + "," + chats
						}
						migrate := func() {
							w.bot.Migrate(group, super)
							if topic != "" {
								w.bot.AddTopic(super, 5)
							}
						}
						if before {
							w.configure(chats)
							w.after(3 * time.Minute)
							migrate()
						} else {
							migrate()
							w.configure(chats)
						}
						w.after(3 * time.Minute)
						if n := w.rings(super); n != 0 {
							t.Errorf("what is open rings again: %v", w.bot.Messages(super))
						}
						other := alertmanager{url: "http://a", priority: "P0", key: "other"}
						w.post(other.payload(other.firing("disk", time.Now())), api.Loud)
						w.after(2 * time.Minute)
						again := alertmanager{url: "http://a", priority: "P0", key: "third"}
						w.post(again.payload(again.firing("cpu", time.Now())), api.Loud)
						w.after(time.Minute)
						text := ""
						for _, m := range w.bot.Messages(super) {
							text += m.Text + "\n"
						}
						for _, target := range []string{"redis", "disk", "cpu"} {
							if n := strings.Count(text, "Database: "+target); n != 1 {
								t.Errorf("the supergroup shows %s %d times: %v", target, n, w.bot.Messages(super))
							}
						}
						if n := w.rings(super); n != 2 {
							t.Errorf("%d messages ring: %v", n, w.bot.Messages(super))
						}
						w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
						w.after(time.Minute)
						ends := 0
						for _, m := range w.bot.Messages(super) {
							if m.ReplyTo != 0 && strings.Contains(m.Text, "redis, resolved after") {
								ends++
							}
						}
						if ends != 1 {
							t.Errorf("%d messages show the end: %v", ends, w.bot.Messages(super))
						}
						for chat := range strings.SplitSeq(chats, ",") {
							if w.metric("preflight_webhook_backlog", chat) != 0 {
								t.Errorf("alerts wait for %s", chat)
							}
						}
						w.bot = fakebot.New(token, fakebot.Telegram()) // its refusals were meant
					})
				})
			}
		}
	}
}

// Another group that is configured instead of the old one is a new chat: it gets
// what is open, with a sound. When the old one comes back, it continues.
func TestAnotherGroupIsConfigured(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		w.bot.Migrate(group, -1002) // not the configured one
		w.bot.AddChat(fakebot.Chat{ID: super})
		w.configure("-1001")
		w.after(time.Minute)
		w.expect(super, "1 🚨 P0: Preflight [Database: redis]")
		w.restart()
		w.configure("-100")
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if n := len(w.bot.Messages(-1002)); n != 1 {
			t.Errorf("the old group shows %v", w.bot.Messages(-1002))
		}
		w.bot = fakebot.New(token, fakebot.Telegram()) // its refusals were meant
	})
}
