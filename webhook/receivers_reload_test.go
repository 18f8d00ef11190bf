package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// A chat that a reload or a restart adds to a receiver is shown what is open for it,
// and nothing else.
func TestAChatIsAddedToAReceiver(t *testing.T) {
	for name, change := range map[string]func(*world){
		"reload":  func(w *world) { w.reload("-100", receiver("team", "7", "8"), receiver("infra", "7")) },
		"restart": func(w *world) { w.config.Receivers[0] = receiver("team", "7", "8"); w.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			inReceivers(t, func(w *world) {
				start := time.Now()
				w.to("team", team.payload(team.firing("redis", start)))
				w.to("infra", ops.payload(ops.firing("postgres", start)))
				w.after(time.Minute)
				change(w)
				w.after(time.Minute)
				w.expect(another, fires)
				end := start.Add(10 * time.Minute)
				w.after(time.Until(end.Add(5 * time.Second)))
				w.to("team", team.payload(team.resolved("redis", start, end)))
				w.after(time.Minute)
				w.expect(another, over, replied)
				if n := len(w.bot.Messages(person)); n != 3 {
					t.Errorf("the first chat shows %v", w.bot.Messages(person))
				}
				w.settled(0)
			}, receiver("team", "7"), receiver("infra", "7"))
		})
	}
}

// What a removed chat was still to show is in the default chats. It gets nothing
// more, and continues when it comes back.
func TestAChatIsRemovedAndComesBack(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.to("team", team.payload(team.firing("redis", start)))
		w.expect(person, fires)
		w.bot.Inject(fakebot.Fault{Chat: person, Status: 502, Times: 1000})
		w.to("team", team.payload(team.firing("redis", start), team.firing("postgres", start)))
		w.after(time.Minute)
		w.bot.ClearFaults()
		w.reload("-100", receiver("team", "8"))
		w.after(time.Minute)
		for _, chat := range []int64{another} { // the chat in its place shows both
			if text := w.bot.Messages(chat)[0].Text; !strings.Contains(text, "redis") || !strings.Contains(text, "postgres") {
				t.Errorf("chat %d shows\n%s", chat, text)
			}
		}
		w.expect(group)
		shown := len(w.bot.Messages(person))
		end := start.Add(10 * time.Minute)
		w.after(time.Until(end.Add(5 * time.Second)))
		w.to("team", team.payload(team.resolved("redis", start, end), team.firing("postgres", start)))
		w.after(time.Minute)
		if n := len(w.bot.Messages(person)); n != shown {
			t.Errorf("the removed chat got %v", w.bot.Messages(person))
		}
		w.reload("-100", receiver("team", "7"))
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 3 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Errorf("the chat that came back shows %v", m)
		}
		both := m[1].Text + m[2].Text
		if !strings.Contains(both, "redis, resolved after 10m") || !strings.Contains(both, "🚨 P0: Preflight") {
			t.Errorf("the chat that came back shows %v", m)
		}
	}, receiver("team", "7"))
}

// A version before that has no such chat forgets it and its messages. After the next
// upgrade the chat is shown what fires, and its end.
func TestAVersionBeforeForgetsTheChatOfAReceiver(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.to("team", team.payload(team.firing("redis", start)))
		w.after(time.Minute)
		w.expect(person, fires)
		w.stop()
		w.database(`DELETE FROM views WHERE chat = '7'`, `DELETE FROM messages WHERE chat = '7'`, `DELETE FROM chats WHERE key = '7'`)
		w.start()
		w.after(time.Minute)
		again := strings.NewReplacer("1 ", "2 ", "2 ", "3 ", "to 1", "to 2")
		w.expect(person, fires, again.Replace(fires))
		end := start.Add(10 * time.Minute)
		w.after(time.Until(end.Add(5 * time.Second)))
		w.to("team", team.payload(team.resolved("redis", start, end)))
		w.after(time.Minute)
		w.expect(person, fires, again.Replace(over), again.Replace(replied))
		w.settled(0)
	}, receiver("team", "7"))
}

// If no chat takes the place of a removed one, the default chats show what it was
// still to show.
func TestAReceiverIsRemoved(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.bot.Inject(fakebot.Fault{Chat: person, Status: 502, Times: 1000})
		w.to("team", team.payload(team.firing("redis", start)))
		w.after(time.Minute)
		w.expect(person)
		w.reload("-100")
		w.after(time.Minute)
		w.expect(group, fires)
		w.bot.ClearFaults()
		end := start.Add(10 * time.Minute)
		w.after(time.Until(end.Add(5 * time.Second)))
		w.to("team", team.payload(team.resolved("redis", start, end)))
		w.after(time.Minute)
		w.expect(group, over, replied)
		w.expect(person)
	}, receiver("team", "7"))
}

// Another default chat takes over the webhook's own alerts, and a heartbeat can be
// expected from a reload on.
func TestDefaultChatAndHeartbeatAreReloaded(t *testing.T) {
	inReceivers(t, func(w *world) {
		w.after(time.Hour)
		w.config.HeartbeatTimeout = 150 * time.Second
		w.reload("8", receiver("team", "7"))
		w.after(2 * time.Minute)
		w.expect(another)
		w.after(time.Minute)
		if m := w.bot.Messages(another); len(m) != 1 || !strings.Contains(m[0].Text, "Alerting is blind") {
			t.Errorf("the chat shows %v", m)
		}
		w.expect(group)
		w.config.HeartbeatTimeout = 0
		w.reload("8", receiver("team", "7"))
		w.after(time.Minute)
		if m := w.bot.Messages(another); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Errorf("the chat shows %v", m)
		}
	}, receiver("team", "7"))
}

// Alerts of before the URL named a receiver continue, in each of the chats that
// shared them, and so they do on the way back.
func TestTheURLGetsAReceiver(t *testing.T) {
	inWorld(t, "7,8", func(w *world) {
		legacy := func(body []byte) {
			if status := w.request(api.NotifyPath(api.Loud, "main"), body); status != 200 {
				t.Fatalf("answered %d", status)
			}
			w.after(5 * time.Second)
		}
		for range 2 {
			before := [2]int{len(w.bot.Messages(person)), len(w.bot.Messages(another))}
			start := time.Now()
			legacy(team.payload(team.firing("redis", start), team.firing("mysql", start)))
			w.config.LevelSounds = true
			w.reload("7,8", receiver("team", "7", "8"), receiver("infra", "8"))
			w.to("team", team.payload(team.firing("redis", start), team.firing("mysql", start)))
			w.to("infra", ops.payload(ops.firing("redis", start)))
			w.after(time.Minute)
			for i, chat := range []int64{person, another} {
				if n := len(w.bot.Messages(chat)) - before[i]; n != 1 {
					t.Fatalf("chat %d shows %v", chat, w.bot.Messages(chat))
				}
			}
			end := time.Now()
			w.to("team", team.payload(team.resolved("redis", start, end), team.firing("mysql", start)))
			w.after(time.Minute)
			w.reload("7,8")
			legacy(team.payload(team.resolved("mysql", start, end)))
			w.after(time.Minute)
			for i, chat := range []int64{person, another} {
				m := w.bot.Messages(chat)[before[i]:]
				if len(m) != 3 || !strings.HasPrefix(m[0].Text, "✅") || m[1].ReplyTo != m[0].ID || m[2].ReplyTo != m[0].ID {
					t.Fatalf("chat %d shows %v", chat, m)
				}
			}
			w.settled(0)
		}
		for _, r := range w.history() {
			if r.EndsAt == nil {
				t.Errorf("the history has an open record %+v", r)
			}
		}
	})
}

// routed returns the answers of an Alertmanager that routes one alert to some receivers.
type routed struct{ receivers *[]string }

func (a routed) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/status") {
		fmt.Fprint(recorder, `{"uptime": "2026-01-01T00:00:00Z", "cluster": {"status": "disabled"}, "versionInfo": {}, "config": {"original": ""}}`)
		return recorder.Result(), nil
	}
	a0 := team.firing("redis", time.Now())
	var names []map[string]string
	for _, name := range *a.receivers {
		names = append(names, map[string]string{"name": name})
	}
	err := json.NewEncoder(recorder).Encode([]map[string]any{{
		"fingerprint": a0.Fingerprint, "labels": a0.Labels, "annotations": a0.Annotations, "startsAt": a0.StartsAt, "endsAt": a0.StartsAt, "updatedAt": a0.StartsAt,
		"receivers": names, "status": map[string]any{"state": "active", "silencedBy": []string{}, "inhibitedBy": []string{}, "mutedBy": []string{}},
	}})
	return recorder.Result(), err
}

// A receiver of the history gets a chat. Its record of an open alert ends with it.
func TestAReceiverOfTheHistoryGetsAChat(t *testing.T) {
	inReceivers(t, func(w *world) {
		start := time.Now()
		w.to("team", team.payload(team.firing("redis", start)))
		w.reload("-100", receiver("team", "7"))
		w.after(time.Minute)
		w.expect(person) // it was not to be shown
		w.to("team", team.payload(team.firing("redis", start)))
		w.expect(person, fires)
		end := start.Add(10 * time.Minute)
		w.after(time.Until(end.Add(5 * time.Second)))
		w.to("team", team.payload(team.resolved("redis", start, end)))
		w.after(time.Minute)
		w.expect(person, over, replied)
		for _, r := range w.history() {
			if r.EndsAt == nil {
				t.Errorf("the history has an open record %+v", r)
			}
		}
	}, webhook.Receiver{Name: "team", Sound: api.None})
}

// Alertmanager's routes no longer lead to a receiver: no notification brings the end
// to its chat. A chat that another receiver has stays open.
func TestTheRoutesLeaveAReceiver(t *testing.T) {
	for _, c := range []struct {
		receivers []string
		gone      bool
	}{
		{[]string{"team"}, false}, {[]string{"same"}, false}, {[]string{"infra"}, true},
	} {
		t.Run(c.receivers[0], func(t *testing.T) {
			inReceivers(t, func(w *world) {
				am, err := webhook.NewAlertmanager("http://am", &http.Client{Transport: routed{&c.receivers}})
				if err != nil {
					t.Fatal(err)
				}
				w.config.Alertmanagers = []*webhook.Alertmanager{am}
				w.restart()
				w.to("team", team.payload(team.firing("redis", time.Now())))
				w.after(2 * time.Hour)
				gone := strings.HasPrefix(w.bot.Messages(person)[0].Text, "✅")
				if gone != c.gone {
					t.Errorf("routed to %v the chat shows %v", c.receivers, w.bot.Messages(person))
				}
			}, receiver("team", "7"), receiver("same", "7"), receiver("infra", "8"))
		})
	}
}

// Two replicas deliver each alert of each receiver once, whichever delivers.
func TestReplicasWithReceivers(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		list := []string{"team", "infra"}
		for _, w := range p.both() {
			w.config.LevelSounds = true
			w.reload("-100", receiver("team", "7", "8"), receiver("infra", "8"))
		}
		start := time.Now()
		by := map[string]alertmanager{"team": team, "infra": ops}
		for i, w := range []*world{p.world, p.second} {
			w.to(list[i], by[list[i]].payload(by[list[i]].firing("redis", start)))
		}
		p.after(time.Minute)
		p.expect(person, fires)
		p.expect(another, fires)
		if err := p.a.give(); err != nil {
			t.Fatal(err)
		}
		p.after(20 * time.Second)
		p.second.to("infra", ops.payload(ops.firing("redis", start), ops.firing("postgres", start)))
		p.after(time.Minute)
		if n := len(p.bot.Messages(another)); n != 2 {
			t.Errorf("the chat shows %v", p.bot.Messages(another))
		}
		end := start.Add(10 * time.Minute)
		p.after(time.Until(end.Add(5 * time.Second)))
		p.second.to("team", team.payload(team.resolved("redis", start, end)))
		p.after(time.Minute)
		p.expect(person, over, replied)
		p.to("infra", ops.payload(ops.resolved("redis", start, end), ops.resolved("postgres", start, end)))
		p.after(time.Minute)
		for i, w := range p.both() {
			for _, r := range w.history() {
				if r.EndsAt == nil {
					t.Errorf("replica %d has an open record %+v", i, r)
				}
			}
			for _, chat := range []string{"7", "8"} {
				if n := w.metric("preflight_webhook_backlog", chat); n != 0 {
					t.Errorf("replica %d: %v wait for chat %s", i, n, chat)
				}
			}
		}
	})
}

// A replica with other chats shows a receiver's alerts in its own, and in the default
// chats those of a receiver that it lacks.
func TestReplicasWithOtherReceivers(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		p.world.reload("-100", receiver("team", "7"))
		p.second.reload("-100", receiver("infra", "8"))
		start := time.Now()
		p.second.to("team", team.payload(team.firing("redis", start))) // unknown there
		p.after(time.Minute)
		p.expect(person, fires) // the first replica delivers, and knows the receiver
		if !strings.Contains(p.world.logs.String(), "another replica has other chats") {
			t.Error("the difference is not logged")
		}
	})
}

// A replica reads its configuration later than the other. What that showed in a new
// chat meanwhile is not shown there again.
func TestReplicasReadAReceiverOneAfterTheOther(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		for _, w := range p.both() {
			w.config.LevelSounds = true
			w.reload("-100", receiver("team", "7"))
		}
		start := time.Now()
		p.to("team", team.payload(team.firing("redis", start)))
		p.after(time.Minute)
		p.world.reload("-100", receiver("team", "7", "8")) // it holds the lease
		p.after(time.Minute)
		p.expect(another, fires)
		p.to("team", team.payload(team.firing("redis", start), team.firing("postgres", start)))
		p.after(time.Minute)
		shown := len(p.bot.Messages(another))
		p.second.reload("-100", receiver("team", "7", "8"))
		if err := p.a.give(); err != nil {
			t.Fatal(err)
		}
		p.after(time.Minute)
		if m := p.bot.Messages(another); len(m) != shown {
			t.Fatalf("the chat shows %v", m)
		}
		end := start.Add(10 * time.Minute)
		p.after(time.Until(end.Add(5 * time.Second)))
		p.second.to("team", team.payload(team.resolved("redis", start, end), team.resolved("postgres", start, end)))
		p.after(time.Minute)
		for _, chat := range []int64{person, another} {
			if m := p.bot.Messages(chat); len(m) != shown+1 || !strings.HasPrefix(m[0].Text, "✅") {
				t.Errorf("chat %d shows %v", chat, m)
			}
		}
	})
}
