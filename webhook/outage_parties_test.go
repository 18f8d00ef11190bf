package webhook_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// presentAPI answers as an Alertmanager that has some alerts, in fake time.
type presentAPI struct {
	mu     sync.Mutex
	alerts []template.Alert
	asked  int
	away   bool
}

func (a *presentAPI) has(alerts ...template.Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alerts, a.asked, a.away = alerts, 0, false
}

func (a *presentAPI) isAway() { a.mu.Lock(); defer a.mu.Unlock(); a.away = true }

func (a *presentAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return nil, errAway
	}
	var answer any = map[string]any{"uptime": "2026-01-01T00:00:00Z"}
	if strings.HasSuffix(r.URL.Path, "/alerts") {
		a.asked++
		list := []any{}
		for _, x := range a.alerts {
			list = append(list, map[string]any{
				"fingerprint": x.Fingerprint, "startsAt": x.StartsAt.Format(time.RFC3339), "labels": x.Labels,
				"status": map[string]any{"state": "active", "silencedBy": []string{}, "inhibitedBy": []string{}, "mutedBy": []string{}},
			})
		}
		answer = list
	}
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(recorder).Encode(answer)
	return recorder.Result(), err
}

// With Alertmanager's API: while heartbeats are missing, the webhook closes no
// alert because Alertmanager does not know it. Afterwards Alertmanager reports
// which alerts fire.
func TestAlertmanagersAPISaysWhatStillFires(t *testing.T) {
	for name, sent := range map[string]bool{"its expiry was sent": true, "its expiry was not sent": false} {
		for now, fires := range map[string]bool{", it fires": true, ", it fires no more": false} {
			t.Run(name+now, func(t *testing.T) {
				seeing(t, func(w *world, p *sender) {
					peer := &presentAPI{}
					am, err := webhook.NewAlertmanager("http://am.test", &http.Client{Transport: peer})
					if err != nil {
						t.Fatal(err)
					}
					w.config.Alertmanagers = []*webhook.Alertmanager{am}
					w.restart()
					alert := alertmanager{priority: "P0", foreign: true}.firing("redis", time.Now())
					peer.has(alert)
					o := dies(w, p)
					peer.has()
					if sent {
						o.expires(w, p)
					}
					p.after(3 * time.Hour)
					first := open
					if sent {
						first = stale
					}
					w.expect(person, first, missing)
					p.start()
					switch {
					case fires:
						peer.has(alert)
					case sent:
						peer.isAway()
						p.after(30 * time.Minute)
					}
					p.after(7 * time.Minute)
					if m := w.bot.Messages(person); len(m) != 3 {
						t.Fatalf("the chat shows %v", m)
					}
					p.after(5 * time.Minute)
					m := w.bot.Messages(person)
					if !fires && sent { // Alertmanager could not be asked for long
						w.expect(person, backAfter(stale, "3h 3m")...)
						peer.has()
						p.after(time.Minute)
						m = w.bot.Messages(person)
					}
					end := reply
					if !fires && !sent { // nothing but the API shows it
						p.after(time.Hour)
						m, end = w.bot.Messages(person), strings.Replace(reply, "ended while alerting was blind", "ended, Alertmanager no longer knows it", 1)
					}
					switch {
					case fires && len(m) != 3:
						t.Fatalf("the chat shows %v", m)
					case !fires && (len(m) != 4 || outline(m[3]) != end):
						t.Fatalf("the chat shows %v", m)
					}
					if !fires {
						return
					}
					if peer.asked == 0 {
						t.Error("Alertmanager was not asked")
					}
					p.after(time.Hour)
					peer.has() // its resolution is on the way
					p.after(3 * time.Minute)
					if m := w.bot.Messages(person); len(m) != 3 {
						t.Fatalf("the chat shows %v", m)
					}
					w.post(o.am.payload(o.am.resolved("redis", o.start, time.Now())), api.Loud)
					w.after(5 * time.Second)
					if m := w.bot.Messages(person); len(m) != 4 || !strings.Contains(m[3].Text, "redis, resolved after 4h") {
						t.Fatalf("the chat shows %v", m)
					}
				})
			})
		}
	}
}

// One replica gets the Watchdog, another the notifications. Both know which
// resolutions need an evaluation, whichever replica delivers.
func TestReplicasShareWhatTheySee(t *testing.T) {
	for name, c := range map[string]struct{ beats, notified, stops int }{
		"watchdog at the first":            {0, 1, -1},
		"watchdog at the second":           {1, 0, -1},
		"watchdog at the first, it stops":  {0, 1, 0},
		"watchdog at the second, it stops": {1, 0, 1},
		"the one that is notified stops":   {1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				for _, w := range p.both() {
					w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
					w.restart()
				}
				s := &sender{to: p.both()[c.beats]}
				w := p.both()[c.notified]
				s.start()
				s.after(10 * time.Minute)

				// While all is well nothing waits.
				am := alertmanager{url: "http://a", priority: "P0", key: "other", foreign: true}
				start := time.Now()
				w.post(am.payload(am.firing("upbit", start)), api.Loud)
				s.after(2 * time.Minute)
				w.post(am.payload(am.resolved("upbit", start, time.Now())), api.Loud)
				s.after(10 * time.Second)
				if m := p.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "upbit, resolved after 2m") {
					t.Fatalf("the chat shows %v", m)
				}

				o := outage{am: alertmanager{url: "http://a", priority: "P0", foreign: true}, start: time.Now()}
				w.post(o.am.payload(o.am.firing("redis", o.start)), api.Loud)
				s.after(10 * time.Minute)
				s.alive, o.died = false, time.Now()
				o.expires(w, s)
				s.after(5 * time.Minute)
				if m := p.bot.Messages(person); len(m) != 4 || strings.Contains(m[2].Text, "✅") || !strings.Contains(m[3].Text, "Alerting is blind") {
					t.Fatalf("the chat shows %v", m)
				}
				if c.stops >= 0 {
					p.both()[c.stops].stop()
					s.to = p.both()[1-c.stops]
				}
				s.start()
				s.after(7 * time.Minute)
				if m := p.bot.Messages(person); len(m) != 5 || strings.Contains(m[2].Text, "✅") {
					t.Fatalf("the chat shows %v", m)
				}
				s.after(2 * time.Minute)
				m := p.bot.Messages(person)
				if len(m) != 6 || !strings.Contains(m[2].Text, "✅") || !strings.Contains(m[5].Text, "redis, ended while alerting was blind") {
					t.Fatalf("the chat shows %v", m)
				}
				if c.stops >= 0 {
					p.both()[c.stops].start()
				}
				s.after(time.Minute)
				for _, w := range p.both() {
					if n := w.metric("preflight_webhook_backlog"); n != 0 {
						t.Errorf("a backlog of %v is left", n)
					}
				}
			})
		})
	}
}

// A replica that delivers alone and receives no heartbeat cannot detect an
// outage, and delivers every notification.
func TestAReplicaWithoutHeartbeatsTakesResolutions(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		for _, w := range p.both() {
			w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
			w.restart()
		}
		s := &sender{to: p.second}
		s.start()
		s.after(10 * time.Minute)
		am := alertmanager{url: "http://a", priority: "P0", foreign: true}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		s.after(time.Minute)
		p.a.set(true)
		p.b.set(true)
		s.after(10 * time.Minute)
		p.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(5 * time.Second)
		if m := p.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after 11m") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// A resolution that counts later is the same at every replica.
func TestReplicasConfirmTheSame(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		for _, w := range p.both() {
			w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
			w.restart()
		}
		s := &sender{to: p.second}
		s.start()
		s.after(time.Minute)
		am := alertmanager{url: "http://a", priority: "P0", foreign: true}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		s.alive = false // one sending is lost
		s.after(time.Until(s.sent.Add(125 * time.Second)))
		end := time.Now()
		p.post(am.payload(am.resolved("redis", start, end)), api.Loud)
		s.after(5 * time.Second)
		p.expect(person, open)
		s.alive, s.sent = true, time.Now()
		s.after(time.Minute)
		if m := p.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after") {
			t.Fatalf("the chat shows %v", m)
		}
		for i, w := range p.both() {
			if h := w.history(); len(h) != 1 || h[0].EndsAt == nil || !h[0].EndsAt.Equal(end) {
				t.Errorf("for replica %d it ended at %v, not %s", i, h[0].EndsAt, end)
			}
		}
	})
}

// The replica that delivers reviews a resolution that the other one received.
func TestAResolutionAtTheOtherReplicaIsReviewed(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		rules := &rulesAPI{health: "ok"}
		client, err := webhook.NewPrometheus("http://prometheus.test", &http.Client{Transport: rules})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range p.both() {
			w.config.Prometheuses = []*webhook.Prometheus{client}
			w.restart()
		}
		am := alertmanager{url: "http://a", priority: "P0"}
		for n, w := range p.both() {
			start := time.Now()
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			w.after(time.Minute)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(10 * time.Second)
			if m := p.bot.Messages(person); len(m) != 2*n+2 || !strings.Contains(m[2*n+1].Text, "redis, resolved after 1m") {
				t.Errorf("after an end at replica %d the chat shows %v", n, m)
			}
		}
	})
}

// The replica that delivers shows an alert that fires again, also if only the
// other one was notified.
func TestAnAlertThatFiresAgainAtTheOtherReplica(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0", foreign: true}
		start := time.Now()
		p.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(10 * time.Second)
		p.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p.after(20 * time.Second)
		p.second.post(am.payload(am.firing("redis", start)), api.Loud)
		p.after(2 * time.Minute)
		if m := p.bot.Messages(person); len(m) != 3 || m[2].Silent {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// An end that Alertmanager has not sent is that of the first answer without the
// alert, at every replica.
func TestAnEndIsThatOfTheFirstAnswerWithoutTheAlert(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		present, rules := &presentAPI{}, &rulesAPI{health: "ok"}
		manager, err := webhook.NewAlertmanager("http://am.test", &http.Client{Transport: present})
		if err != nil {
			t.Fatal(err)
		}
		server, err := webhook.NewPrometheus("http://prometheus.test", &http.Client{Transport: rules})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range p.both() {
			w.config.Alertmanagers, w.config.Prometheuses = []*webhook.Alertmanager{manager}, []*webhook.Prometheus{server}
			w.restart()
		}
		am := alertmanager{url: "http://a", priority: "P0"}
		present.has(am.firing("redis", time.Now()))
		p.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		p.after(10 * time.Minute)
		p.expect(person, open)
		present.has()
		ended := time.Now()
		p.after(5 * time.Minute)
		if m := p.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after 10m") {
			t.Fatalf("the chat shows %v", m)
		}
		for i, w := range p.both() {
			if h := w.history(); len(h) != 1 || h[0].EndsAt == nil || h[0].EndsAt.Sub(ended) > 30*time.Second {
				t.Errorf("for replica %d it ended at %v, not soon after %s", i, h[0].EndsAt, ended)
			}
		}
	})
}
