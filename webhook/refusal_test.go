package webhook_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// unknownRefusals are answers with status 400 whose texts show nothing for
// certain about what is at fault.
func unknownRefusals() []string {
	return []string{
		"need administrator rights in the channel chat", "CHAT_RESTRICTED", "CHANNEL_PRIVATE", "CHAT_ADMIN_REQUIRED",
		"CHAT_SEND_PLAIN_FORBIDDEN", "TOPIC_ID_INVALID", "ENTITY_BOUNDS_INVALID", "MESSAGE_ID_INVALID",
		"group chat was upgraded to a supergroup chat", "message is not modified", "SOMETHING_NEW", "", "<b>",
	}
}

// delivered reports whether the history names a delivery of an alert to a chat.
func (w *world) delivered(target, chat string) bool {
	w.t.Helper()
	records, err := spool.Records(w.t.Context(), w.config.Spool, "priority", time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range records {
		if r.Labels["target"] == target {
			for _, d := range r.Deliveries {
				if d.Chat == chat && d.DeliveredAt != nil {
					return true
				}
			}
		}
	}
	return false
}

// Whatever the reason, a chat that takes no message at all is failing. All
// alerts wait for it, over a restart too, and are delivered when it takes
// messages again.
func TestAChatThatRefusesEveryMessageKeepsThem(t *testing.T) {
	for i, text := range unknownRefusals() {
		chats := []string{"7", "-100", "-100:5"}[i%3]
		t.Run(chats+" "+text, func(t *testing.T) {
			inWorld(t, chats, func(w *world) {
				chat := int64(person)
				if chats != "7" {
					chat = group
				}
				w.bot.Refuse(func(int64, fakebot.Message) string { return cmp.Or(text, " ") })
				p0, p1 := alertmanager{url: "http://a", priority: "P0"}, alertmanager{url: "http://a", priority: "P1"}
				w.post(p0.payload(p0.firing("redis", time.Now())), api.Loud)
				w.after(15 * time.Second)
				w.post(p1.payload(p1.firing("disk", time.Now())), api.Loud)
				w.after(5 * time.Minute)
				if w.metric("preflight_webhook_chat_state", chats, "dead") != 1 {
					t.Error("the chat does not count as failing")
				}
				if w.metric("preflight_webhook_backlog", chats) != 2 || w.metric("preflight_webhook_messages_failed_total", chats) != 0 {
					t.Error("an alert is lost")
				}
				if w.delivered("redis", chats) {
					t.Error("the history shows the alert as delivered")
				}
				w.restart()
				if w.metric("preflight_webhook_chat_state", chats, "dead") != 1 {
					t.Error("after a restart the chat does not count as failing")
				}
				w.after(time.Minute)
				w.bot.Refuse(nil)
				w.after(time.Minute)
				m := w.bot.Messages(chat)
				if len(m) != 2 || !strings.Contains(m[0].HTML, "<b>🚨 P0: Preflight</b>") || m[0].Silent || !strings.Contains(m[1].HTML, "<b>⚠️ P1: Preflight</b>") {
					t.Fatalf("the chat shows %v", m)
				}
				if m := w.bot.Messages(chat); chats == "-100:5" && m[1].Topic != 5 {
					t.Error("the topic is not used")
				}
				if w.metric("preflight_webhook_chat_state", chats, "ok") != 1 || !w.delivered("redis", chats) {
					t.Error("the chat is not ok again")
				}
			})
		})
	}
}

// Only the replica that delivers shows the state of a chat: what the other knows
// may be over.
func TestAReplicaThatStandsByShowsNoFailingChat(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		t.Run(fmt.Sprint(restarts), func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				p.bot.Refuse(func(int64, fakebot.Message) string { return "CHAT_RESTRICTED" })
				am := alertmanager{url: "http://a", priority: "P0"}
				for _, w := range p.both() {
					w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
				}
				p.after(time.Minute)
				if p.metric("preflight_webhook_chat_state", "7", "dead") != 1 {
					t.Error("the chat does not count as failing")
				}
				if restarts {
					p.stop()
				} else {
					p.a.set(true)
				}
				p.after(time.Minute)
				if p.second.metric("preflight_webhook_chat_state", "7", "dead") != 1 {
					t.Error("the chat does not count as failing at the second replica")
				}
				p.bot.Refuse(nil)
				p.after(2 * time.Minute)
				if restarts {
					p.start()
				}
				p.a.set(false)
				p.after(2 * time.Minute)
				for _, w := range p.both() {
					if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
						t.Error("the chat counts as failing")
					}
				}
			})
		})
	}
}

// A text that Telegram refuses is replaced by less, so that the alert is
// delivered and the next one within ten seconds.
func TestARefusedTextIsReplacedByLess(t *testing.T) {
	html := func(m fakebot.Message) bool { return strings.Contains(m.HTML, "<b>") }
	every := func(fakebot.Message) bool { return true }
	for name, c := range map[string]struct {
		refuses func(fakebot.Message) bool
		texts   []string
		want    string
		failed  float64
	}{
		"formatting": {html, unknownRefusals()[6:8], "🚨 P0: Preflight", 0},
		"everything": {every, unknownRefusals(), "P0 Check, text refused", 1},
	} {
		for _, text := range c.texts {
			t.Run(name+" "+text, func(t *testing.T) {
				inWorld(t, "7", func(w *world) {
					w.bot.Refuse(func(_ int64, m fakebot.Message) string {
						switch {
						case !strings.Contains(m.Text, "poison") || !c.refuses(m):
							return ""
						case m.ID != 0 && text == "message is not modified": // would mean that the edit is made
							return "ENTITY_BOUNDS_INVALID"
						default:
							return cmp.Or(text, " ")
						}
					})
					am := alertmanager{url: "http://a", priority: "P0"}
					start := time.Now()
					w.post(am.payload(am.firing("poison", start)), api.Loud)
					am.key = "other"
					w.post(am.payload(am.firing("redis", start)), api.Loud)
					w.after(10 * time.Second)
					m := w.bot.Messages(person)
					if len(m) != 2 || m[0].Silent || strings.Contains(m[0].HTML, "<b>") || !strings.Contains(m[1].Text, "redis") {
						t.Fatalf("the chat shows %v", m)
					}
					if title, _, _ := strings.Cut(m[0].Text, "\n"); title != c.want {
						t.Errorf("the chat shows %q", title)
					}
					if got := w.metric("preflight_webhook_messages_failed_total", "7"); got != c.failed {
						t.Errorf("%v refused texts are counted", got)
					}
					if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 || !w.delivered("poison", "7") {
						t.Error("the chat counts as failing")
					}
					// The end of it, whose text is refused too.
					am.key = ""
					w.post(am.payload(am.resolved("poison", start, time.Now())), api.Loud)
					w.after(time.Minute)
					if m := w.bot.Messages(person); len(m) != 3 || w.metric("preflight_webhook_backlog", "7") != 0 {
						t.Errorf("the chat shows %v", m)
					}
				})
			})
		}
	}
}

// An alert whose name Telegram refuses too holds up nothing.
func TestARefusedNameIsReplacedByTheSeverity(t *testing.T) {
	for _, chats := range []string{"7", "-100:5"} {
		t.Run(chats, func(t *testing.T) {
			inWorld(t, chats, func(w *world) {
				w.bot.Refuse(func(_ int64, m fakebot.Message) string {
					if strings.Contains(m.Text, "Poison") {
						return "ENTITY_BOUNDS_INVALID"
					}
					return ""
				})
				am := alertmanager{url: "http://a", priority: "P0"}
				poison := am.firing("redis", time.Now())
				poison.Labels["alertname"], poison.Annotations["title"] = "Poison", "Poison"
				w.post(am.payload(poison), api.Loud)
				am.key = "other"
				w.post(am.payload(am.firing("disk", time.Now())), api.Loud)
				w.after(10 * time.Second)
				chat := int64(person)
				if chats != "7" {
					chat = group
				}
				w.expect(chat, "1 P0 Alert, text refused []", "2 🚨 P0: Preflight [Database: disk]")
				if w.metric("preflight_webhook_messages_failed_total", chats) != 1 || w.metric("preflight_webhook_chat_state", chats, "ok") != 1 {
					t.Error("the refusal is not counted, or the chat counts as failing")
				}
				if m := w.bot.Messages(chat); chats != "7" && m[0].Topic != 5 {
					t.Error("the topic counts as failing")
				}
			})
		})
	}
}

// A chat that takes messages again between two attempts shows the whole text.
func TestARefusalThatIsOverSoonLosesNoText(t *testing.T) {
	for refused := 1; refused <= 4; refused++ {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				calls := 0
				w.bot.Refuse(func(int64, fakebot.Message) string {
					if calls++; calls <= refused {
						return "CHAT_RESTRICTED"
					}
					return ""
				})
				am := alertmanager{url: "http://a", priority: "P0"}
				w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
				w.after(10 * time.Second)
				m := w.bot.Messages(person)
				if len(m) != 1 || m[0].Silent || !strings.Contains(m[0].Text, "Database: redis") {
					t.Errorf("the chat shows %v", m)
				}
				if w.metric("preflight_webhook_messages_failed_total", "7") != 0 || w.metric("preflight_webhook_chat_state", "7", "ok") != 1 {
					t.Error("the text counts as refused, or the chat as failing")
				}
			})
		})
	}
}

// The parts of a long message that are refused are replaced one by one.
func TestARefusedPartIsReplacedByLess(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		var firing []template.Alert
		for i := range 100 {
			firing = append(firing, am.firing(fmt.Sprintf("target-%02d-%s", i, strings.Repeat("x", 60)), time.Now()))
		}
		w.bot.Refuse(func(_ int64, m fakebot.Message) string {
			if strings.Contains(m.Text, "target-99") {
				return "ENTITY_BOUNDS_INVALID"
			}
			return ""
		})
		w.post(am.payload(firing...), api.Loud)
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if last := m[len(m)-1].Text; !strings.HasPrefix(last, "P0 Check (+") || !strings.HasSuffix(last, "), text refused") {
			t.Errorf("the last part is %q", last)
		}
		if w.metric("preflight_webhook_backlog", "7") != 0 {
			t.Error("parts are missing")
		}
	})
}

// A topic that takes no message is found by experiment too. It is tried again
// ten minutes later.
func TestATopicThatRefusesMessages(t *testing.T) {
	for _, text := range append(unknownRefusals(), "TOPIC_CLOSED", "message thread not found", "TOPIC_DELETED") {
		t.Run(text, func(t *testing.T) {
			inWorld(t, "-100:5", func(w *world) {
				closed := func(_ int64, m fakebot.Message) string {
					if m.Topic == 5 {
						return cmp.Or(text, " ")
					}
					return ""
				}
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				w.post(am.payload(am.firing("before", start)), api.Loud)
				w.after(10 * time.Second)
				w.bot.Refuse(closed)
				w.post(am.payload(am.resolved("before", start, time.Now()), am.firing("redis", start)), api.Loud)
				w.after(15 * time.Second)
				am.key = "another"
				w.post(am.payload(am.firing("disk", time.Now())), api.Loud)
				w.after(10 * time.Second)
				var topics []int
				for _, m := range w.bot.Messages(group) {
					topics = append(topics, m.Topic)
				}
				if !slices.Equal(topics, []int{5, 0, 0, 0}) || w.metric("preflight_webhook_chat_state", "-100:5", "ok") != 1 {
					t.Fatalf("messages are in the topics %v", topics)
				}
				w.bot.Refuse(nil)
				w.after(10 * time.Minute)
				am.key = "third"
				w.post(am.payload(am.firing("cpu", time.Now())), api.Loud)
				w.after(10 * time.Second)
				if m := w.bot.Messages(group); m[len(m)-1].Topic != 5 {
					t.Error("the topic is not used again")
				}
			})
		})
	}
}

// An edit that is refused for an unknown reason holds up nothing. It is made
// after the next message, and given up if it is refused then.
func TestARefusedEdit(t *testing.T) {
	for _, lifted := range []bool{true, false} {
		for _, text := range append(unknownRefusals(), "TOPIC_CLOSED", "message can't be edited") {
			t.Run(fmt.Sprint(lifted, text), func(t *testing.T) {
				inWorld(t, "7", func(w *world) {
					am := alertmanager{url: "http://a", priority: "P0"}
					start := time.Now()
					w.post(am.payload(am.firing("redis", start)), api.Loud)
					w.after(2 * time.Second)
					edits := 0
					w.bot.Refuse(func(_ int64, m fakebot.Message) string {
						if m.ID != 0 { // an edit
							edits++
							return cmp.Or(text, " ")
						}
						return ""
					})
					w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
					w.after(time.Hour)
					if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 || edits > 2 {
						t.Errorf("%d calls, and the chat is not ok", edits)
					}
					if lifted {
						w.bot.Refuse(nil)
					}
					am.key = "other"
					w.post(am.payload(am.firing("disk", time.Now())), api.Loud)
					w.after(time.Hour)
					m := w.bot.Messages(person)
					final := text == "message is not modified" || text == "message can't be edited" || text == "MESSAGE_ID_INVALID"
					if edited := len(m[0].Edits) > 0; edited != (lifted && !final) || len(m) != 3 {
						t.Errorf("the chat shows %v", m)
					}
					am.key = "third"
					before := edits
					w.post(am.payload(am.firing("cpu", time.Now())), api.Loud)
					w.after(time.Hour)
					if edits != before || before > 4 {
						t.Errorf("%d calls, then %d", before, edits-before)
					}
				})
			})
		}
	}
}

// A person can delete a message of the bot.
func TestADeletedMessageIsNeitherEditedNorRepliedTo(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(2 * time.Second)
		w.bot.Delete(person, 1)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Hour)
		w.expect(person, "2 ✅ P0 resolved: Preflight [Database: redis, resolved after 2s] silent")
		if n := len(w.bot.Calls()); n != 3 {
			t.Errorf("%d calls", n)
		}
		if w.metric("preflight_webhook_chat_state", "7", "ok") != 1 || w.metric("preflight_webhook_backlog", "7") != 0 {
			t.Error("the chat is not ok")
		}
		w.bot = fakebot.New(token, fakebot.Telegram()) // its refusal of the edit was meant
	})
}
