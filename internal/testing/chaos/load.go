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
	// resendEvery is the interval at which firing alerts are posted again;
	// Prometheus uses one minute. Resolved alerts are posted again for
	// resendResolved.
	resendEvery    = 2 * time.Second
	resendResolved = 20 * time.Second
	// expire is the time after which Alertmanager resolves an alert that is no
	// longer posted.
	expire = time.Minute
	// outstanding is the highest number of alerts that wait for delivery. It
	// keeps the webhook busy and the final wait short.
	outstanding = 40
)

// oneAlert is a generated alert with a unique name.
type oneAlert struct {
	name, group, priority string
	starts, ends          time.Time // ends is when it is resolved; zero means never
}

// load fires and resolves alerts, and posts them to every Alertmanager until it
// is stopped.
type load struct {
	run    *run
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	rng    *rand.Rand
	alerts []*oneAlert // still posted
	names  int
	groups int
	paused bool // starts no new alert
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

// generate starts new alerts as long as the chat keeps up.
func (l *load) generate(ctx context.Context) {
	for sleep(ctx, loadTick) == nil {
		l.mu.Lock()
		waiting := 0
		now := time.Now().Truncate(time.Millisecond) // Prometheus's precision
		l.alerts = slices.DeleteFunc(l.alerts, func(a *oneAlert) bool {
			return !a.ends.IsZero() && now.Sub(a.ends) > resendResolved
		})
		for _, a := range l.alerts {
			if slices.ContainsFunc(l.run.services(), func(s *chatServer) bool { return !s.called(a.name) }) {
				waiting++
			}
		}
		for ; !l.paused && waiting < outstanding; waiting += l.fire(now) {
		}
		l.mu.Unlock()
	}
}

// fire starts a group of one to three alerts. Most are resolved within seconds.
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

// finish stops new alerts and returns the alerts that never resolve.
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

// send posts each change to one Alertmanager, and everything from time to time.
func (l *load) send(ctx context.Context, am *alertmanager) {
	sent := map[string]time.Time{}
	resolved := map[string]bool{} // alerts whose resolution was posted
	for sleep(ctx, loadTick) == nil {
		now := time.Now()
		var batch []any
		var names []string
		l.mu.Lock()
		for _, a := range l.alerts {
			over := !a.ends.IsZero() && now.After(a.ends)
			if now.Before(a.starts) || now.Sub(sent[a.name]) < resendEvery && over == resolved[a.name] {
				continue
			}
			batch, names = append(batch, a.payload(now)), append(names, a.name)
			resolved[a.name] = over
		}
		l.mu.Unlock()
		if len(batch) == 0 {
			continue
		}
		if err := am.post(ctx, batch); err != nil {
			continue // it is down; a later round posts everything again
		}
		for _, name := range names {
			sent[name] = now
		}
	}
}

// payload returns the alert as Prometheus posts it.
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

// named finds the names of alerts in a message: in their texts, or in the labels
// of those whose text is cut.
var named = regexp.MustCompile(`(?:alert-(t[0-9]{5,})\.|target=(t[0-9]{5,})\b)`)

func alertsIn(text string) (names []string) {
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		if name := m[1] + m[2]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
