// Package webhook receives Alertmanager's notifications and brings chats to the
// present state of the alerts.
//
// A notification is acknowledged when it is committed to the spool, a local
// database. From then on, no crash loses it. The service then applies it to the
// state: the instances of each alert, and what each chat shows of them. A
// worker for each chat compares the two and makes the most urgent call. So
// retries, twins of an Alertmanager pair, restarts and outages need no cases of
// their own: each chat shows the present state, once.
//
// The stages are packages, in this order: state decides, spool stores, history
// and lease copy to PostgreSQL, deliver calls the
// transports of the chats. Each calls only the
// packages before it. This package accepts notifications and wires the stages.
package webhook

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/template"
	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
)

// Service accepts notifications and delivers them.
type Service struct {
	config    Config
	spool     *spool.Spool
	metrics   *instruments
	workers   *deliver.Workers
	holder    *lease.Holder
	present   present
	setting   sync.Mutex // held while the settings change
	strangers strangers
	arrived   chan struct{} // the inbox has a notification
	doubts    chan struct{} // a resolution is held, or a heartbeat arrived
	draining  atomic.Bool
	parts     parts
	writable  writable
	asked     *rate.Limiter                  // questions whether it is ready
	exposed   atomic.Pointer[HandlerOptions] // of the HTTP interface that other hosts reach
	heartbeats
}

// Open opens the spool and continues where an earlier process stopped. The caller
// closes the service.
func Open(ctx context.Context, c Config) (*Service, error) {
	if c.Retention == 0 {
		c.Retention = 30 * 24 * time.Hour
	}
	if c.Drain == 0 {
		c.Drain = 10 * time.Second
	}
	s := &Service{config: c, arrived: make(chan struct{}, 1), doubts: make(chan struct{}, 1), holder: lease.NewHolder(), heartbeats: newHeartbeats()}
	s.parts.seed, s.asked = maphash.MakeSeed(), rate.NewLimiter(readyRate, readyRate)
	s.present.Store(newSettings(c.Settings))
	var err error
	if s.spool, _, err = spool.Open(ctx, c.Spool); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.spool.Close())
	}
	return s, nil
}

// load registers the metrics, makes the workers, and reads the stored state.
func (s *Service) load() (err error) {
	if s.workers, err = deliver.New(deliver.Options{
		Spool: s.spool, Holder: s.holder, Rates: s.config.Rates, Shares: s.config.Replicas != nil,
		Transport: func(name string) Transport { return s.present.Load().Transports[name] },
		Formatter: func(chat string) *message.Formatter { return s.present.Load().formatter(chat) },
		Registry:  s.config.Registry, Log: s.config.Log,
	}); err != nil {
		return err
	}
	if s.metrics, err = newInstruments(s.config.Registry, s.spool, s.present.chats, s.unprotected); err != nil {
		return err
	}
	s.spool.OnAside(s.countAside)
	s.showDurability()
	if err := s.spool.OnReplaced(s.seed); err != nil {
		return err
	}
	now := s.present.Load()
	if err := s.workers.SetChats(now.all(), now.chats); err != nil {
		return err
	}
	if err := errors.Join(s.workers.Recover(), s.spool.Do((*spool.Tx).Recopy)); err != nil {
		return err
	}
	return s.loadHeartbeats()
}

// applier returns access to the state in a transaction.
func (s *Service) applier(tx *spool.Tx) spool.Applier {
	return spool.Applier{
		Tx: tx, Chats: s.present.chats(), Rank: s.rank, Shares: s.config.Replicas != nil,
		Sources: s.sources,
	}
}

func (s *Service) scale() message.Scale { return s.present.Load().Formatter.Scale() }

func (s *Service) rank(labels template.KV) int { return s.scale().Of(labels).Rank }

// Run applies and delivers until the context is done, and returns when the
// calls in progress are finished. Notifications can be accepted before, during
// and after Run: they wait in the spool.
func (s *Service) Run(ctx context.Context) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if s.config.Replicas == nil {
		s.holder.HoldAlone(ctx)
	} else {
		defer s.share(ctx, hard)() // after the last call
	}
	s.logAwaiting()
	var group sync.WaitGroup
	group.Go(func() { s.workers.Run(ctx, hard) })
	group.Go(func() { s.applyAll(ctx) })
	group.Go(func() { s.watch(ctx) })
	group.Go(func() { s.verifyAll(ctx) })
	group.Go(func() { s.reviewAll(ctx) })
	if len(s.config.Alertmanagers) > 0 {
		group.Go(func() { s.reconcileAll(ctx) })
	}
	if s.config.Archive != nil {
		copier := history.Copier{
			Spool: s.spool, Archive: s.config.Archive, Retention: s.config.Retention, Log: s.config.Log,
			Label: func() string { return s.scale().Label }, Waiting: s.metrics.history,
		}
		group.Go(func() { copier.Run(ctx) })
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		s.draining.Store(true)
		drain := time.NewTimer(s.config.Drain)
		defer drain.Stop()
		select {
		case <-finished:
		case <-drain.C:
			cancel()
			<-finished
		}
	}
}

// share follows the other replicas and competes with them for the lease, until the
// caller calls the returned function.
func (s *Service) share(ctx, hard context.Context) (stop func()) {
	return lease.NewSharer(lease.Options{
		Spool: s.spool, Shared: s.config.Replicas, Holder: s.holder, Chats: s.present.chats, Rank: s.rank, Sound: s.soundFor,
		Retention: s.config.Retention, Log: s.config.Log,
		Heartbeats:          s.ownHeartbeats,
		HeartbeatsElsewhere: s.heartbeatsElsewhere,
		Connected:           func(now time.Time) { s.connected.Store(&now) },
		Failing:             s.workers.Failing,
		Followed:            s.followed,
		Granted:             s.wakeApply,
		State:               s.metrics.replica,
		Duplicates: func(chat string, n int) {
			s.metrics.duplicated.WithLabelValues(chat).Add(float64(n))
		},
	}).Start(ctx, hard)
}

// followed carries out what events of other replicas changed.
func (s *Service) followed(held bool) {
	s.workers.Wake()
	if held {
		s.wakeReview()
		s.wakeApply()
	}
}

// wakeReplicas lets the other replicas learn of a change soon.
func (s *Service) wakeReplicas() {
	if s.config.Replicas != nil {
		s.holder.Wake()
	}
}

// Close closes the spool. Nothing can be accepted after it.
func (s *Service) Close() error { return s.spool.Close() }

// sleepUntil waits for a time, and returns false if the context is done first.
func sleepUntil(ctx context.Context, t time.Time, wake <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-timer.C:
	}
	return true
}
