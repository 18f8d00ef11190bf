package webhook_test

import (
	"encoding/json"
	"fmt"
	"maps"
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

// rulesAPI answers as a Prometheus with one alerting rule, in fake time.
type rulesAPI struct {
	mu     sync.Mutex
	away   bool
	gone   bool // the rule
	health string
	alerts []map[string]any
	asked  int
	since  time.Time         // it runs; zero: it does not report that
	config string            // likewise
	labels map[string]string // more of the rule
}

// reports sets the state of the alert: "" for none.
func (p *rulesAPI) reports(a template.Alert, state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away, p.gone, p.health, p.alerts = false, false, "ok", nil
	if state != "" {
		labels := maps.Clone(a.Labels)
		delete(labels, "env") // an external label
		p.alerts = []map[string]any{{"labels": labels, "state": state, "activeAt": "2026-03-01T10:00:00Z", "value": "1"}}
	}
}

func (p *rulesAPI) set(change func(*rulesAPI)) { p.mu.Lock(); defer p.mu.Unlock(); change(p) }

func (p *rulesAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return nil, errAway
	}
	if strings.HasSuffix(r.URL.Path, "/status/runtimeinfo") {
		return p.runs()
	}
	if strings.HasSuffix(r.URL.Path, "/status/config") {
		return success(map[string]any{"yaml": p.config})
	}
	p.asked++
	if name := r.URL.Query()["rule_name[]"]; len(name) != 1 || name[0] != "Check" {
		return nil, fmt.Errorf("asked about %q", name)
	}
	rules := []any{map[string]any{"type": "alerting", "name": "Other", "health": "ok", "labels": map[string]string{}}}
	labels := map[string]string{"priority": "P0"}
	maps.Copy(labels, p.labels)
	if !p.gone {
		rules = append(rules, map[string]any{
			"type": "alerting", "name": "Check", "health": p.health, "labels": labels, "alerts": p.alerts,
			"lastEvaluation": time.Now(),
		})
	}
	return success(map[string]any{"groups": []any{map[string]any{"name": "g", "rules": rules}}})
}

// runs answers when it started.
func (p *rulesAPI) runs() (*http.Response, error) {
	if p.since.IsZero() {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
	}
	return success(map[string]any{"startTime": p.since})
}

func success(data any) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	err := json.NewEncoder(recorder).Encode(map[string]any{"status": "success", "data": data})
	return recorder.Result(), err
}

// checked is a world whose webhook asks Prometheus servers.
func checked(t *testing.T, servers int, f func(*world, []*rulesAPI)) {
	inWorld(t, "7", func(w *world) {
		var list []*rulesAPI
		for range servers {
			p := &rulesAPI{health: "ok"}
			client, err := webhook.NewPrometheus("http://u:SECRET@prometheus.test", &http.Client{Transport: p})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
			w.config.Prometheuses = append(w.config.Prometheuses, client)
		}
		w.restart()
		f(w, list)
		if strings.Contains(w.logs.String(), "SECRET") {
			t.Errorf("the log shows the password:\n%s", w.logs)
		}
	})
}

// expired returns the resolution of an alert that was evaluated four minutes
// before.
func (am alertmanager) expired(target string, starts time.Time) template.Alert {
	a := am.resolved(target, starts, time.Now())
	return evaluated(a, time.Now().Add(-4*time.Minute))
}

// Without an API, an expiry stays open for a day. It fires on as before.
func TestAnExpiryIsNoEnd(t *testing.T) {
	expire := func(w *world) (am alertmanager, start time.Time) {
		am, start = alertmanager{url: "http://a", priority: "P0"}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(10 * time.Minute)
		w.post(am.payload(am.expired("redis", start)), api.Loud)
		w.after(time.Minute)
		w.expect(person, stale)
		return am, start
	}
	t.Run("closed after a day", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			expire(w)
			w.restart()
			w.after(23 * time.Hour)
			w.expect(person, stale)
			w.after(2 * time.Hour)
			w.expect(person,
				"1 ✅ P0: Preflight (resolved after 10m) [✅ Database: redis, ended, not evaluated for 24h] edited",
				"2 ✅ P0 resolved: Preflight [Database: redis, ended, not evaluated for 24h] silent reply to 1")
			if n := w.metric("preflight_webhook_ends_total", "not_evaluated"); n != 1 {
				t.Errorf("%v are counted", n)
			}
		})
	})
	t.Run("fires on", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			am, start := expire(w)
			w.post(am.payload(evaluated(am.firing("redis", start), start)), api.Loud) // a late peer
			w.after(time.Minute)
			w.expect(person, stale)
			w.post(am.payload(am.firing("redis", start)), api.Loud)
			w.after(time.Minute)
			w.expect(person, open+" edited")
			w.post(alertmanager{url: "http://b", priority: "P0"}.payload(evaluated(am.resolved("redis", start, start.Add(10*time.Minute)), start.Add(6*time.Minute))), api.Loud)
			w.after(48 * time.Hour)
			w.expect(person, open+" edited")
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(time.Minute)
			if m := w.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
				t.Fatalf("the chat shows %v", m)
			}
		})
	})
	t.Run("ends", func(t *testing.T) {
		inWorld(t, "7", func(w *world) {
			am, start := expire(w)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(time.Minute)
			if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after 11m") {
				t.Fatalf("the chat shows %v", m)
			}
		})
	})
}

// Prometheus's clock is five minutes ahead. Its ends are its own.
func TestPrometheusHasAnotherClock(t *testing.T) {
	for name, offset := range map[string]time.Duration{"ahead": 5 * time.Minute, "behind": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
				w.restart()
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now().Add(offset)
				w.beat(start, start)
				w.post(am.payload(evaluated(am.firing("redis", start), start)), api.Loud)
				for range 10 {
					w.after(time.Minute)
					w.beat(time.Now().Add(offset), start)
				}
				w.post(am.payload(am.resolved("redis", start, time.Now().Add(offset))), api.Loud)
				w.after(time.Minute)
				w.expect(person, fmt.Sprintf(redisEnded, "10m"),
					"2 ✅ P0 resolved: Preflight [Database: redis, resolved after 10m] silent reply to 1")
				if got := w.metric("preflight_webhook_prometheus_clock_offset_seconds"); got != offset.Seconds() {
					t.Errorf("the offset is %v", got)
				}
				w.after(2 * time.Minute)
				if alerts := w.heartbeatAlerts(); len(alerts) != 1 {
					t.Errorf("the missing heartbeat is reported by %v", alerts)
				}
			})
		})
	}
}

func TestGrafanasStatesAreNoEnd(t *testing.T) {
	for _, reason := range []string{"MissingSeries", "NoData", "Error", "NoData, KeepLast"} {
		t.Run(reason, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(10 * time.Minute)
				a := am.resolved("redis", start, time.Now())
				a.Annotations["grafana_state_reason"] = reason
				w.post(am.payload(a), api.Loud)
				w.after(time.Minute)
				w.expect(person, stale)
			})
		})
	}
}

// What Prometheus's API reports decides.
func TestPrometheusConfirmsEnds(t *testing.T) {
	const over, unverified = "redis, resolved after 10m", "redis, resolved after 10m (not verified)"
	am := alertmanager{url: "http://a", priority: "P0"}
	other := am
	other.foreign = true
	for name, c := range map[string]struct {
		expires, foreign bool
		answer           func(a template.Alert, p []*rulesAPI)
		want             string // of the resolution; empty while the alert is open
		stale            bool
	}{
		"an end":                       {answer: func(template.Alert, []*rulesAPI) {}, want: over},
		"an end, none answers":         {answer: awayBoth, want: unverified},
		"an end, one answers":          {answer: func(_ template.Alert, p []*rulesAPI) { p[0].set(func(p *rulesAPI) { p.away = true }) }, want: over},
		"an end, the other half fires": {answer: func(a template.Alert, p []*rulesAPI) { p[1].reports(a, "firing") }},
		"an end, it is pending again":  {answer: func(a template.Alert, p []*rulesAPI) { p[1].reports(a, "pending") }, want: over},
		"an end, the rule is gone":     {answer: goneBoth, want: over},
		"an expiry, it fires":          {expires: true, answer: func(a template.Alert, p []*rulesAPI) { p[0].reports(a, "firing") }},
		"an expiry, it is pending":     {expires: true, answer: func(a template.Alert, p []*rulesAPI) { p[0].reports(a, "pending") }},
		"an expiry, the rule fails":    {expires: true, answer: func(_ template.Alert, p []*rulesAPI) { p[0].set(func(p *rulesAPI) { p.health = "err" }) }, stale: true},
		"an expiry, it is over":        {expires: true, answer: func(template.Alert, []*rulesAPI) {}, want: over},
		"an expiry, the rule is gone":  {expires: true, answer: goneBoth, want: "redis, ended, its rule was removed"},
		"an expiry, none answers":      {expires: true, answer: awayBoth, stale: true},
		"an expiry, one half was asked": {expires: true, answer: func(_ template.Alert, p []*rulesAPI) {
			p[0].set(func(p *rulesAPI) { p.gone = true })
			p[1].set(func(p *rulesAPI) { p.away = true })
		}, stale: true},
		"of other rules":                 {foreign: true, answer: func(template.Alert, []*rulesAPI) {}, want: over},
		"of other rules, it fires":       {foreign: true, answer: func(a template.Alert, p []*rulesAPI) { p[1].reports(a, "firing") }},
		"of other rules, none answers":   {foreign: true, answer: awayBoth, want: unverified},
		"of other rules, it is not here": {foreign: true, answer: goneBoth, want: unverified},
	} {
		t.Run(name, func(t *testing.T) {
			checked(t, 2, func(w *world, p []*rulesAPI) {
				am := am
				if c.foreign {
					am = other
				}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(10 * time.Minute)
				c.answer(am.firing("redis", start), p)
				end := am.resolved("redis", start, time.Now())
				if c.expires {
					end = am.expired("redis", start)
				}
				w.post(am.payload(end), api.Loud)
				w.after(2 * time.Second)
				m := w.bot.Messages(person)
				switch {
				case c.want != "" && (len(m) != 2 || !strings.HasSuffix(m[1].Text, c.want+"\n\nEnvironment: paper") && !strings.Contains(m[1].Text, c.want)):
					t.Fatalf("the chat shows %v", m)
				case c.want == over && strings.Contains(m[1].Text, "not verified"):
					t.Fatalf("the chat shows %v", m)
				case c.want == "" && (len(m) != 1 || strings.Contains(m[0].Text, "no longer evaluated") != c.stale):
					t.Fatalf("the chat shows %v", m)
				case c.want != "":
					return
				}
				for _, server := range p { // it ends, and Alertmanager has said so
					server.reports(end, "")
				}
				w.after(time.Minute)
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, over) {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

func awayBoth(_ template.Alert, p []*rulesAPI) {
	for _, server := range p {
		server.set(func(p *rulesAPI) { p.away = true })
	}
}

func goneBoth(_ template.Alert, p []*rulesAPI) {
	for _, server := range p {
		server.set(func(p *rulesAPI) { p.gone = true })
	}
}

// The ends of one notification are one question to each server.
func TestPrometheusIsAskedOnceForABatch(t *testing.T) {
	checked(t, 1, func(w *world, p []*rulesAPI) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		var firing, resolved []template.Alert
		for i := range 100 {
			firing = append(firing, am.firing(fmt.Sprintf("db-%d", i), start))
		}
		w.post(am.payload(firing...), api.Loud)
		w.after(10 * time.Minute)
		for i := range 100 {
			resolved = append(resolved, am.resolved(fmt.Sprintf("db-%d", i), start, time.Now()))
		}
		w.post(am.payload(resolved...), api.Loud)
		w.after(time.Minute)
		if p[0].asked != 1 {
			t.Errorf("asked %d times", p[0].asked)
		}
		if n := w.metric("preflight_webhook_ends_total", api.EndProved); n != 100 {
			t.Errorf("%v ended", n)
		}
	})
}

// While the half of a pair that has no data repeats an end and the other half the
// alert, the chat shows one open message.
func TestAHalfWithoutData(t *testing.T) {
	checked(t, 2, func(w *world, p []*rulesAPI) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		p[0].reports(am.firing("redis", start), "firing")
		for range 10 {
			w.after(30 * time.Second)
			w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
			w.after(35 * time.Second)
			w.post(am.payload(am.firing("redis", start)), api.Loud)
		}
		w.expect(person, open)
		w.after(30 * time.Second)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		p[0].reports(am.firing("redis", start), "")
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

func TestAddressesOfPrometheuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "p:9090", "ftp://p", "http://u:SECRET@p:x", "http://", "tokyo=p"} {
		_, err := webhook.NewPrometheus(address, nil)
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
