package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// Many texts that Telegram refuses hold up the next alert of the chat for ten
// seconds at most, whenever it fires, and each of them is shown by its severity
// and name.
func TestManyRefusedTextsHoldUpNoAlert(t *testing.T) {
	for _, chat := range []string{"7", "-100", "-100:5"} {
		for _, many := range []int{2, 15} {
			for _, later := range []time.Duration{0, 40 * time.Second} {
				t.Run(fmt.Sprint(chat, " ", many, " ", later), func(t *testing.T) {
					inWorld(t, chat, func(w *world) {
						w.bot.Refuse(func(_ int64, m fakebot.Message) string {
							if strings.Contains(m.Text, "poison") {
								return "ENTITY_BOUNDS_INVALID"
							}
							return ""
						})
						post := func(key, target string) {
							am := alertmanager{url: "http://a", priority: "P0", key: key}
							w.post(am.payload(am.firing(target, time.Now())), api.Loud)
						}
						for i := range many {
							post(fmt.Sprint("poison", i), fmt.Sprint("poison", i))
						}
						w.after(later)
						post("redis", "redis")
						w.after(10 * time.Second)
						id := int64(person)
						if chat != "7" {
							id = group
						}
						shown := func() (healthy, refused int) {
							for _, m := range w.bot.Messages(id) {
								switch {
								case strings.Contains(m.Text, "Database: redis"):
									healthy++
								case strings.HasPrefix(m.Text, "P0 Check") && strings.HasSuffix(m.Text, "text refused"):
									refused++
								}
							}
							return healthy, refused
						}
						if healthy, _ := shown(); healthy != 1 {
							t.Errorf("the alert is in %d messages after ten seconds: %v", healthy, w.bot.Messages(id))
						}
						w.after(8 * time.Minute)
						if healthy, refused := shown(); healthy != 1 || refused != many {
							t.Errorf("the alert is in %d messages, %d of %d are shown by name", healthy, refused, many)
						}
						if w.metric("preflight_webhook_backlog", chat) != 0 || w.metric("preflight_webhook_chat_state", chat, "ok") != 1 {
							t.Error("alerts wait, or the chat counts as failing")
						}
						if n := w.metric("preflight_webhook_messages_failed_total", chat); n != float64(many) {
							t.Errorf("%v refused texts are counted", n)
						}
					})
				})
			}
		}
	}
}

// New alerts all the time do not keep refused ones from the chat.
func TestRefusedTextsAreShownWhileAlertsFire(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.bot.Refuse(func(_ int64, m fakebot.Message) string {
			if strings.Contains(m.Text, "poison") {
				return "ENTITY_BOUNDS_INVALID"
			}
			return ""
		})
		for i := range 120 {
			target := fmt.Sprint("t", i)
			if i%30 == 0 {
				target = fmt.Sprint("poison", i)
			}
			am := alertmanager{url: "http://a", priority: "P0", key: target}
			w.post(am.payload(am.firing(target, time.Now())), api.Loud)
			w.after(800 * time.Millisecond)
		}
		refused := 0
		for _, m := range w.bot.Messages(person) {
			if strings.HasSuffix(m.Text, "text refused") {
				refused++
			}
		}
		if refused < 2 {
			t.Errorf("%d of 4 refused alerts are shown", refused)
		}
	})
}

// When the chat itself refuses everything, it counts as failing after a few
// calls, however many alerts wait.
func TestAFailingChatIsFoundWithManyAlerts(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		w.bot.Refuse(func(int64, fakebot.Message) string { return "CHAT_RESTRICTED" })
		for i := range 50 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprint(i)}
			w.post(am.payload(am.firing(fmt.Sprint("t", i), time.Now())), api.Loud)
		}
		w.after(10 * time.Second)
		if w.metric("preflight_webhook_chat_state", "-100", "dead") != 1 {
			t.Errorf("the chat does not count as failing after %d calls", len(w.bot.Calls()))
		}
		w.after(5 * time.Minute)
		w.bot.Refuse(nil)
		w.after(10 * time.Minute)
		for i := range 50 {
			if n := w.count(group, fmt.Sprint("t", i)); n != 1 {
				t.Errorf("%d messages show the alert %d", n, i)
			}
		}
		w.backlog(0)
	})
}

// One name that Telegram refuses hides no other group of a summary, whatever the
// summary is about.
func TestARefusedSummaryIsDivided(t *testing.T) {
	for _, priority := range []string{"P0", "P1"} {
		for _, chat := range []string{"-100", "7"} {
			t.Run(priority+" "+chat, func(t *testing.T) {
				inWorld(t, chat, func(w *world) {
					w.bot.Refuse(func(_ int64, m fakebot.Message) string {
						if strings.Contains(m.Text, "g033") || strings.Contains(m.Text, "g035") {
							return "ENTITY_BOUNDS_INVALID"
						}
						return ""
					})
					id, groups := int64(group), 40
					if chat == "7" {
						id, groups = person, 80
					}
					w.flood(priority, "g", groups)
					w.after(4 * time.Minute)
					for i := range groups {
						name := fmt.Sprintf("g%03d", i)
						at, rang := w.named(id, 0, name)
						if refused := i == 33 || i == 35; at.IsZero() != refused || !refused && rang != (priority == "P0") {
							t.Errorf("%s is named %s, rang %t", name, at, rang)
						}
					}
					w.backlog(0)
					if t.Failed() {
						w.dump(id)
					}
					if w.metric("preflight_webhook_chat_state", chat, "ok") != 1 {
						t.Error("the chat counts as failing")
					}
				})
			})
		}
	}
}
