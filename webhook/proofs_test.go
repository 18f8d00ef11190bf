package webhook_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

// A server that was restarted evaluates its rules before it has scraped the
// targets. That is no end of what had expired meanwhile.
func TestARestartedPrometheusConfirmsNoEnd(t *testing.T) {
	for name, foreign := range map[string]bool{"": false, "of other rules": true} {
		t.Run(name, func(t *testing.T) {
			checked(t, 2, func(w *world, p []*rulesAPI) {
				am, start := alertmanager{url: "http://a", priority: "P0", foreign: foreign}, time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(10 * time.Minute)
				for _, server := range p {
					server.set(func(p *rulesAPI) { p.since = time.Now() })
				}
				end := am.resolved("redis", start, time.Now())
				if !foreign {
					end = am.expired("redis", start)
				}
				w.post(am.payload(end), api.Loud)
				w.after(4 * time.Minute)
				w.expect(person, stale)
				w.after(2 * time.Minute) // each series is known, or gone
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after 10m") {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// With keep_firing_for an alert ends long after its last evaluation, and not
// before that time has passed.
func TestAnExpiryWithinKeepFiringForIsNoEnd(t *testing.T) {
	kept := func(a template.Alert, at time.Time) template.Alert {
		a = evaluated(a, at)
		a.Annotations[api.ResolveWithin], a.Annotations[api.ResolveAfter] = "10m20s", "10m"
		return a
	}
	for after, ends := range map[time.Duration]bool{4 * time.Minute: false, 10*time.Minute + 5*time.Second: true, 14 * time.Minute: false} {
		t.Run(after.String(), func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
				w.post(am.payload(kept(am.firing("redis", start), start)), api.Loud)
				w.after(after)
				w.post(am.payload(kept(am.resolved("redis", start, time.Now()), start)), api.Loud)
				w.after(time.Minute)
				if m := w.bot.Messages(person); ends != (len(m) == 2) || ends == strings.Contains(m[0].Text, "no longer evaluated") {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// Dates that cannot be right make no proof, and keep no alert open.
func TestOddDatesOfEnds(t *testing.T) {
	year := func(n int) string { return fmt.Sprintf("%04d-12-31T23:59:59-12:00", n) }
	for name, change := range map[string]func(a *template.Alert){
		"evaluated in year 1":    func(a *template.Alert) { a.Annotations[api.EvaluatedAt] = "0001-01-01T00:00:00Z" },
		"evaluated in year 9999": func(a *template.Alert) { a.Annotations[api.EvaluatedAt] = year(9999) },
		"evaluated in words":     func(a *template.Alert) { a.Annotations[api.EvaluatedAt] = "<error expanding template: x>" },
		"evaluated in seconds":   func(a *template.Alert) { a.Annotations[api.EvaluatedAt] = "1772359200" },
		"evaluated after the end": func(a *template.Alert) {
			a.Annotations[api.EvaluatedAt] = time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		},
		"resolve_within is odd": func(a *template.Alert) { a.Annotations[api.ResolveWithin] = "-5s" },
		"ends before its start": func(a *template.Alert) {
			if a.Status != "firing" {
				a.EndsAt = a.StartsAt.Add(-time.Hour)
			}
		},
		"ends in 1970": func(a *template.Alert) {
			if a.Status != "firing" {
				a.EndsAt = time.Unix(0, 0)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
				firing := am.firing("redis", start)
				change(&firing)
				w.post(am.payload(firing), api.Loud)
				w.after(10 * time.Minute)
				end := am.resolved("redis", start, time.Now())
				change(&end)
				w.post(am.payload(end), api.Loud)
				w.after(time.Minute)
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after 10m (not verified)") {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// The end of the episode before arrives after the alert fires again. The alert is
// repeated once a day.
func TestALateEndClosesNothingBeforeTheRepeat(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am, start := alertmanager{url: "http://a", priority: "P2"}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Silent)
		w.after(50 * time.Second)
		w.post(am.payload(am.firing("redis", time.Now())), api.Silent)
		w.after(10 * time.Second)
		w.post(alertmanager{url: "http://b", priority: "P2"}.payload(am.resolved("redis", start, start.Add(20*time.Second))), api.Silent)
		w.after(24*time.Hour + 30*time.Minute)
		w.expect(person, "1 🔔 P2: Preflight [Database: redis] silent")
		w.post(am.payload(am.firing("redis", start.Add(50*time.Second))), api.Silent)
		w.after(25 * time.Hour)
		w.expect(person, "1 🔔 P2: Preflight [Database: redis] silent")
	})
}

// The configuration of a Prometheus shows which labels its alerts are sent with. The
// alert of a rule that a reload relabelled, or of another environment, is another
// alert.
func TestAlertsOfPrometheusWithOtherLabels(t *testing.T) {
	const paper = "global: {evaluation_interval: 5s, external_labels: {env: paper}}"
	for name, c := range map[string]struct {
		config string
		labels map[string]string // more than those of the alert
		want   string            // of the end; empty while it is open
	}{
		"the same":                     {paper, nil, ""},
		"the rule got a label":         {paper, map[string]string{"team": "a"}, "ended, its rule was removed"},
		"the alert got a label":        {paper, map[string]string{"instance": "a"}, "resolved after 10m"},
		"of another environment":       {strings.Replace(paper, "paper", "live", 1), nil, "resolved after 10m"},
		"labels are changed":           {paper + "\nalerting: {alert_relabel_configs: []}", map[string]string{"team": "a"}, ""},
		"it shows no configuration":    {"", map[string]string{"team": "a"}, ""},
		"it shows something else":      {"global: []", map[string]string{"team": "a"}, ""},
		"it has no external labels":    {"global: {evaluation_interval: 5s}", nil, "resolved after 10m"},
		"the alert has its own values": {"global: {evaluation_interval: 5s, external_labels: {target: x, env: paper}}", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			checked(t, 1, func(w *world, p []*rulesAPI) {
				am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
				firing := am.firing("redis", start)
				w.post(am.payload(firing), api.Loud)
				w.after(10 * time.Minute)
				p[0].reports(firing, "firing")
				p[0].set(func(p *rulesAPI) {
					p.config = c.config
					if c.labels["instance"] == "" {
						p.labels = c.labels
					}
					maps.Copy(p.alerts[0]["labels"].(template.KV), c.labels)
				})
				w.post(am.payload(am.expired("redis", start)), api.Loud)
				w.after(time.Minute)
				m := w.bot.Messages(person)
				if ended := len(m) == 2; ended != (c.want != "") || ended && !strings.Contains(m[1].Text, "redis, "+c.want) {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

// A server of another environment is no evidence of an end while that of the alert
// does not answer.
func TestAServerOfAnotherEnvironmentEndsNothing(t *testing.T) {
	checked(t, 2, func(w *world, p []*rulesAPI) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(10 * time.Minute)
		p[0].set(func(p *rulesAPI) { p.away = true })
		p[1].set(func(p *rulesAPI) { p.config = "global: {evaluation_interval: 5s, external_labels: {env: live}}" })
		w.post(am.payload(am.expired("redis", start)), api.Loud)
		w.after(time.Hour)
		if m := w.bot.Messages(person); len(m) != 1 || !strings.Contains(m[0].Text, "no longer evaluated") {
			t.Fatalf("the chat shows %v", m)
		}
		p[0].set(func(p *rulesAPI) { p.away = false })
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "redis, resolved after") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}
