package webhook_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/history"
)

const (
	resend = 65 * time.Second // of a group that is evaluated every 5s
	expiry = 4 * time.Minute  // after Prometheus sent it last
	repeat = 15 * time.Second // of the shipped route for the watchdog
)

// sender plays a Prometheus and an Alertmanager that send the Watchdog. It is
// the worst case: each alert from Prometheus waits in Alertmanager for the
// longest time.
type sender struct {
	to        *world
	since     time.Time // the watchdog fires
	sent      time.Time // by Prometheus
	forwarded time.Time // by Alertmanager
	alive     bool      // Prometheus
}

// seeing is a world with the shipped timeout in which all is well.
func seeing(t *testing.T, f func(*world, *sender)) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		w.restart()
		p := &sender{to: w}
		p.start()
		p.after(10 * time.Minute)
		f(w, p)
	})
}

// start lets Prometheus evaluate, and say so at once.
func (p *sender) start() {
	p.alive, p.since, p.sent = true, time.Now(), time.Now()
	p.to.beat(p.sent, p.since)
	p.forwarded = p.sent
}

// after lets time pass.
func (p *sender) after(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if now := time.Now(); now.Sub(p.forwarded) >= repeat && now.Sub(p.sent) < expiry {
			p.to.beat(p.sent, p.since)
			p.forwarded = now
		}
		if now := time.Now(); p.alive && now.Sub(p.sent) >= resend {
			p.sent = now
		}
		step := 5 * time.Second
		if !p.alive && time.Since(p.sent) >= expiry {
			step = time.Until(end) // there is nothing to send
		}
		p.to.after(min(step, time.Until(end)))
	}
}

// history lists what the spool knows.
func (w *world) history() []history.Record {
	w.t.Helper()
	list, err := history.FromSpool(w.t.Context(), w.config.Spool, "priority", history.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// beat posts a Watchdog that was evaluated at a time. With the zero time, it
// posts one without the annotation.
func (w *world) beat(evaluated, since time.Time) {
	w.t.Helper()
	a := template.Alert{Status: "firing", StartsAt: since, Labels: template.KV{"alertname": "Watchdog"}, Annotations: template.KV{}}
	if !evaluated.IsZero() {
		a.Annotations[api.EvaluatedAt] = evaluated.UTC().Format(time.RFC3339Nano)
	}
	if status := w.watchdog(a); status != http.StatusOK {
		w.t.Fatalf("the watchdog was answered %d", status)
	}
}

func (w *world) watchdog(alerts ...template.Alert) (status int) {
	w.t.Helper()
	return w.request(api.WatchdogPath, alertmanager{url: "http://a"}.payload(alerts...))
}

// request posts over HTTP, to a path and query.
func (w *world) request(path string, body []byte) (status int) {
	w.t.Helper()
	handler := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()})
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, bytes.NewReader(body)))
	synctest.Wait()
	return answer.Code
}

// outage is a P0 that fires for ten minutes. Then Prometheus dies at the last
// moment before it would send the P0 again, so that the P0 expires as early as
// possible.
type outage struct {
	am    alertmanager
	start time.Time
	died  time.Time
}

func dies(w *world, p *sender) outage {
	w.t.Helper()
	o := outage{am: alertmanager{url: "http://a", priority: "P0", foreign: true}, start: time.Now()}
	w.post(o.am.payload(o.am.firing("redis", o.start)), api.Loud)
	p.after(10 * time.Minute)
	w.expect(person, open)
	for time.Since(p.sent) > 5*time.Second { // the watchdog was sent last just before
		p.after(5 * time.Second)
	}
	p.after(repeat)
	p.alive, o.died = false, time.Now()
	return o
}

// expires lets time pass until the P0 has expired in Alertmanager, and posts the resolution.
func (o outage) expires(w *world, p *sender) {
	w.t.Helper()
	end := o.died.Add(expiry - resend)
	p.after(time.Until(end))
	w.post(o.am.payload(o.am.resolved("redis", o.start, end)), api.Loud)
}

const (
	open     = "1 🚨 P0: Preflight [Database: redis]"
	stale    = "1 🚨 P0: Preflight [Database: redis, no longer evaluated] edited"
	missing  = "2 🚨 P0: Alerting is blind [PipelineBlind: no rule evaluation known for 2m30s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open]"
	restored = "2 ✅ P0: Alerting is blind (resolved after %s) [✅ PipelineBlind: no rule evaluation known for 2m30s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open, resolved after %[1]s] edited"
	back     = "3 ✅ P0 resolved: Alerting is blind [PipelineBlind: no rule evaluation known for 2m30s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open, resolved after %s] silent reply to 2"
	closed   = "1 ✅ P0: Preflight (resolved after %s) [✅ Database: redis, ended while alerting was blind] edited"
	reply    = "4 ✅ P0 resolved: Preflight [Database: redis, ended while alerting was blind] silent reply to 1"
)

// again returns the open message of an alert that fires again since a time.
func again(at time.Time) string {
	return "1 🚨 P0: Preflight [Database: redis, again since " + at.UTC().Format("2006-01-02 15:04:05 MST") + "] edited"
}

// backAfter returns the messages of the chat after an outage.
func backAfter(first, d string) []string {
	return []string{first, fmt.Sprintf(restored, d), fmt.Sprintf(back, d)}
}
