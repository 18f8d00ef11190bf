package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
)

// A replica of the version before episodes knows no clusters. Its events are
// about the same alerts.
func TestEventsOfAnEarlierVersionAreRead(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		seq := int64(0)
		event := func(kind, body string) {
			seq++
			if err := p.b.Push(t.Context(), []lease.Event{{Replica: "earlier", Seq: seq, At: time.Now(), Kind: kind, Body: []byte(body)}}); err != nil {
				t.Fatal(err)
			}
			p.after(5 * time.Second)
		}
		event("notification", `{"notify": 2, "body": `+string(am.payload(am.firing("redis", start)))+`}`)
		p.expect(person, open)
		p.from("main", am.payload(am.firing("redis", start))) // of the same Alertmanager, to this replica
		p.after(time.Minute)
		p.expect(person, open)
		event("notification", `{"notify": 2, "body": `+string(am.payload(am.resolved("redis", start, time.Now())))+`}`)
		p.after(time.Minute)
		if m := p.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}

		start = time.Now()
		p.from("main", am.payload(am.firing("postgres", start)))
		p.after(time.Minute)
		fingerprint := am.firing("postgres", start).Fingerprint
		event("closed", fmt.Sprintf(`{"group": %q, "fingerprint": %q, "starts_at": %d, "reason": "silenced"}`, am.group(), fingerprint, start.UnixMicro()))
		event("blind", `{}`) // a kind of a later version
		if m := p.bot.Messages(person); len(m) != 4 || !strings.Contains(m[3].Text, "postgres, ended while silenced") {
			t.Fatalf("the chat shows %v", m)
		}
		for i, w := range p.both() {
			if h := w.history(); len(h) != 2 || h[0].EndsAt == nil || h[1].EndsAt == nil {
				t.Errorf("replica %d has %+v", i, h)
			}
		}
	})
}

// A replica of a later version can write events that this version cannot read.
// They block nothing, and are counted. One that can be about alerts is reported.
func TestEventsOfALaterVersionAreSetAside(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0", key: "k"}
		events := []lease.Event{
			{Kind: "later", Body: []byte(`{"alertname":"Later"}`)},
			{Kind: "notification", Body: []byte(`{"notify":2,"cluster":"","body":{"receiver":"tg","lists":[{"alertname":"Odd"}]}}`)},
			{Kind: "call", Body: []byte(`{"chat":7}`)},
			{Kind: "notification", Body: []byte(`{"notify":2,"cluster":"","body":` + string(am.payload(am.firing("redis", time.Now()))) + `}`)},
		}
		for i := range events {
			events[i].Replica, events[i].Seq, events[i].At = "later", int64(i+1), time.Now()
		}
		if err := p.b.Push(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		p.after(10 * time.Second)
		var read, reported int
		for _, m := range p.bot.Messages(person) {
			switch {
			case strings.Contains(m.Text, "redis"):
				read++
			case strings.Contains(m.Text, "2 notifications could not be read; receiver tg; alerts Odd"):
				reported++
			}
		}
		if read != 1 || reported == 0 {
			t.Errorf("the chat shows %v", p.bot.Messages(person))
		}
		for i, w := range p.both() {
			if n := w.metric("preflight_webhook_items_set_aside_total", "event"); n != 3 {
				t.Errorf("replica %d counts %v", i, n)
			}
		}
	})
}
