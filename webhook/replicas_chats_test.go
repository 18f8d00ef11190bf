package webhook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

// rollout is a change of webhook.yml that one replica has read and the other has not.
type rollout struct {
	before, after []webhook.Receiver
	chats         []int64 // that one of the replicas has for the receiver "team"
}

var rollouts = map[string]rollout{
	"a chat is added":    {[]webhook.Receiver{receiver("team", "7")}, []webhook.Receiver{receiver("team", "7", "8")}, []int64{person, another}},
	"a chat is removed":  {[]webhook.Receiver{receiver("team", "7", "8")}, []webhook.Receiver{receiver("team", "7")}, []int64{person, another}},
	"a chat is replaced": {[]webhook.Receiver{receiver("team", "7")}, []webhook.Receiver{receiver("team", "8")}, []int64{person, another}},
	"a receiver is new":  {nil, []webhook.Receiver{receiver("team", "7")}, []int64{person}},
	"another receiver has the chat": {
		[]webhook.Receiver{receiver("team", "7"), receiver("infra", "8")}, []webhook.Receiver{receiver("team", "7", "8"), receiver("infra", "8")}, []int64{person, another},
	},
	"the history gets a chat": {[]webhook.Receiver{{Name: "team", Sound: api.None}}, []webhook.Receiver{receiver("team", "7")}, []int64{person}},
}

// asRollout runs a test with two replicas, the newer of which has read the change.
func asRollout(t *testing.T, c rollout, newer int, f func(*pair)) {
	asPair(t, "-100", func(p *pair) {
		for i, w := range p.both() {
			w.config.LevelSounds = true
			if w.reload("-100", c.before...); i == newer {
				w.reload("-100", c.after...)
			}
		}
		p.after(time.Minute)
		f(p)
	})
}

// Each chat that one of the replicas has shows the alert and its end once, whichever
// replica is notified, and whichever of them reads the change first.
func TestReplicasDuringARollout(t *testing.T) {
	for name, c := range rollouts {
		for i := range 8 {
			newer, starts, ends := i&1, i>>1&1, i>>2&1
			t.Run(fmt.Sprintf("%s at %d, the alert starts at %d and ends at %d", name, newer, starts, ends), func(t *testing.T) {
				asRollout(t, c, newer, func(p *pair) {
					start := time.Now()
					p.both()[starts].to("team", team.payload(team.firing("redis", start)))
					p.after(30 * time.Second)
					for _, chat := range c.chats {
						p.expect(chat, fires)
					}
					end := start.Add(10 * time.Minute)
					p.after(time.Until(end.Add(5 * time.Second)))
					p.both()[ends].to("team", team.payload(team.resolved("redis", start, end)))
					p.after(30 * time.Second)
					for _, chat := range c.chats {
						p.expect(chat, over, replied)
					}
					p.both()[1-newer].reload("-100", c.after...)
					p.after(time.Minute)
					for _, chat := range c.chats {
						p.expect(chat, over, replied)
					}
					for _, m := range p.bot.Messages(group) {
						if strings.HasPrefix(m.Text, "🚨") {
							t.Errorf("the default chat shows %s", outline(m))
						}
					}
					p.nothingOpen()
				})
			})
		}
	}
}

// nothingOpen fails the test if a replica has an open alert, or one that a chat does
// not show.
func (p *pair) nothingOpen() {
	p.t.Helper()
	for i, w := range p.both() {
		for _, r := range w.history() {
			if r.EndsAt == nil {
				p.t.Errorf("replica %d has an open record %+v", i, r)
			}
		}
		for _, chat := range slices.Sorted(slices.Values(w.chats())) {
			if n := w.metric("preflight_webhook_backlog", chat); n != 0 {
				p.t.Errorf("replica %d: %v wait for chat %s", i, n, chat)
			}
		}
	}
}

func (w *world) chats() (list []string) {
	for _, r := range w.config.Receivers {
		for _, c := range r.Chats {
			list = append(list, c.String())
		}
	}
	return list
}

// The alert fires while the change is read everywhere: no chat shows it twice, and all
// show its end.
func TestReplicasFinishARollout(t *testing.T) {
	for name, c := range rollouts {
		for i := range 8 {
			newer, starts, ends := i&1, i>>1&1, i>>2&1
			t.Run(fmt.Sprintf("%s at %d, the alert starts at %d and ends at %d", name, newer, starts, ends), func(t *testing.T) {
				asRollout(t, c, newer, func(p *pair) {
					start := time.Now()
					p.both()[starts].to("team", team.payload(team.firing("redis", start)))
					p.after(30 * time.Second)
					p.both()[1-newer].reload("-100", c.after...)
					if err := p.a.give(); err != nil {
						t.Fatal(err)
					}
					p.after(time.Minute)
					for _, chat := range c.chats {
						p.expect(chat, fires)
					}
					end := start.Add(10 * time.Minute)
					p.after(time.Until(end.Add(5 * time.Second)))
					p.both()[ends].to("team", team.payload(team.resolved("redis", start, end)))
					p.after(time.Minute)
					for _, r := range c.after {
						for _, chat := range r.Chats {
							if r.Name == "team" {
								p.expect(telegramID(t, chat), over, replied)
							}
						}
					}
					p.nothingOpen()
				})
			})
		}
	}
}

func telegramID(t *testing.T, chat telegram.Chat) (id int64) {
	t.Helper()
	if _, err := fmt.Sscan(chat.ID, &id); err != nil {
		t.Fatal(err)
	}
	return id
}

// A replica that starts with a new spool and a new chat reads the journal. It shows in
// the chat what fires, and nothing of before.
func TestANewReplicaAddsAChat(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		for _, w := range p.both() {
			w.config.LevelSounds = true
			w.reload("-100", receiver("team", "7"))
		}
		p.second.stop()
		start := time.Now()
		p.to("team", team.payload(team.firing("mysql", start), team.firing("redis", start)))
		p.after(5 * time.Minute)
		p.to("team", team.payload(team.resolved("mysql", start, start.Add(4*time.Minute)), team.firing("redis", start)))
		p.after(time.Hour)
		p.second.config.Spool = t.TempDir() + "/new.db"
		p.second.config.Receivers = []webhook.Receiver{receiver("team", "7", "8")}
		p.second.start()
		p.after(time.Minute)
		p.expect(another, fires)
		if n := len(p.bot.Messages(person)); n != 2 {
			t.Errorf("the chat shows %v", p.bot.Messages(person))
		}
		p.stop()
		p.after(time.Minute)
		p.start()
		p.after(time.Minute)
		p.expect(another, fires)
	})
}

// A default chat is added at one replica. The other shows nothing there again when it
// reads the change.
func TestReplicasReadADefaultChatOneAfterTheOther(t *testing.T) {
	for first := range 2 {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				p.both()[first].reload("7,8")
				am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
				am.key = "other"
				p.post(am.payload(am.firing("mysql", start)), api.Loud)
				p.after(time.Minute)
				p.post(am.payload(am.resolved("mysql", start, time.Now())), api.Loud)
				p.after(time.Minute)
				am.key, start = "", time.Now()
				p.post(am.payload(am.firing("redis", start)), api.Loud)
				p.after(time.Minute)
				p.expectLast(another, "3 "+fires[2:])
				p.both()[1-first].reload("7,8")
				for range 2 {
					if err := p.a.give(); err != nil {
						t.Fatal(err)
					}
					p.after(30 * time.Second)
				}
				p.expectLast(another, "3 "+fires[2:])
				end := start.Add(10 * time.Minute)
				p.after(time.Until(end.Add(5 * time.Second)))
				p.second.post(am.payload(am.resolved("redis", start, end)), api.Loud)
				p.after(time.Minute)
				p.expectLast(person, "3 "+over[2:], "4 "+strings.Replace(replied[2:], "to 1", "to 3", 1))
				p.expectLast(another, "3 "+over[2:], "4 "+strings.Replace(replied[2:], "to 1", "to 3", 1))
			})
		})
	}
}

// expectLast compares the messages of a chat after the second one.
func (w *world) expectLast(chat int64, want ...string) {
	w.t.Helper()
	var got []string
	for _, m := range w.bot.Messages(chat)[2:] {
		got = append(got, outline(m))
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("chat %d shows %q, not %q", chat, got, want)
	}
}
