package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// leavingOut returns a notification of which Alertmanager left out alerts.
func leavingOut(t *testing.T, n int, body []byte) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	m["truncatedAlerts"] = n
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Two clusters have equal alerts in groups with equal keys. Each has messages,
// reminders and ends of its own.
func TestClustersShareNoGroup(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		w.from("tokyo", am.payload(am.firing("redis", start)))
		w.from("seoul", leavingOut(t, 2, am.payload(am.firing("redis", start))))
		w.after(time.Minute)
		w.expect(person, open+" edited", "2 🚨 P0: Preflight [Database: redis]")
		for i, cluster := range []string{"tokyo", "seoul"} {
			if m := w.bot.Messages(person)[i]; !strings.Contains(m.Text, "\nLabels: cluster="+cluster+"\n") {
				t.Errorf("the cluster is not named in\n%s", m.Text)
			}
		}
		if m := w.bot.Messages(person); strings.Contains(m[0].Text, "left out") || !strings.Contains(m[1].Text, "2 more") {
			t.Errorf("the chat shows %v", m)
		}
		w.after(time.Hour)
		w.from("tokyo", am.payload(am.firing("redis", start)))
		w.after(time.Minute)
		w.from("seoul", am.payload(am.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		w.expect(person, open+" edited",
			"2 ✅ P0: Preflight (resolved after 1h 2m) [✅ Database: redis, resolved after 1h 2m] edited",
			"3 🚨 P0: Preflight (still firing after 1h 1m) [Database: redis]",
			"4 ✅ P0 resolved: Preflight [Database: redis, resolved after 1h 2m] silent reply to 2")
		w.from("tokyo", am.payload(am.resolved("redis", start, time.Now())))
		w.after(time.Minute)
		m := w.bot.Messages(person)
		for i, cluster := range []string{"tokyo", "seoul", "tokyo", "seoul", "tokyo"} {
			if !strings.Contains(m[i].Text, "cluster="+cluster) {
				t.Errorf("the cluster is not named in\n%s", m[i].Text)
			}
		}
		if len(m) != 5 || m[4].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") || !strings.HasPrefix(m[2].Text, "✅") {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// The URLs of the receivers get the name of the cluster, or lose it, while an
// alert fires: in one Alertmanager of a pair before the other, and after a
// restart of Prometheus.
func TestAClusterGetsAName(t *testing.T) {
	type report struct{ cluster, url string }
	for name, c := range map[string]struct {
		reports []report
		anew    bool // each report has another start
	}{
		"one Alertmanager":             {[]report{{"", "a"}, {"main", "a"}}, false},
		"and Prometheus is restarted":  {[]report{{"", "a"}, {"main", "a"}, {"main", "a"}}, true},
		"a pair":                       {[]report{{"", "a"}, {"main", "b"}, {"", "a"}, {"main", "a"}}, false},
		"taken back":                   {[]report{{"main", "a"}, {"", "a"}}, false},
		"taken back in half of a pair": {[]report{{"main", "a"}, {"", "b"}, {"main", "a"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				start := time.Now()
				for i, r := range c.reports {
					am := alertmanager{url: r.url, priority: "P0"}
					if i > 0 && c.anew {
						start = time.Now()
					}
					w.from(r.cluster, am.payload(am.firing("redis", start)))
					w.after(10 * time.Second)
				}
				w.expect(person, open)
				last := c.reports[len(c.reports)-1]
				am := alertmanager{url: last.url, priority: "P0"}
				w.from(last.cluster, am.payload(am.resolved("redis", start, time.Now())))
				w.after(10 * time.Second)
				late := c.reports[0] // evaluated before the end
				am.url = late.url
				w.from(late.cluster, am.payload(evaluated(am.firing("redis", start), start)))
				w.after(10 * time.Minute)
				if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") {
					t.Errorf("the chat shows %v", m)
				}
			})
		})
	}
}

// A cluster without a name is another one, if its alerts come from other
// Alertmanagers and have other starts.
func TestAnUnnamedClusterIsNotANamedOne(t *testing.T) {
	for name, clusters := range map[string][]string{"unnamed first": {"", "seoul"}, "named first": {"seoul", ""}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am, start := []alertmanager{{url: "a", priority: "P0"}, {url: "b", priority: "P0"}}, time.Now()
				for i, cluster := range clusters {
					w.from(cluster, am[i].payload(am[i].firing("redis", start.Add(time.Duration(i)*time.Millisecond))))
					w.after(10 * time.Second)
				}
				w.expect(person, open, "2 🚨 P0: Preflight [Database: redis]")
				w.from(clusters[1], am[1].payload(am[1].resolved("redis", start.Add(time.Millisecond), time.Now())))
				w.after(time.Minute)
				if m := w.bot.Messages(person); len(m) != 3 || m[2].ReplyTo != 2 || strings.HasPrefix(m[0].Text, "✅") {
					t.Errorf("the chat shows %v", m)
				}
			})
		})
	}
}

// A replica without the name in its Alertmanager's configuration, and one with
// it, deliver the alert once.
func TestReplicasOfWhichOneKnowsTheName(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		p.from("", am.payload(am.firing("redis", start)))
		p.second.from("main", am.payload(am.firing("redis", start)))
		p.after(time.Minute)
		p.expect(person, open)
		p.stop()
		p.second.from("main", am.payload(am.resolved("redis", start, time.Now())))
		p.after(time.Minute)
		p.start()
		p.after(time.Minute)
		if m := p.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Errorf("the chat shows %v", m)
		}
		for i, w := range p.both() {
			if h := w.history(); len(h) != 1 || h[0].EndsAt == nil {
				t.Errorf("replica %d has %+v", i, h)
			}
		}
	})
}

// Two loud receivers repeat an alert minutes apart (continue: true). The chat gets
// one reminder each hour. When one receiver is removed, the other goes on.
func TestTwoReceiversMakeOneReminder(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		a, b := alertmanager{url: "http://a", priority: "P0", key: "a"}, alertmanager{url: "http://a", priority: "P0", key: "b"}
		start := time.Now()
		for range 5 {
			w.post(a.payload(a.firing("redis", start)), api.Loud)
			w.after(5 * time.Minute)
			w.post(b.payload(b.firing("redis", start)), api.Loud)
			w.after(55 * time.Minute)
		}
		if m := w.bot.Messages(person); len(m) < 4 || len(m) > 5 {
			t.Fatalf("the chat shows %v", m)
		}
		before := len(w.bot.Messages(person))
		for range 4 {
			w.after(5 * time.Minute)
			w.post(b.payload(b.firing("redis", start)), api.Loud)
			w.after(55 * time.Minute)
		}
		if m := w.bot.Messages(person); len(m) < before+3 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}
