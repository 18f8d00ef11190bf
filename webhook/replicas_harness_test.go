package webhook_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
)

// shared is the store of replicas, in memory and in fake time. The tests of
// package lease and the end-to-end tests use the real one.
type shared struct {
	mu       sync.Mutex
	journal  []lease.Event
	replicas map[string]heard
	holder   string
	until    time.Time
	changed  chan struct{}
	unnamed  time.Time // the newest heartbeat at a replica of an earlier version
}

type heard struct {
	lease.Beat
	at time.Time
}

// access is one replica's way to it.
type access struct {
	*shared
	away   bool
	locked time.Duration // the time that a migration waits for a lock
}

var errAway = errors.New("away")

func (a *access) do(f func()) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return errAway
	}
	f()
	return nil
}

func (a *access) set(away bool) { a.mu.Lock(); defer a.mu.Unlock(); a.away = away }

func (a *access) Migrate(ctx context.Context) error {
	if a.locked > 0 { // the race detector can crash on two fake timers that have expired
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(a.locked):
		}
	}
	return a.do(func() {})
}

// give gives the lease to the other replica.
func (a *access) give() error {
	return a.do(func() {
		for name := range a.replicas {
			if name != a.holder {
				a.holder, a.until = name, time.Now().Add(lease.TTL)
				return
			}
		}
	})
}

func (a *access) Beat(_ context.Context, b lease.Beat) (s lease.Standing, err error) {
	err = a.do(func() {
		now := time.Now()
		a.replicas[b.Replica] = heard{b, now}
		switch {
		case !b.Wants && a.holder == b.Replica:
			a.holder = ""
		case b.Wants && (a.holder == "" || a.holder == b.Replica || a.until.Before(now)):
			a.holder, a.until = b.Replica, now.Add(lease.TTL)
			s.Held = true
		}
		s.Journal, s.Last, s.Heartbeats = 1, int64(len(a.journal)), map[string]lease.Heartbeat{}
		if !a.unnamed.IsZero() {
			s.Unnamed = now.Sub(a.unnamed)
		}
		for name, h := range a.replicas {
			for cluster, beat := range h.Heartbeats {
				beat.Age += now.Sub(h.at)
				if before, known := s.Heartbeats[cluster]; !known || beat.Age < before.Age {
					s.Heartbeats[cluster] = beat
				}
			}
			if name != b.Replica && now.Sub(h.at) < lease.TTL {
				s.Peers = append(s.Peers, lease.Peer{Replica: name, Chats: h.Chats, Behind: h.Behind, Failing: h.Failing})
			}
		}
	})
	return s, err
}

func (a *access) Push(_ context.Context, events []lease.Event) error {
	return a.do(func() {
		for _, e := range events {
			if slices.ContainsFunc(a.journal, func(x lease.Event) bool { return x.Replica == e.Replica && x.Seq == e.Seq }) {
				continue
			}
			e.ID = int64(len(a.journal) + 1)
			a.journal = append(a.journal, e)
		}
		close(a.changed)
		a.changed = make(chan struct{})
	})
}

func (a *access) Pull(_ context.Context, self string, after int64) (events []lease.Event, upTo int64, err error) {
	err = a.do(func() {
		upTo = int64(len(a.journal))
		for _, e := range a.journal[after:] {
			if e.Replica != self {
				events = append(events, e)
			}
		}
	})
	return events, upTo, err
}

func (a *access) Prune(context.Context, time.Time) error { return a.do(func() {}) }

func (a *access) Listen(ctx context.Context, added func()) error {
	for {
		var changed chan struct{}
		if err := a.do(func() { changed = a.changed }); err != nil {
			return err
		}
		select {
		case <-changed:
			added()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pair is two replicas of one bot.
type pair struct {
	*world // the first, which holds the lease
	second *world
	a, b   *access
}

func (p *pair) both() []*world { return []*world{p.world, p.second} }

// asPair runs a test with two replicas, in fake time. No message may be
// delivered twice, except those that the test expects.
func asPair(t *testing.T, chats string, f func(*pair)) {
	spool := t.TempDir() + "/second.db"
	inWorld(t, chats, func(w *world) {
		s := &shared{replicas: map[string]heard{}, changed: make(chan struct{})}
		p := &pair{world: w, second: newWorld(w.t, chats, spool), a: &access{shared: s}, b: &access{shared: s}}
		p.second.bot = w.bot
		p.second.config.Transports = w.config.Transports
		w.config.Replicas, p.second.config.Replicas = p.a, p.b
		w.restart()
		w.after(10 * time.Second)
		p.second.start()
		defer func() { p.second.stop() }()
		w.after(10 * time.Second)
		f(p)
	})
}
