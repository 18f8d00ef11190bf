package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"time"
)

const (
	loadTick = 100 * time.Millisecond
	// resendEvery is how often what fires is sent again; Prometheus does so
	// once a minute. What ended is sent again too, for resendEnded.
	resendEvery = 2 * time.Second
	resendEnded = 20 * time.Second
	// expire is when Alertmanager takes an alert for resolved that is not sent
	// again.
	expire = time.Minute
	// outstanding is how many alerts wait to be told at most. There is always
	// work, and the end of it is near.
	outstanding = 40
)

// oneAlert is one of those that the generator fires. Each has a name of its own.
type oneAlert struct {
	name, group, priority string
	starts, ends          time.Time // it ends then; never when zero
}

// load fires alerts and ends them, and sends them to every Alertmanager until
// it is stopped.
type load struct {
	run    *run
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	rng    *rand.Rand
	alerts []*oneAlert // still sent
	names  int
	groups int
	paused bool // fires nothing new
}

func newLoad(r *run) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{run: r, cancel: cancel, rng: rand.New(rand.NewPCG(r.Seed, 3))}
	l.done.Go(func() { l.generate(ctx) })
	for _, am := range r.managers {
		l.done.Go(func() { l.send(ctx, am) })
	}
	return l
}

func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}

// generate fires alerts as long as the chat keeps up.
func (l *load) generate(ctx context.Context) {
	for sleep(ctx, loadTick) == nil {
		l.mu.Lock()
		waiting := 0
		now := time.Now().Truncate(time.Millisecond) // as Prometheus's
		l.alerts = slices.DeleteFunc(l.alerts, func(a *oneAlert) bool {
			return !a.ends.IsZero() && now.Sub(a.ends) > resendEnded
		})
		for _, a := range l.alerts {
			if !l.run.telegram.asked(a.name) {
				waiting++
			}
		}
		for ; !l.paused && waiting < outstanding; waiting += l.fire(now) {
		}
		l.mu.Unlock()
	}
}

// fire begins a group of one to three alerts; most end within seconds.
func (l *load) fire(now time.Time) int {
	l.groups++
	group, priority := fmt.Sprintf("g%05d", l.groups), []string{"P0", "P0", "P1"}[l.rng.IntN(3)]
	n := 1 + l.rng.IntN(3)
	for range n {
		l.names++
		a := &oneAlert{
			name: fmt.Sprintf("t%05d", l.names), group: group, priority: priority,
			starts: now.Add(time.Duration(l.rng.IntN(1000)) * time.Millisecond),
		}
		if l.rng.IntN(30) > 0 {
			a.ends = a.starts.Add(between(l.rng, 200*time.Millisecond, 6*time.Second))
		}
		l.alerts = append(l.alerts, a)
	}
	return n
}

// finish fires nothing new, and returns the alerts that go on for ever.
func (l *load) finish() (firing []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = true
	for _, a := range l.alerts {
		if a.ends.IsZero() {
			firing = append(firing, a.name)
		}
	}
	return firing
}

// send sends to one Alertmanager what changed, and all from time to time.
func (l *load) send(ctx context.Context, am *alertmanager) {
	sent := map[string]time.Time{}
	said := map[string]bool{} // whether its end was sent
	for sleep(ctx, loadTick) == nil {
		now := time.Now()
		var batch []any
		var names []string
		l.mu.Lock()
		for _, a := range l.alerts {
			ended := !a.ends.IsZero() && now.After(a.ends)
			if now.Before(a.starts) || now.Sub(sent[a.name]) < resendEvery && ended == said[a.name] {
				continue
			}
			batch, names = append(batch, a.payload(now)), append(names, a.name)
			said[a.name] = ended
		}
		l.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		if err := am.post(ctx, batch); err != nil {
			continue // it is away; all is sent again
		}
		for _, name := range names {
			sent[name] = now
		}
	}
}

// payload is the alert as Prometheus posts it.
func (a *oneAlert) payload(now time.Time) any {
	ends := now.Add(expire)
	if !a.ends.IsZero() && now.After(a.ends) {
		ends = a.ends
	}
	return map[string]any{
		"labels": map[string]string{
			"alertname": "Chaos", "priority": a.priority, "env": "paper", "group": a.group, "target": a.name,
		},
		"annotations": map[string]string{
			"title": "Chaos", "summary": "alert-" + a.name + ". <b>&amp;\"'\u202e🚨 مرحبا", "actions": "check `" + a.name + "`",
		},
		"startsAt": a.starts, "endsAt": ends, "generatorURL": "http://prometheus.example.com/graph",
	}
}

// named finds the alerts in a text by what their summaries say.
var named = regexp.MustCompile(`alert-(t[0-9]{5,})\.`)

func alertsIn(text string) (names []string) {
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}
