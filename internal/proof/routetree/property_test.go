package routetree_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/testing/alertmanager"
)

// The times of an experiment.
const (
	horizon = 4 * time.Hour
	drift   = horizon / time.Minute * alertmanager.MaxLatency // of the flushes of a group, at most
	trees   = 1000
	raced   = 100 // trees with the race detector
)

// starts are times near a change of the clock, a year, or an ordinary day.
var starts = []time.Time{
	time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC),
	time.Date(2026, 10, 3, 14, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 22, 0, 0, 0, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 3, 0, 0, 0, 0, time.UTC),
}

// experiment is a random tree with alerts that fire and are resolved.
type experiment struct {
	seed      uint64
	file      string
	retention time.Duration
	start     time.Time
	history   history
	claims    *claims
}

func newExperiment(seed uint64) (*experiment, error) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), unit: time.Minute}
	e := &experiment{seed: seed, file: g.file(), retention: alertmanager.Retention}
	if g.one(10) {
		e.retention = 17 * time.Minute
	}
	e.start = pick(g, starts).Add(time.Duration(g.IntN(24*60))*time.Minute + 500*time.Millisecond)
	var err error
	if e.claims, err = newClaims(e.file, e.retention); err != nil {
		return e, err
	}
	var alerts []model.LabelSet
	for len(alerts) < 8 {
		if a := g.alert(e.claims.values); !slices.ContainsFunc(alerts, a.Equal) {
			alerts = append(alerts, a)
		}
	}
	if err := e.claims.about(alerts); err != nil {
		return e, err
	}
	add := func(minute, alert int, fires bool) {
		// Each event has its own second, so that no flush is near its time.
		e.history = append(e.history, event{time.Duration(minute)*time.Minute + time.Duration(len(e.history))*time.Second, alert, fires})
	}
	for _, i := range []int{0, 1, 2, 3, 4} {
		add(0, i, true)
	}
	add(1+g.IntN(20), 5, true)
	add(30+g.IntN(20), 6, true)
	add(60+g.IntN(20), g.IntN(5), false)
	add(90+g.IntN(20), 6, false)
	add(130+g.IntN(20), 6, true)
	add(151, 7, true)
	return e, nil
}

// play runs the experiment in fake time.
func (e *experiment) play(t *testing.T) (out []alertmanager.Notification) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(e.start))
		a, err := alertmanager.Start(alertmanager.Options{Config: []byte(e.file), Retention: e.retention, Seed: e.seed + 1})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Stop()
		for _, x := range e.history {
			time.Sleep(time.Until(e.start.Add(x.after)))
			put := a.Resolve
			if x.fires {
				put = a.Fire
			}
			if err := put(e.claims.alerts[x.alert]); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Until(e.start.Add(horizon)))
		out = a.Notifications()
	})
	return out
}

// differences compares notifications with the claims.
func (e *experiment) differences(got []alertmanager.Notification, seen map[string]int) []string {
	var out []string
	for _, g := range e.claims.groups() {
		if g.twins {
			seen["group of twin routes"]++
			continue
		}
		r := run{claims: e.claims, group: g, start: e.start, history: e.history, until: horizon - time.Minute, tolerant: drift, seen: seen}
		for _, n := range got {
			if n.Receiver == g.receiver && n.GroupKey == g.key {
				r.got = append(r.got, n)
			}
		}
		if problem := r.differs(); problem != "" {
			out = append(out, problem)
		}
	}
	for _, n := range got {
		if !slices.ContainsFunc(e.claims.groups(), func(g *group) bool { return g.receiver == n.Receiver && g.key == n.GroupKey }) {
			out = append(out, fmt.Sprintf("%s got an unclaimed group: %v", n.Receiver, n))
		}
	}
	return out
}

// Random trees behave in the dispatcher and the notification pipeline of
// Alertmanager as the proof says.
func TestRandomTrees(t *testing.T) {
	n := trees
	if race {
		n = raced
	}
	seen := map[string]int{}
	for seed := range uint64(n) {
		e, err := newExperiment(seed)
		if err != nil {
			t.Fatalf("tree %d: %v\n%s", seed, err, e.file)
		}
		var problems []string
		for a := range e.claims.alerts {
			for b := range e.claims.alerts {
				if problem := e.claims.symbolic(a, b); problem != "" {
					problems = append(problems, problem)
				}
			}
		}
		problems = append(problems, e.differences(e.play(t), seen)...)
		if len(problems) > 0 {
			t.Errorf("tree %d:\n%s\nalerts %v\nhistory %v\n%s", seed, strings.Join(problems, "\n"), e.claims.alerts, e.history, e.file)
		}
	}
	t.Logf("%v", seen)
	for _, kind := range []string{
		"first", "changed", "some resolved", "all resolved", "all inhibited", "muted", "other repeat",
		"repeat exactly at the interval", "repeat one flush after the interval", "repeat after the retention",
	} {
		if seen[kind] == 0 {
			t.Errorf("no flush of the kind: %s", kind)
		}
	}
}
