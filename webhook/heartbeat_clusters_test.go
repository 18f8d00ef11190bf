package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// plant is a Prometheus with its Alertmanager, which sends heartbeats.
type plant struct {
	cluster string
	url     string    // of the Alertmanager
	since   time.Time // the Watchdog fires
	ahead   time.Duration
}

// plants returns one for each cluster. Each has started at another moment.
func plants(clusters ...string) (list []*plant) {
	for i, cluster := range clusters {
		list = append(list, &plant{cluster: cluster, url: fmt.Sprintf("http://am-%d", i), since: time.Now().Add(time.Duration(i) * time.Millisecond)})
	}
	return list
}

// beatsOf lets plants send heartbeats every half minute.
func (w *world) beatsOf(d time.Duration, list ...*plant) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); w.after(30 * time.Second) {
		for _, p := range list {
			w.beatOf(p)
		}
	}
}

func (w *world) beatOf(p *plant) {
	w.t.Helper()
	a := template.Alert{
		Status: "firing", StartsAt: p.since, Labels: template.KV{"alertname": api.Watchdog},
		Annotations: template.KV{api.EvaluatedAt: time.Now().Add(p.ahead).UTC().Format(time.RFC3339Nano)},
	}
	if status := w.request(api.HeartbeatPath(p.cluster), alertmanager{url: p.url}.payload(a)); status != http.StatusOK {
		w.t.Fatalf("the heartbeat was answered %d", status)
	}
}

// inClusters is inWorld, in which heartbeats are expected.
func inClusters(t *testing.T, f func(*world)) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		w.restart()
		f(w)
	})
}

// missingFrom returns the line about a missing heartbeat of a cluster.
func missingFrom(cluster string) string {
	return "PipelineBlind: no rule evaluation of the cluster " + cluster + " known for 2m30s: Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open"
}

// Each of two clusters is missed on its own, and its own heartbeat ends that.
func TestEachClusterHasItsHeartbeat(t *testing.T) {
	for name, restart := range map[string]bool{"": false, "restarted in between": true} {
		t.Run(name, func(t *testing.T) {
			inClusters(t, func(w *world) {
				again := func() {
					if restart {
						w.restart()
					}
				}
				all := plants("tokyo", "seoul")
				tokyo, seoul := all[0], all[1]
				w.beatsOf(10*time.Minute, tokyo, seoul)
				again()
				w.beatsOf(5*time.Minute, seoul)
				again()
				w.beatsOf(time.Minute, seoul)
				w.expect(person, "1 🚨 P0: Alerting is blind ["+missingFrom("tokyo")+"]")
				m := w.bot.Messages(person)[0].Text
				for _, want := range []string{"/api/v1/watchdog?cluster=tokyo", "if the cluster was removed: this alert ends after 7 days"} {
					if !strings.Contains(m, want) {
						t.Errorf("%q is not in the message:\n%s", want, m)
					}
				}
				if h := w.history(); len(h) != 1 || h[0].Labels[api.Cluster] != "tokyo" {
					t.Errorf("the history has %+v", h)
				}

				w.after(5 * time.Minute) // now both are missing
				again()
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, missingFrom("seoul")) {
					t.Fatalf("the chat shows %v", m)
				}
				w.beatsOf(time.Minute, tokyo)
				if h := w.history(); len(h) != 2 || h[0].EndsAt == nil || h[1].EndsAt != nil {
					t.Errorf("the history has %+v", h)
				}
				again()
				w.beatsOf(time.Minute, tokyo, seoul)
				if h := w.history(); len(h) != 2 || h[1].EndsAt == nil {
					t.Errorf("the history has %+v", h)
				}
				for _, m := range w.bot.Messages(person)[:2] {
					if !strings.HasPrefix(m.Text, "✅") {
						t.Errorf("the chat shows %v", m)
					}
				}
				w.beatsOf(10*time.Minute, tokyo, seoul)
				if n := len(w.bot.Messages(person)); n != 4 {
					t.Errorf("the chat shows %v", w.bot.Messages(person))
				}
			})
		})
	}
}

// While the Prometheus of one cluster is dead, its alerts stay open, and those of
// the other cluster end.
func TestEndsAreJudgedByTheirOwnCluster(t *testing.T) {
	inClusters(t, func(w *world) {
		all := plants("tokyo", "seoul")
		tokyo, seoul := all[0], all[1]
		am, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
		w.beatsOf(5*time.Minute, tokyo, seoul)
		for _, cluster := range []string{"tokyo", "seoul"} {
			w.from(cluster, am.payload(am.firing(cluster, start)))
		}
		w.beatsOf(10*time.Minute, seoul)
		for _, cluster := range []string{"tokyo", "seoul"} {
			w.from(cluster, am.payload(am.resolved(cluster, start, time.Now())))
		}
		w.beatsOf(time.Minute, seoul)
		m := w.bot.Messages(person)
		if len(m) != 4 || !strings.Contains(m[0].Text, "tokyo, no longer evaluated") || !strings.Contains(m[3].Text, "seoul, resolved after 15m (not verified)") {
			t.Fatalf("the chat shows %v", m)
		}

		// An outage of one is none of the other.
		w.beatsOf(time.Minute, tokyo, seoul)
		start = time.Now()
		w.from("seoul", am.payload(am.firing("kafka", start)))
		w.beatsOf(time.Minute, tokyo, seoul)
		w.from("seoul", am.payload(am.resolved("kafka", start, time.Now())))
		w.beatsOf(time.Minute, tokyo, seoul)
		if m = w.bot.Messages(person); !strings.Contains(m[len(m)-1].Text, "kafka, resolved after 1m (not verified)") {
			t.Fatalf("the chat shows %v", m)
		}
		w.beatsOf(8*time.Minute, tokyo, seoul)
		if m = w.bot.Messages(person); !strings.Contains(m[0].Text, "tokyo, ended while alerting was blind") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// An Alertmanager that knows no alert of a dead Prometheus closes none of them. The
// alerts of another cluster are compared with it.
func TestAlertsOfADeadClusterAreNotMissing(t *testing.T) {
	inClusters(t, func(w *world) {
		am, err := webhook.NewAlertmanager("http://am.test", &http.Client{Transport: &presentAPI{}})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Alertmanagers = []*webhook.Alertmanager{am}
		w.restart()
		all := plants("tokyo", "seoul")
		w.beatsOf(5*time.Minute, all...)
		from, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
		for _, cluster := range []string{"tokyo", "seoul"} {
			w.from(cluster, from.payload(from.firing(cluster, start)))
		}
		w.beatsOf(30*time.Minute, all[1])
		w.beatsOf(40*time.Minute, all...) // the outage of tokyo delays only the comparison of its own alerts
		m := w.bot.Messages(person)
		if strings.HasPrefix(m[0].Text, "✅") || !strings.Contains(m[1].Text, "seoul, ended, Alertmanager no longer knows it") {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// The clocks of two clusters differ. Each has its offset.
func TestEachClusterHasItsClock(t *testing.T) {
	inClusters(t, func(w *world) {
		const at, offset = "preflight_webhook_watchdog_timestamp_seconds", "preflight_webhook_prometheus_clock_offset_seconds"
		if got := w.metric(at, ""); got != 0 {
			t.Errorf("before the first heartbeat %v", got)
		}
		all := plants("tokyo", "seoul", "")
		all[0].ahead, all[1].ahead = time.Minute, -time.Minute
		w.beatsOf(5*time.Minute, all...)
		for cluster, want := range map[string]float64{"tokyo": 60, "seoul": -60, "": 0} {
			if got := w.metric(offset, cluster); got != want {
				t.Errorf("the offset of %q is %v, not %v", cluster, got, want)
			}
			if got := w.metric(at, cluster); got != float64(time.Now().Add(-30*time.Second).Unix()) {
				t.Errorf("the last heartbeat of %q was at %v", cluster, got)
			}
		}
		w.restart()
		w.beatsOf(time.Minute, all[:1]...)
		if got := w.metric(offset, "tokyo"); got != 60 {
			t.Errorf("after a restart the offset is %v", got)
		}
	})
}

// Any cluster fulfils the expectation of a first heartbeat. Those after it are
// expected from their own first one.
func TestAnyClusterIsTheFirst(t *testing.T) {
	inClusters(t, func(w *world) {
		w.after(5 * time.Minute)
		w.expect(person, "1"+strings.TrimPrefix(missing, "2"))
		all := plants("tokyo", "seoul")
		w.beatsOf(time.Minute, all[0])
		if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		w.beatsOf(10*time.Minute, all[0])
		w.beatsOf(time.Minute, all...)
		w.beatsOf(5*time.Minute, all[0])
		if m := w.bot.Messages(person); len(m) != 3 || !strings.Contains(m[2].Text, missingFrom("seoul")) {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// Heartbeats of one cluster at one replica, and of another at the other. The death
// of one is reported once, whichever replica heard it, and so is its return.
func TestReplicasShareTheHeartbeatsOfEachCluster(t *testing.T) {
	for name, c := range map[string]struct{ dies, back, stops int }{
		"it is heard by the first":               {0, 0, -1},
		"it is heard by the second":              {1, 1, -1},
		"it is back at the other":                {0, 1, -1},
		"the first stops while it is missing":    {1, 1, 0},
		"the second stops while it is missing":   {1, 0, 1},
		"the first stops, it is back at another": {0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				for _, w := range p.both() {
					w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
					w.restart()
				}
				all, two := plants("tokyo", "seoul"), p.both()
				tokyo, seoul := all[0], all[1]
				lives := two[1-c.dies]
				beats := func(d time.Duration, at *world) {
					for end := time.Now().Add(d); time.Now().Before(end); p.after(30 * time.Second) {
						lives.beatOf(seoul)
						if at != nil {
							at.beatOf(tokyo)
						}
					}
				}
				beats(5*time.Minute, two[c.dies])
				p.expect(person)
				beats(5*time.Minute, nil)
				p.expect(person, "1 🚨 P0: Alerting is blind ["+missingFrom("tokyo")+"]")
				if c.stops >= 0 {
					two[c.stops].stop()
					lives = two[1-c.stops]
				}
				beats(5*time.Minute, nil)
				if m := p.bot.Messages(person); len(m) != 1 {
					t.Fatalf("the chat shows %v", m)
				}
				beats(time.Minute, two[c.back])
				if c.stops >= 0 {
					two[c.stops].start()
				}
				beats(time.Minute, two[c.back])
				if m := p.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}
