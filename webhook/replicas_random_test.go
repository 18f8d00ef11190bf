package webhook_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
)

// confusion is two replicas whose files change at random moments while alerts start and
// end at either of them.
type confusion struct {
	*pair
	rng   *rand.Rand
	begin time.Time
	open  map[string]time.Time // starts by the name
	all   []string
	trace strings.Builder
}

var confusedConfigs = [][]webhook.Receiver{{receiver("team", "7")}, {receiver("team", "7", "8")}, {receiver("team", "8")}, nil}

// Reloads, restarts and changes of the lease at random moments: no alert is lost, no
// chat shows one twice, and every message shows the end.
func TestReplicasWhoseFilesChangeAtRandom(t *testing.T) {
	for _, seed := range []uint64{1, 4, 9, 16} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			asPair(t, "-100", func(p *pair) {
				c := &confusion{pair: p, rng: rand.New(rand.NewPCG(seed, 1)), begin: time.Now(), open: map[string]time.Time{}}
				for _, w := range p.both() {
					w.config.LevelSounds = true
					w.reload("-100", confusedConfigs[0]...)
				}
				for range 25 {
					c.step()
					p.after(time.Duration(1+c.rng.IntN(90)) * time.Second)
				}
				p.after(time.Minute)
				for _, w := range p.both() {
					w.reload("-100", confusedConfigs[1]...)
				}
				p.after(time.Minute)
				for _, name := range c.all {
					c.end(name)
				}
				p.after(3 * time.Minute)
				c.judge()
			})
		})
	}
}

func (c *confusion) step() {
	switch k := c.rng.IntN(9); {
	case k < 3:
		name := fmt.Sprintf("t%02d.", len(c.all))
		c.all, c.open[name] = append(c.all, name), time.Now()
		c.post("start", name, func(am alertmanager) []byte { return am.payload(am.firing(name, c.open[name])) })
	case k < 5:
		for _, name := range c.all {
			if start, ok := c.open[name]; ok && time.Since(start) > 20*time.Second {
				c.end(name)
				return
			}
		}
	case k < 7:
		i, config := c.rng.IntN(2), c.rng.IntN(len(confusedConfigs))
		c.note("reload %d to %d", i, config)
		c.both()[i].reload("-100", confusedConfigs[config]...)
	case k == 7:
		c.note("the other one gets the lease")
		if err := c.a.give(); err != nil {
			c.t.Fatal(err)
		}
	default:
		i := c.rng.IntN(2)
		c.note("restart %d", i)
		c.both()[i].restart()
	}
}

func (c *confusion) end(name string) {
	start, ok := c.open[name]
	if !ok {
		return
	}
	now := time.Now()
	c.post("end", name, func(am alertmanager) []byte { return am.payload(am.resolved(name, start, now)) })
	delete(c.open, name)
}

// post posts to one of the replicas, or to both.
func (c *confusion) post(what, name string, body func(alertmanager) []byte) {
	am := team
	am.key = fmt.Sprintf("{}/{team=%q}:", name)
	k := c.rng.IntN(3)
	c.note("%s %s at %d", what, name, k)
	for i, w := range c.both() {
		if k == i || k == 2 {
			w.to("team", body(am))
		}
	}
}

func (c *confusion) note(format string, args ...any) {
	fmt.Fprintf(&c.trace, "%s "+format+"\n", append([]any{time.Since(c.begin).Round(time.Second)}, args...)...)
}

func (c *confusion) judge() {
	for _, name := range c.all {
		shown := 0
		for _, chat := range []int64{person, another, group} {
			starts, firing := 0, 0
			for _, m := range c.bot.Messages(chat) {
				if !strings.Contains(m.Text, name) {
					continue
				}
				if !strings.Contains(m.Text, "resolved:") {
					starts++
				}
				if strings.HasPrefix(m.Text, "🚨") {
					firing++
				}
			}
			if shown += starts; starts > 1 || firing > 0 {
				c.t.Errorf("chat %d shows %s in %d messages, in %d as firing", chat, name, starts, firing)
			}
		}
		if shown == 0 {
			c.t.Errorf("no chat shows %s", name)
		}
	}
	c.nothingOpen()
	if c.t.Failed() {
		c.t.Log(c.trace.String())
	}
}
