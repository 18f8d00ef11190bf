package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

func TestAnAlertThatOnlyExpiredStaysOpen(t *testing.T) {
	for name, restart := range map[string]bool{"": false, "webhook restarted": true} {
		for back, c := range map[string]func(w *world, p *sender, o outage){
			"fires, restarted":      firesAnew,
			"fires, was cut off":    firesOn,
			"fires no more":         firesNoMore,
			"soon back, fires":      soonBack,
			"died again, no more":   diesAgain,
			"never fires, peer too": peerToo,
		} {
			t.Run(back+name, func(t *testing.T) {
				seeing(t, func(w *world, p *sender) {
					o := dies(w, p)
					p.after(time.Until(o.died.Add(expiry - resend - time.Second)))
					w.expect(person, open, missing) // before the first can expire
					o.expires(w, p)
					if restart {
						w.restart()
					}
					p.after(5 * time.Second)
					w.expect(person, stale, missing)
					c(w, p, o)
				})
			})
		}
	}
}

// Prometheus was restarted: alerts that still fire start again.
func firesAnew(w *world, p *sender, o outage) {
	p.after(15 * time.Minute)
	w.expect(person, stale, missing)
	p.start()
	anew := time.Now().Add(123) // finer than the spool keeps it
	w.post(o.am.payload(o.am.firing("redis", anew)), api.Loud)
	p.after(20 * time.Second)
	w.post(o.am.payload(o.am.firing("redis", anew)), api.Loud) // the other peer's
	p.after(30 * time.Minute)
	w.expect(person, backAfter(again(anew), "18m 10s")...)
	end := time.Now()
	w.post(o.am.payload(o.am.resolved("redis", anew, end)), api.Loud)
	w.after(5 * time.Second)
	if m := w.bot.Messages(person); len(m) != 4 || m[3].ReplyTo != 1 || !strings.Contains(m[3].Text, "redis, resolved after 59m 15s") {
		w.t.Fatalf("the chat shows %v", m)
	}
}

// Prometheus was cut off: its alerts have the start that they had.
func firesOn(w *world, p *sender, o outage) {
	p.alive = true
	p.sent = time.Now()
	p.after(20 * time.Second)
	w.post(o.am.payload(o.am.firing("redis", o.start)), api.Loud)
	w.restart()
	p.after(20 * time.Second)
	// A late peer sends the expiry once more.
	w.post(alertmanager{url: "http://b", priority: "P0", foreign: true}.payload(o.am.resolved("redis", o.start, o.died.Add(expiry-resend))), api.Loud)
	p.after(time.Hour)
	if m := w.bot.Messages(person); len(m) != 3 || outline(m[0]) != again(o.died.Add(expiry-resend)) {
		w.t.Fatalf("the chat shows %v", m)
	}
	w.post(o.am.payload(o.am.resolved("redis", o.start, time.Now())), api.Loud)
	w.after(5 * time.Second)
	if m := w.bot.Messages(person); len(m) != 4 || m[3].ReplyTo != 1 {
		w.t.Fatalf("the chat shows %v", m)
	}
}

func firesNoMore(w *world, p *sender, _ outage) {
	p.after(10 * time.Minute)
	p.start()
	w.restart()
	p.after(7 * time.Minute)
	w.expect(person, backAfter(stale, "13m 10s")...)
	p.after(time.Minute)
	if m := w.bot.Messages(person); len(m) != 4 || outline(m[3]) != reply || !strings.Contains(m[0].Text, "ended while alerting was blind") {
		w.t.Fatalf("the chat shows %v", m)
	}
}

// Two alerts fire again before Alertmanager's next flush of their groups, so
// only their start is new. One is reported before the first Watchdog, and one
// after it.
func soonBack(w *world, p *sender, o outage) {
	before, after := alertmanager{url: "http://a", priority: "P1", foreign: true}, alertmanager{url: "http://a", priority: "P2", foreign: true}
	w.post(before.payload(before.firing("kafka", o.start)), api.None)
	w.post(after.payload(after.firing("kafka", o.start)), api.None)
	w.post(before.payload(before.firing("kafka", time.Now())), api.None)
	p.start()
	p.after(10 * time.Second)
	w.post(after.payload(after.firing("kafka", time.Now())), api.None)
	p.after(time.Minute)
	if n := len(w.history()); n != 4 { // with PipelineBlind
		w.t.Fatalf("%d alerts, not 4", n)
	}
}

// A Prometheus that comes and goes closes nothing.
func diesAgain(w *world, p *sender, _ outage) {
	for range 3 {
		p.start()
		p.after(3 * time.Minute)
		p.alive = false
		p.after(10 * time.Minute)
	}
	m := w.bot.Messages(person)
	if outline(m[0]) != stale {
		w.t.Fatalf("the chat shows %v", m)
	}
	p.start()
	p.after(8 * time.Minute)
	if m := w.bot.Messages(person); !strings.Contains(m[0].Text, "ended while alerting was blind") {
		w.t.Fatalf("the chat shows %v", m)
	}
}

// The other Alertmanager sends the same expiry.
func peerToo(w *world, p *sender, o outage) {
	b := alertmanager{url: "http://b", priority: "P0", foreign: true}
	w.post(b.payload(b.firing("redis", o.start)), api.Loud) // late
	p.after(5 * time.Second)
	w.post(b.payload(b.resolved("redis", o.start, o.died.Add(expiry-resend))), api.Loud)
	p.start()
	p.after(8 * time.Minute)
	if m := w.bot.Messages(person); len(m) != 4 || outline(m[3]) != reply {
		w.t.Fatalf("the chat shows %v", m)
	}
}

// A resolution has the time of an evaluation, and is shown as soon as it
// arrives.
func TestAResolutionIsShownAtOnce(t *testing.T) {
	resolve := func(w *world, o outage, end time.Time) {
		w.t.Helper()
		began := time.Now()
		w.post(o.am.payload(o.am.resolved("redis", o.start, end)), api.Loud)
		w.after(5 * time.Second)
		for _, m := range w.bot.Messages(person) {
			if m.ReplyTo == 1 && strings.Contains(m.Text, "redis, resolved after") && m.Sent.Sub(began) < 2*time.Second {
				return
			}
		}
		t.Fatalf("the chat shows %v", w.bot.Messages(person))
	}
	for name, c := range map[string]func(w *world, p *sender, o outage){
		"just before Prometheus dies": func(w *world, _ *sender, o outage) { resolve(w, o, o.died) },
		"sent late":                   func(w *world, p *sender, o outage) { p.after(10 * time.Minute); resolve(w, o, o.died) },
		"sent after the outage": func(w *world, p *sender, o outage) {
			p.after(10 * time.Minute)
			p.start()
			p.after(time.Minute)
			resolve(w, o, o.died)
		},
		"begun and ended since": func(w *world, p *sender, _ outage) {
			p.after(150 * time.Second) // so short that the P0 has yet to expire
			p.start()
			am := alertmanager{url: "http://a", priority: "P0", key: "other", foreign: true}
			start := time.Now()
			w.post(am.payload(am.firing("upbit", start)), api.Loud)
			p.after(30 * time.Second)
			w.post(am.payload(am.resolved("upbit", start, time.Now())), api.Loud)
			w.after(5 * time.Second)
			if m := w.bot.Messages(person); !strings.Contains(m[len(m)-1].Text, "upbit, resolved after 30s") {
				t.Fatalf("the chat shows %v", m)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			seeing(t, func(w *world, p *sender) { c(w, p, dies(w, p)) })
		})
	}
	t.Run("while all is well", func(t *testing.T) {
		seeing(t, func(w *world, p *sender) {
			am := alertmanager{url: "http://a", priority: "P0", foreign: true}
			for i := range 30 { // in every phase
				o := outage{am: am, start: time.Now()}
				o.am.key = fmt.Sprint(i)
				p.after(time.Second)
				target := fmt.Sprint("redis-", i) // else the alert flaps
				w.post(o.am.payload(o.am.firing(target, o.start)), api.Loud)
				p.after(7 * time.Second)
				w.post(o.am.payload(o.am.resolved(target, o.start, time.Now())), api.Loud)
				w.after(2500 * time.Millisecond)
				if m := w.bot.Messages(person); len(m) != 2*i+2 || !strings.Contains(m[2*i+1].Text, target+", resolved after 8s") {
					t.Fatalf("the chat shows %v", m)
				}
			}
		})
	})
	t.Run("without a watchdog", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			w.config.HeartbeatTimeout = 150 * time.Second
			w.restart()
			w.after(time.Hour)
			am := alertmanager{url: "http://a", priority: "P0", foreign: true}
			start := time.Now()
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			w.after(time.Hour)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(5 * time.Second)
			if m := w.bot.Messages(person); len(m) != 3 || !strings.Contains(m[2].Text, "redis, resolved after 1h") {
				t.Fatalf("the chat shows %v", m)
			}
		})
	})
}

// One lost sending of the Watchdog is no outage: a resolution is delivered as a
// resolution when the next Watchdog arrives.
func TestALostHeartbeatIsNoOutage(t *testing.T) {
	seeing(t, func(w *world, p *sender) {
		am := alertmanager{url: "http://a", priority: "P0", foreign: true}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		for time.Since(p.sent) > 5*time.Second {
			p.after(5 * time.Second)
		}
		next := p.sent.Add(2 * resend)
		p.alive = false
		p.after(time.Until(next))
		end := time.Now()
		w.post(am.payload(am.resolved("redis", start, end)), api.Loud)
		p.after(repeat - time.Second)
		w.expect(person, open)
		p.alive, p.sent = true, next
		p.after(10 * time.Second)
		d := end.Sub(start).Truncate(time.Second).String()
		if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 || strings.Contains(m[1].Text, "blind") {
			t.Fatalf("resolved after %s, the chat shows %v", d, m)
		}
	})
}

// The changes during a stop of the webhook are delivered when the next Watchdog
// arrives. If it has fired all the time, there was no outage.
func TestTheWebhooksOwnAbsenceIsNoOutage(t *testing.T) {
	for name, restarted := range map[string]bool{"Prometheus went on": false, "Prometheus was away too": true} {
		t.Run(name, func(t *testing.T) {
			seeing(t, func(w *world, p *sender) {
				am := alertmanager{url: "http://a", priority: "P0", foreign: true}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				p.after(5 * time.Minute)
				w.stop()
				w.after(20 * time.Minute)
				end := time.Now()
				w.start()
				w.post(am.payload(am.resolved("redis", start, end)), api.Loud)
				w.after(5 * time.Second)
				w.expect(person, open)
				if restarted {
					p.start()
				} else {
					p.sent = time.Now()
				}
				p.after(time.Minute)
				if !restarted {
					w.expect(person,
						"1 ✅ P0: Preflight (resolved after 25m) [✅ Database: redis, resolved after 25m (not verified)] edited",
						"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 25m (not verified)] silent reply to 1")
					return
				}
				w.expect(person, open)
				p.after(7 * time.Minute)
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, ended while alerting was blind") {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// A Watchdog counts from its arrival: no clock is compared with another. A resolved Watchdog, or one from the future, does not prove a
// later evaluation.
func TestTheEvaluationOfAHeartbeat(t *testing.T) {
	missingAfter := func(w *world, d time.Duration) {
		w.t.Helper()
		w.after(d - time.Second)
		w.expect(person)
		w.after(2 * time.Second)
		if m := w.bot.Messages(person); len(m) != 1 || !strings.Contains(m[0].Text, "Alerting is blind") {
			t.Fatalf("the chat shows %v", m)
		}
	}
	watchdog := func(status, evaluated string) template.Alert {
		return template.Alert{
			Status: status, StartsAt: time.Now().Add(-time.Hour), Labels: template.KV{"alertname": "Watchdog", "x": evaluated},
			Annotations: template.KV{api.EvaluatedAt: evaluated},
		}
	}
	for name, c := range map[string]struct {
		alerts func(now time.Time) []template.Alert
		after  time.Duration // until a heartbeat is missing
	}{
		"evaluated just now": {func(now time.Time) []template.Alert {
			return []template.Alert{watchdog("firing", now.Format(time.RFC3339))}
		}, 150 * time.Second},
		"evaluated a minute ago": {func(now time.Time) []template.Alert {
			return []template.Alert{watchdog("firing", now.Add(-time.Minute).Format(time.RFC3339))}
		}, 150 * time.Second},
		"of two the newer": {func(now time.Time) []template.Alert {
			return []template.Alert{
				watchdog("firing", now.Add(-2*time.Minute).Format(time.RFC3339)), watchdog("firing", now.Add(-time.Minute).Format(time.RFC3339)),
				watchdog("resolved", now.Format(time.RFC3339)),
			}
		}, 150 * time.Second},
		"from the future": {func(now time.Time) []template.Alert {
			return []template.Alert{watchdog("firing", now.Add(100*time.Hour).Format(time.RFC3339))}
		}, 150 * time.Second},
		"of another make": {func(time.Time) []template.Alert { return []template.Alert{watchdog("firing", "")} }, 150 * time.Second},
		"that says nonsense": {func(time.Time) []template.Alert {
			return []template.Alert{watchdog("firing", "<error expanding template>")}
		}, 150 * time.Second},
		"that is over": {func(now time.Time) []template.Alert {
			return []template.Alert{watchdog("resolved", now.Format(time.RFC3339))}
		}, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				w.config.HeartbeatTimeout = 150 * time.Second
				w.restart()
				w.after(2 * time.Minute)
				if status := w.watchdog(c.alerts(time.Now())...); status != http.StatusOK {
					t.Fatalf("answered %d", status)
				}
				missingAfter(w, c.after)
			})
		})
	}
}
