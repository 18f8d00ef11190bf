package webhook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// kill continues with a copy of the spool as it is at this moment, as after a
// kill. Calls in progress reach Telegram.
func (w *world) kill(dir string) {
	w.t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(w.config.Spool + suffix)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "spool.db"+suffix), data, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	w.stop()
	w.config.Spool = filepath.Join(dir, "spool.db")
	w.start()
}

// Whenever the webhook is killed in a storm, each group is named, and none twice
// but by the call that was in progress.
func TestAKillInAStorm(t *testing.T) {
	for at := 10 * time.Second; at < 80*time.Second; at += 5300 * time.Millisecond {
		t.Run(at.String(), func(t *testing.T) {
			dir := t.TempDir()
			inWorld(t, "-100", func(w *world) {
				w.bot.Inject(fakebot.Fault{Late: 400 * time.Millisecond, Times: 1000})
				start := time.Now()
				w.flood("P0", "g", 40)
				w.after(18 * time.Second)
				w.flood("P0", "h", 5)
				w.flood("P1", "i", 5)
				for i := range 20 {
					am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i+10)}
					w.post(am.payload(am.resolved(am.key, start, time.Now())), api.Loud)
				}
				w.after(time.Until(start.Add(at)))
				w.kill(dir)
				w.after(10 * time.Minute)
				ambiguous := int(w.metric("preflight_webhook_deliveries_ambiguous_total"))
				for prefix, n := range map[string]int{"g": 40, "h": 5, "i": 5} {
					for i := range n {
						name := fmt.Sprintf("%s%03d", prefix, i)
						// Besides the messages about its end.
						if n := w.counted(group, name); n < 1 || n > 1+ambiguous {
							t.Errorf("%s is named %d times, ambiguous %d", name, n, ambiguous)
						}
					}
				}
				w.settled(0)
			})
		})
	}
}

// Another replica continues a storm: it names no group twice and forgets none.
func TestAReplicaContinuesAStorm(t *testing.T) {
	for _, at := range []time.Duration{5, 15, 40} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			asPair(t, "-100", func(p *pair) {
				start := time.Now()
				p.flood("P0", "g", 40)
				p.after(at*time.Second - time.Since(start))
				p.stop()
				p.second.flood("P0", "h", 3)
				p.after(3 * time.Minute)
				for prefix, n := range map[string]int{"g": 40, "h": 3} {
					for i := range n {
						if n := p.counted(group, fmt.Sprintf("%s%03d", prefix, i)); n != 1 {
							t.Errorf("%s%03d is named %d times", prefix, i, n)
						}
					}
				}
				for i := range 40 {
					am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i)}
					p.second.post(am.payload(am.resolved(am.key, start, time.Now())), api.Loud)
				}
				p.after(10 * time.Minute)
				p.second.settled(0)
				firing := 0
				for _, m := range p.bot.Messages(group) {
					firing += len(stillFiring.FindAllString(m.Text, -1))
				}
				if firing != 0 {
					p.dump(group)
					t.Errorf("%d messages show ended groups as firing", firing)
				}
				p.start()
			})
		})
	}
}

// Only the replica that delivers shows a storm.
func TestTheStormOfAnotherReplica(t *testing.T) {
	asPair(t, "-100", func(p *pair) {
		p.flood("P0", "g", 40)
		p.after(10 * time.Second)
		if err := p.a.give(); err != nil {
			t.Fatal(err)
		}
		p.after(10 * time.Second)
		if first, second := p.metric("preflight_webhook_storm"), p.second.metric("preflight_webhook_storm"); first != 0 || second != 1 {
			t.Errorf("the metrics show %v and %v", first, second)
		}
	})
}

// Another replica continues with an alert that flaps.
func TestAReplicaContinuesAFlappingAlert(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		p.flaps(am)
		p.stop()
		p.after(10 * time.Second)
		for range 2 {
			p.second.episode(am, "redis", 20*time.Second, 20*time.Second)
		}
		p.after(20 * time.Minute)
		p.expectSince(person, 13, "14 🚨 P0 again: Preflight (flaps, 11 times in 50s) [Database: redis] reply to 7",
			"15 🚨 P0 again: Preflight (flaps, 12 times in 1m 30s) [Database: redis] reply to 7",
			"16 ✅ P0 resolved: Preflight (flapped 12 times in 1m 50s) [Database: redis, resolved after 20s] silent reply to 7")
		p.second.settled(0)
		p.start()
	})
}

// Another replica continues with a group that flaps.
func TestAReplicaContinuesAFlappingGroup(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		am := alertmanager{url: "http://a", priority: "P0"}
		episode := func(w *world) {
			start := time.Now()
			w.post(am.payload(am.firing("postgres", start), am.firing("redis", start)), api.Loud)
			p.after(10 * time.Second)
			w.post(am.payload(am.resolved("postgres", start, time.Now()), am.resolved("redis", start, time.Now())), api.Loud)
			p.after(10 * time.Second)
		}
		for range 5 {
			episode(p.world)
		}
		if err := p.a.give(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			episode(p.second)
		}
		p.stop()
		p.after(20 * time.Minute)
		const both = "[Database: postgres; Database: redis]"
		p.expectSince(person, 7, "8 🚨 P0 again: Preflight (flaps, 5 times in 1m 20s) "+both+" reply to 7",
			"9 🚨 P0 again: Preflight (flaps, 6 times in 1m 40s) "+both+" reply to 7",
			"10 🚨 P0 again: Preflight (flaps, 7 times in 2m) "+both+" reply to 7",
			"11 ✅ P0 resolved: Preflight (flapped 7 times in 2m 10s) "+
				"[Database: postgres, resolved after 10s; Database: redis, resolved after 10s] silent reply to 7")
		p.second.settled(0)
		p.start()
	})
}
