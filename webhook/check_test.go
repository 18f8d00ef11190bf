package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// A wrong chat, a wrong token and a chat with a new id are noticed at the start,
// before the first alert, also when Telegram is away at that time.
func TestChatsAreCheckedAtTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		trouble func(*fakebot.Bot)
		state   string
		log     string
	}{
		"right":    {func(*fakebot.Bot) {}, "ok", ""},
		"unknown":  {func(b *fakebot.Bot) { b.Remove(group) }, "dead", "chat not found"},
		"blocked":  {func(b *fakebot.Bot) { b.Block(group, true) }, "dead", "Forbidden"},
		"migrated": {func(b *fakebot.Bot) { b.Migrate(group, super) }, "ok", "set the id of the chat to -1001"},
		"token": {func(b *fakebot.Bot) {
			b.Inject(fakebot.Fault{Method: "getChat", Times: 100, Status: 401, Body: `{"ok":false,"error_code":401,"description":"Unauthorized"}`})
		}, "dead", "check TELEGRAM_BOT_TOKEN"},
	} {
		for away, faults := range map[string][]fakebot.Fault{
			"":       nil,
			" later": {{Method: "getChat", Drop: true}, {Method: "getChat", Status: 502, Body: "<html>"}, {Method: "getChat", RetryAfter: 3}},
		} {
			t.Run(name+away, func(t *testing.T) {
				inWorld(t, "-100", func(w *world) {
					w.stop()
					w.bot.Inject(faults...)
					c.trouble(w.bot)
					w.start()
					w.after(5 * time.Minute)
					if w.metric("preflight_webhook_chat_state", "-100", c.state) != 1 {
						t.Errorf("the chat is not %s", c.state)
					}
					if log := w.logs.String(); strings.Contains(log, "the chat will refuse messages") != (c.log != "") || !strings.Contains(log, c.log) {
						t.Errorf("the log is\n%s", log)
					}
				})
			})
		}
	}
}

// An alert does not wait for the check.
func TestAnAlertDoesNotWaitForTheCheck(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.stop()
		w.bot.Inject(fakebot.Fault{Method: "getChat", Delay: 20 * time.Second}, fakebot.Fault{Method: "getChat", Delay: time.Minute})
		w.start()
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(100 * time.Millisecond)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
	})
}

// A delivered alert corrects the check.
func TestADeliveredAlertShowsThatTheChatIsRight(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.stop()
		w.bot.Block(person, true)
		w.start()
		w.after(time.Minute)
		if w.metric("preflight_webhook_chat_state", "7", "dead") != 1 {
			t.Error("the chat is not dead")
		}
		w.bot.Block(person, false)
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(2 * time.Second)
		if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
			t.Error("the chat is not ok again")
		}
	})
}

// A chat that was put right is ok again without an alert.
func TestAChatThatIsPutRight(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.stop()
		w.bot.Block(person, true)
		w.start()
		w.after(time.Minute)
		w.bot.Block(person, false)
		w.after(time.Minute)
		if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
			t.Error("the chat is not ok again")
		}
		if n := strings.Count(w.logs.String(), "the chat will refuse messages"); n != 1 {
			t.Errorf("%d errors in the log", n)
		}
	})
}

// A chat that takes messages is right, whatever the check finds.
func TestTheCheckOfAChatThatTakesMessagesEnds(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.stop()
		w.bot.Inject(fakebot.Fault{Method: "getChat", Status: 400, Body: `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, Times: 100})
		w.start()
		for _, target := range []string{"redis", "disk"} {
			am := alertmanager{url: "http://a", priority: "P0", key: target}
			w.post(am.payload(am.firing(target, time.Now())), api.Loud)
			w.after(5 * time.Minute)
			if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
				t.Error("the chat counts as failing")
			}
		}
		if n := strings.Count(w.logs.String(), "the chat will refuse messages"); n > 1 {
			t.Errorf("logged %d times", n)
		}
	})
}
