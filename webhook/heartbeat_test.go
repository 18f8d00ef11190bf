package webhook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

// beats sends a heartbeat every half minute.
func (w *world) beats(d time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := w.service.Heartbeat(webhook.Heartbeat{}); err != nil {
			w.t.Fatal(err)
		}
		w.after(30 * time.Second)
	}
}

// heartbeatAlerts returns the title of every message about it.
func (w *world) heartbeatAlerts() (titles []string) {
	for _, m := range w.bot.Messages(person) {
		if title, _, _ := strings.Cut(m.Text, "\n"); strings.Contains(title, "Alerting is blind") {
			titles = append(titles, title)
		}
	}
	return titles
}

func TestTheFirstHeartbeatIsAwaited(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout, w.config.AwaitHeartbeat = webhook.DefaultHeartbeatTimeout, true
		w.restart()
		if !strings.Contains(w.logs.String(), "no heartbeat received yet") {
			t.Errorf("the log does not say so:\n%s", w.logs)
		}
		am, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Hour)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		w.expect(person,
			"1 ✅ P0: Preflight (resolved after 1h) [✅ Database: redis, resolved after 1h (not verified)] edited",
			"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 1h (not verified)] silent reply to 1")

		w.beats(5 * time.Minute)
		w.restart() // what was received is known to the next process
		if n := strings.Count(w.logs.String(), "no heartbeat received yet"); n != 1 {
			t.Errorf("it waits again:\n%s", w.logs)
		}
		if alerts := w.heartbeatAlerts(); alerts != nil {
			t.Errorf("the chat shows %v", alerts)
		}
		w.after(10 * time.Minute)
		if alerts := w.heartbeatAlerts(); len(alerts) != 1 {
			t.Errorf("the chat shows %v", alerts)
		}
	})
}

// A heartbeat at one replica is expected at all of them from then on.
func TestTheFirstHeartbeatIsAwaitedByAllReplicas(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		for _, w := range p.both() {
			w.config.HeartbeatTimeout, w.config.AwaitHeartbeat = webhook.DefaultHeartbeatTimeout, true
			w.restart()
		}
		p.after(time.Hour)
		p.expect(person)
		if err := p.second.service.Heartbeat(webhook.Heartbeat{}); err != nil {
			t.Fatal(err)
		}
		p.after(time.Minute)
		p.second.stop()
		p.after(10 * time.Minute)
		if alerts := p.heartbeatAlerts(); len(alerts) != 1 {
			t.Errorf("the chat shows %v", alerts)
		}
		p.second.start()
	})
}

// If no heartbeat is expected, none is missing, and a resolution counts at
// once. A resolution that an earlier process held counts too.
func TestNoHeartbeatIsExpected(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		w.restart()
		w.beats(5 * time.Minute)
		am, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(10 * time.Minute)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(10 * time.Minute)
		if alerts, m := w.heartbeatAlerts(), w.bot.Messages(person); len(alerts) != 1 || len(m) != 2 {
			t.Fatalf("the chat shows %v", m)
		}

		w.config.HeartbeatTimeout = 0
		w.restart()
		w.after(time.Minute)
		const blind = "PipelineBlind: no rule evaluation known for 2m30s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open"
		ends := []string{
			"P0 resolved: Preflight [Database: redis, resolved after 10m (not verified)] silent reply to 1",
			"P0 resolved: Alerting is blind [" + blind + ", resolved after 20m 30s] silent reply to 2",
		}
		if m := w.bot.Messages(person); len(m) > 2 && m[2].ReplyTo == 2 { // both are due at the start
			slices.Reverse(ends)
		}
		w.expect(person,
			"1 ✅ P0: Preflight (resolved after 10m) [✅ Database: redis, resolved after 10m (not verified)] edited",
			"2 ✅ P0: Alerting is blind (resolved after 20m 30s) [✅ "+blind+", resolved after 20m 30s] edited",
			"3 ✅ "+ends[0], "4 ✅ "+ends[1])

		start = time.Now()
		w.post(am.payload(am.firing("postgres", start)), api.Loud)
		w.after(time.Hour)
		w.post(am.payload(am.resolved("postgres", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 6 || !strings.Contains(m[5].Text, "resolved: Preflight") {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// The alert about missing heartbeats has the most severe level, and its
// resolution is known under another scale.
func TestTheHeartbeatAlertHasTheGravestLevel(t *testing.T) {
	inScale(t, teams, func(w *world) {
		w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		w.restart()
		w.after(5 * time.Minute)
		if alerts := w.heartbeatAlerts(); len(alerts) != 1 || alerts[0] != "📟 PAGE: Alerting is blind" {
			t.Fatalf("the chat shows %v", alerts)
		}
		var err error
		if w.config.Formatter, err = message.New(message.Options{Severities: config.Priorities()}); err != nil {
			t.Fatal(err)
		}
		w.restart()
		w.beats(time.Minute)
		if alerts := w.heartbeatAlerts(); len(alerts) != 2 || !strings.HasPrefix(alerts[0], "✅ PAGE: Alerting is blind (resolved after") {
			t.Errorf("the chat shows %v", alerts)
		}
	})
}
