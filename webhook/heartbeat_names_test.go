package webhook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/state"
)

// heartbeatsOf returns the clusters that have a metric of their heartbeats.
func (w *world) heartbeatsOf() (clusters []string) {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "preflight_webhook_watchdog_timestamp_seconds" {
			for _, m := range f.GetMetric() {
				clusters = append(clusters, m.GetLabel()[0].GetValue())
			}
		}
	}
	slices.Sort(clusters)
	return clusters
}

// The URL of the heartbeats gets a name, loses it or gets another one. They continue
// those of the former name, which is not missed.
func TestTheHeartbeatsOfAClusterGetAName(t *testing.T) {
	for name, c := range map[string]struct {
		first, then string
		change      func(*plant)
		want        []string
	}{
		"a name":                                {"", "tokyo", nil, []string{"tokyo"}},
		"a name, and Prometheus was restarted":  {"", "tokyo", func(p *plant) { p.since = time.Now() }, []string{"tokyo"}},
		"a name, and another Alertmanager":      {"", "tokyo", func(p *plant) { p.url = "http://other" }, []string{"tokyo"}},
		"taken back":                            {"tokyo", "", nil, []string{"tokyo"}},
		"another name":                          {"tokyo", "seoul", nil, []string{"seoul"}},
		"another name, by another Alertmanager": {"tokyo", "seoul", func(p *plant) { p.url = "http://other" }, []string{"seoul"}},
	} {
		for stage, restart := range map[string]bool{"": false, ", restarted": true} {
			t.Run(name+stage, func(t *testing.T) {
				inClusters(t, func(w *world) {
					p := plants(c.first)[0]
					w.beatsOf(5*time.Minute, p)
					if restart {
						w.restart()
					}
					p.cluster = c.then
					if c.change != nil {
						c.change(p)
					}
					w.beatsOf(20*time.Minute, p)
					w.expect(person)
					if got := w.heartbeatsOf(); !slices.Equal(got, c.want) {
						t.Errorf("there are heartbeats of %q", got)
					}
					w.after(5 * time.Minute)
					if m := w.bot.Messages(person); len(m) != 1 || !strings.Contains(m[0].Text, missingFrom(c.want[0])) {
						t.Errorf("the chat shows %v", m)
					}
				})
			})
		}
	}
}

// A pair of Alertmanagers gets the name one after the other, and each sends
// heartbeats.
func TestAPairOfAlertmanagersGetsAName(t *testing.T) {
	inClusters(t, func(w *world) {
		a := plants("")[0]
		b := *a
		b.url = "http://b"
		w.beatsOf(5*time.Minute, a)
		a.cluster = "tokyo"
		w.beatsOf(time.Minute, a, &b)
		w.beatsOf(5*time.Minute, &b)
		b.cluster = "tokyo"
		w.beatsOf(20*time.Minute, a)
		w.expect(person)
		if got := w.heartbeatsOf(); !slices.Equal(got, []string{"tokyo"}) {
			t.Errorf("there are heartbeats of %q", got)
		}
	})
}

// A cluster without a name is missed, although a new one has a name. Both beat.
func TestANamedClusterIsNotTheUnnamedOne(t *testing.T) {
	inClusters(t, func(w *world) {
		all := plants("", "seoul")
		w.beatsOf(5*time.Minute, all[0])
		w.after(5 * time.Minute)
		shown := "1" + strings.TrimPrefix(missing, "2")
		w.expect(person, shown)
		w.beatsOf(5*time.Minute, all[1])
		w.expect(person, shown)
		w.beatsOf(5*time.Minute, all...)
		if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// The alert about missing heartbeats ends with the first heartbeat under another
// name.
func TestTheAlertEndsUnderTheName(t *testing.T) {
	for stage, restart := range map[string]bool{"": false, ", restarted": true} {
		for name, former := range map[string]string{"from none": "", "from another": "seoul"} {
			t.Run(name+stage, func(t *testing.T) {
				inClusters(t, func(w *world) {
					p := plants(former)[0]
					w.beatsOf(5*time.Minute, p)
					w.after(5 * time.Minute)
					if restart {
						w.restart()
					}
					p.cluster = "tokyo"
					w.beatsOf(20*time.Minute, p)
					if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") {
						t.Errorf("the chat shows %v", m)
					}
				})
			})
		}
	}
}

// The shared database still has a heartbeat under the former name, which arrived
// before the change.
func TestTheFormerNameIsStillShared(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		p.world.restart()
		p.second.stop()
		am := plants("")[0]
		p.beatsOf(5*time.Minute, am)
		p.beatOf(am)
		p.a.mu.Lock()
		p.a.replicas["another"] = heard{lease.Beat{Heartbeats: map[string]lease.Heartbeat{
			"": {Age: time.Second, Source: state.NewSource(am.url, am.since)},
		}}, time.Now()}
		p.a.mu.Unlock()
		am.cluster, am.since = "tokyo", time.Now()
		p.beatsOf(20*time.Minute, am)
		p.expect(person)
		if got := p.heartbeatsOf(); !slices.Equal(got, []string{"tokyo"}) {
			t.Errorf("there are heartbeats of %q", got)
		}
		p.second.start()
	})
}

// The shared database keeps the heartbeats of a replica that stopped long ago. Its
// clusters are not expected.
func TestAReplicaThatStoppedLongAgo(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		p.world.restart()
		p.second.stop()
		all := plants("tokyo")
		p.beatsOf(5*time.Minute, all...)
		p.a.mu.Lock()
		p.a.replicas["stopped"] = heard{lease.Beat{Heartbeats: map[string]lease.Heartbeat{"osaka": {Age: time.Hour}}}, time.Now()}
		p.a.mu.Unlock()
		p.beatsOf(20*time.Minute, all...)
		p.expect(person)
		if got := p.heartbeatsOf(); !slices.Equal(got, []string{"tokyo"}) {
			t.Errorf("there are heartbeats of %q", got)
		}
		p.second.start()
	})
}

// The receivers of the alerts have the name of the cluster, and that of the
// heartbeats has none, or the other way round.
func TestOnlyOneOfTheURLsHasTheName(t *testing.T) {
	for name, c := range map[string]struct{ beats, alerts string }{"alerts": {"", "tokyo"}, "heartbeats": {"tokyo", ""}} {
		t.Run(name, func(t *testing.T) {
			inClusters(t, func(w *world) {
				am, start := alertmanager{url: "http://a", priority: "P0", foreign: true}, time.Now()
				w.beatsOf(5*time.Minute, plants(c.beats)[0])
				w.from(c.alerts, am.payload(am.firing("redis", start)))
				w.after(5 * time.Minute)
				w.from(c.alerts, am.payload(am.resolved("redis", start, time.Now())))
				w.after(time.Minute)
				if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[0].Text, "redis, no longer evaluated") {
					t.Errorf("the chat shows %v", m)
				}
			})
		})
	}
}

// The first replica gets heartbeats under a new name. The other one, which received
// some under the former name, misses none of those when it takes over.
func TestReplicasLearnTheNewName(t *testing.T) {
	for name, former := range map[string]string{"from none": "", "from another": "seoul"} {
		t.Run(name, func(t *testing.T) {
			asPair(t, "7", func(p *pair) {
				for _, w := range p.both() {
					w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
					w.restart()
				}
				am := plants(former)[0]
				p.second.beatsOf(5*time.Minute, am)
				p.beatsOf(5*time.Minute, am)
				am.cluster = "tokyo"
				p.beatsOf(10*time.Minute, am)
				p.stop()
				p.second.beatsOf(20*time.Minute, am)
				p.expect(person)
				if got := p.second.heartbeatsOf(); !slices.Equal(got, []string{"tokyo"}) {
					t.Errorf("there are heartbeats of %q", got)
				}
				p.start()
			})
		})
	}
}

// Many names of clusters are bounded, and so is the chat.
func TestTooManyClusters(t *testing.T) {
	inClusters(t, func(w *world) {
		var names []string
		for i := range 1000 {
			names = append(names, fmt.Sprintf("cluster-%04d", i))
		}
		w.beatsOf(time.Minute, plants(names...)...)
		if n := len(w.heartbeatsOf()); n != 200 {
			t.Errorf("there are heartbeats of %d clusters", n)
		}
		if n := strings.Count(w.logs.String(), "heartbeats of too many clusters"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		w.after(10 * time.Minute)
		if n := len(w.bot.Messages(person)); n == 0 || n > 40 {
			t.Errorf("the chat shows %d messages", n)
		}
	})
}

// A hostile name of a cluster is shown as a text.
func TestAHostileNameOfACluster(t *testing.T) {
	for _, name := range []string{"<b>x</b>&amp;", "a\nb\n  - c", strings.Repeat("서", 100), "\x00\xff\u202e", "=\"'\\{}"} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			inClusters(t, func(w *world) {
				p := plants(name)[0]
				w.beatsOf(5*time.Minute, p)
				w.restart()
				w.after(5 * time.Minute)
				if m := w.bot.Messages(person); len(m) != 1 || strings.Count(m[0].Text, "\n  - ") != 1 {
					t.Fatalf("the chat shows %v", m)
				}
				w.beatsOf(time.Minute, p)
				if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
					t.Errorf("the chat shows %v", m)
				}
			})
		})
	}
}

// A cluster that was removed is missed for seven days, if another one works.
func TestARemovedClusterIsForgotten(t *testing.T) {
	const day = 24 * time.Hour
	inClusters(t, func(w *world) {
		all := plants("tokyo", "seoul")
		stopped := func(d time.Duration) {
			w.stop()
			w.after(d)
			w.start()
			w.beatsOf(5*time.Minute, all[1])
		}
		w.beatsOf(5*time.Minute, all...)
		w.beatsOf(5*time.Minute, all[1])
		stopped(3 * day)
		am, start := alertmanager{url: "http://a", priority: "P3"}, time.Now()
		if status := w.request(api.NotifyPath(api.None, "tokyo"), am.payload(am.firing("redis", start))); status != 200 {
			t.Fatalf("answered %d", status)
		}
		stopped(5 * day) // seven days after the alert, but not after the notification
		w.expect(person, "1 🚨 P0: Alerting is blind ["+missingFrom("tokyo")+"]")
		stopped(3 * day)
		const over = "PipelineBlind: nothing came from the cluster tokyo for 7 days: its heartbeats are no longer expected"
		m := w.bot.Messages(person)
		if len(m) != 2 || !strings.Contains(m[1].Text, over) || !m[1].Silent {
			t.Fatalf("the chat shows %v", m)
		}
		if got := w.heartbeatsOf(); !slices.Equal(got, []string{"seoul"}) {
			t.Errorf("there are heartbeats of %q", got)
		}
		stopped(day)
		w.after(5 * time.Minute)
		w.stop()
		w.after(30 * day) // the last one is expected for ever
		w.start()
		w.after(2 * time.Hour)
		if m = w.bot.Messages(person); len(m) != 3 || !strings.Contains(m[2].Text, missingFrom("seoul")) {
			t.Fatalf("the chat shows %v", m)
		}
		w.beatsOf(5*time.Minute, all...) // and tokyo is expected anew
		w.beatsOf(5*time.Minute, all[1])
		if m = w.bot.Messages(person); len(m) != 5 || !strings.Contains(m[4].Text, missingFrom("tokyo")) {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// What one replica forgets, the other does not miss.
func TestReplicasForgetACluster(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		for _, w := range p.both() {
			w.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
			w.restart()
		}
		all := plants("tokyo", "seoul")
		p.second.beatsOf(5*time.Minute, all...)
		p.beatsOf(5*time.Minute, all[1])
		p.second.stop()
		p.stop()
		p.after(7 * 24 * time.Hour)
		p.start()
		p.beatsOf(5*time.Minute, all[1])
		p.second.start()
		p.beatsOf(time.Minute, all[1])
		if m := p.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "no longer expected") {
			t.Fatalf("the chat shows %v", m)
		}
		p.stop()
		p.second.beatsOf(10*time.Minute, all[1])
		p.start()
		p.second.stop()
		p.beatsOf(10*time.Minute, all[1])
		p.second.start()
		if m := p.bot.Messages(person); len(m) != 2 {
			t.Errorf("the chat shows %v", m)
		}
		for i, w := range p.both() {
			if got := w.heartbeatsOf(); !slices.Equal(got, []string{"seoul"}) {
				t.Errorf("replica %d has heartbeats of %q", i, got)
			}
		}
	})
}
