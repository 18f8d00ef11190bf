package webhook

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// Heartbeat is a notification of the alert that always fires. It proves that the
// pipeline works.
type Heartbeat struct {
	// EvaluatedAt is when Prometheus last evaluated the alert, by its own
	// clock. If the alert has no such annotation, it is zero, and the time of
	// arrival counts.
	EvaluatedAt time.Time
	// Since is when the alert started to fire, as far as Alertmanager remembers.
	Since time.Time
}

// heartbeat returns the newest heartbeat of a notification. It returns false if
// no alert of the notification fires.
func heartbeat(p state.Payload) (h Heartbeat, ok bool) {
	for _, a := range p.Alerts {
		if a.Status != "firing" {
			continue
		}
		at, _ := state.Evaluated(a) // zero for a Watchdog of other rules
		if !ok || at.After(h.EvaluatedAt) {
			h, ok = Heartbeat{EvaluatedAt: at, Since: a.StartsAt}, true
		}
	}
	return h, ok
}

// heartbeats is the state of the heartbeats. A heartbeat counts from its receipt,
// if it reports an evaluation that no earlier one reported: Alertmanager repeats
// the alert while Prometheus is down. So no other clock is compared with the
// local one.
type heartbeats struct {
	started   time.Time
	beat      chan struct{}             // a heartbeat arrived
	beating   sync.Mutex                // held while one is stored
	last      evaluations               // guarded by beating
	evaluated atomic.Pointer[time.Time] // the newest evaluation that a heartbeat reported here, in Prometheus's clock
	own       atomic.Pointer[time.Time] // its receipt
	elsewhere atomic.Pointer[time.Time] // the receipt of the newest heartbeat at another replica
	connected atomic.Pointer[time.Time] // the time from which other replicas are followed; zero: not yet
	clock     clock
}

// evaluations are those that heartbeats reported.
type evaluations struct {
	newest time.Time
	// low is the newest of those before newest. It grows while the clock of a
	// Prometheus is behind, because it was set back or is that of another one.
	low   time.Time
	lowAt time.Time // since when only low grows
}

// take records an evaluation, and reports whether it is a new one.
func (e *evaluations) take(at, now time.Time, timeout time.Duration) bool {
	switch {
	case at.After(e.newest):
		e.newest, e.lowAt = at, time.Time{}
		return true
	case at.Equal(e.newest), !at.After(e.low):
		return false
	}
	e.low = at
	if e.lowAt.IsZero() {
		e.lowAt = now
	}
	if now.Sub(e.lowAt) >= timeout {
		e.newest, e.lowAt = at, time.Time{}
	}
	return true
}

// loadHeartbeats reads what earlier processes stored.
func (s *Service) loadHeartbeats() error {
	var h spool.Heartbeats
	if err := s.spool.Do(func(tx *spool.Tx) (err error) {
		h, err = tx.Heartbeats()
		return err
	}); err != nil {
		return err
	}
	now := time.Now()
	if h.Own.After(now) { // the clock was set back
		h.Own = now
	}
	if h.Elsewhere.After(now) {
		h.Elsewhere = now
	}
	s.last.newest = h.Evaluation
	s.evaluated.Store(&h.Evaluation)
	s.own.Store(&h.Own)
	s.elsewhere.Store(&h.Elsewhere)
	s.connected.Store(new(time.Time))
	s.showHeartbeat()
	return nil
}

// Heartbeat stores a heartbeat. One that reports no new evaluation changes
// nothing.
func (s *Service) Heartbeat(h Heartbeat) error {
	s.beating.Lock()
	defer s.beating.Unlock()
	now := time.Now()
	at := h.EvaluatedAt
	if at.IsZero() {
		at = now
	} else {
		s.clock.observe(at, now)
		s.metrics.offset.WithLabelValues().Set(s.clock.offset().Seconds())
	}
	before := s.last
	if !s.last.take(at, now, s.config.HeartbeatTimeout) {
		return nil
	}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		o, ended, err := s.observe(tx, before.newest, at, h.Since, now)
		if err == nil && ended && s.config.Replicas != nil {
			from := o.From.UnixMicro()
			_, err = tx.AppendEvent(now, state.EventOutage, state.OutageEvent{First: from, From: from, To: o.To.UnixMicro()})
		}
		return errors.Join(err, tx.SetHeartbeat(now, s.last.newest))
	}); err != nil {
		s.last = before
		return err
	}
	if s.awaits() {
		s.config.Log.Info("first heartbeat received: a missing one is noticed from now on")
	}
	newest := s.last.newest
	s.evaluated.Store(&newest)
	s.own.Store(&now)
	s.announceHeartbeat()
	return nil
}

// heartbeatElsewhere takes the age of the newest heartbeat at any replica.
func (s *Service) heartbeatElsewhere(age time.Duration, now time.Time) error {
	if age == 0 {
		return nil
	}
	at, old := now.Add(-age), *s.elsewhere.Load()
	if at.Sub(old) < time.Second {
		return nil
	}
	if err := s.spool.Do(func(tx *spool.Tx) error { return tx.SetHeartbeatElsewhere(at) }); err != nil {
		return err
	}
	s.elsewhere.Store(&at)
	s.announceHeartbeat()
	return nil
}

// observe stores the outage that ended with an evaluation, and reports whether
// there was one. The outage is stored before the evaluation, so that every
// reader of the evaluation also finds the outage.
func (s *Service) observe(tx *spool.Tx, before, at, since, now time.Time) (o state.Outage, ended bool, err error) {
	alert, err := tx.OwnAlert()
	if err != nil {
		return o, false, err
	}
	timeout, last := s.config.HeartbeatTimeout, state.Later(*s.own.Load(), *s.elsewhere.Load())
	if timeout == 0 || last.IsZero() || now.Sub(last) < timeout {
		return o, false, nil
	}
	// Before this process ran no heartbeat could arrive. If the Watchdog started
	// to fire after the last evaluation, it had stopped nevertheless.
	if alert == nil && !since.After(before) && now.Sub(state.Later(last, s.receivesSince())) < timeout {
		return o, false, nil
	}
	o = state.Outage{From: before, To: at, SeenAt: now}
	return o, true, tx.SetOutage(o)
}

// receivesSince returns the time from which this process could know of a
// heartbeat. Before its start, none could arrive here. Heartbeats at other
// replicas are known only while the shared database is connected.
func (s *Service) receivesSince() time.Time {
	if s.elsewhere.Load().After(*s.own.Load()) {
		return state.Later(s.started, *s.connected.Load())
	}
	return s.started
}

// dead reports whether heartbeats are missing.
func (s *Service) dead() bool { return s.unheard(s.receivesSince()) }

// unheard reports whether no heartbeat is known for long, counted from a time or
// later.
func (s *Service) unheard(from time.Time) bool {
	last, timeout := state.Later(*s.own.Load(), *s.elsewhere.Load()), s.config.HeartbeatTimeout
	return timeout > 0 && !last.IsZero() && time.Since(state.Later(last, from)) >= timeout
}

// lastEvaluation returns the newest known evaluation, in Prometheus's clock. It
// is zero for a replica that delivers alone and receives no heartbeat.
func (s *Service) lastEvaluation() time.Time {
	own, elsewhere := *s.own.Load(), *s.elsewhere.Load()
	switch {
	case !elsewhere.After(own):
		return *s.evaluated.Load()
	case s.holder.Alone():
		return time.Time{}
	default:
		return elsewhere.Add(s.clock.offset())
	}
}

func (s *Service) announceHeartbeat() {
	s.showHeartbeat()
	for _, wake := range []chan struct{}{s.beat, s.doubts} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (s *Service) showHeartbeat() {
	if last := state.Later(*s.own.Load(), *s.elsewhere.Load()); !last.IsZero() {
		s.metrics.heartbeat.WithLabelValues().Set(float64(last.UnixMicro()) / 1e6)
	}
}

// awaits reports whether the first heartbeat has yet to arrive.
func (s *Service) awaits() bool {
	return s.config.AwaitHeartbeat && s.own.Load().IsZero() && s.elsewhere.Load().IsZero()
}

// logAwaiting logs that an outage is not noticed yet.
func (s *Service) logAwaiting() {
	if s.config.HeartbeatTimeout > 0 && s.awaits() {
		s.config.Log.Warn("no heartbeat received yet: a missing one is noticed only after the first: route the alert Watchdog to this path", "path", api.WatchdogPath)
	}
}
