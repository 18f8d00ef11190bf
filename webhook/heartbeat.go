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
		at, err := time.Parse(time.RFC3339, a.Annotations[api.EvaluatedAt])
		if err != nil { // a Watchdog of other rules
			at = time.Time{}
		}
		if !ok || at.After(h.EvaluatedAt) {
			h, ok = Heartbeat{EvaluatedAt: at, Since: a.StartsAt}, true
		}
	}
	return h, ok
}

// heartbeats is the state of the heartbeats.
type heartbeats struct {
	started   time.Time
	beat      chan struct{}             // a heartbeat arrived
	beating   sync.Mutex                // held while one is stored
	own       atomic.Pointer[time.Time] // the newest evaluation that a heartbeat reported here
	elsewhere atomic.Pointer[time.Time] // the newest that a heartbeat reported to another replica
	connected atomic.Pointer[time.Time] // the time from which other replicas are followed; zero: not yet
}

// loadHeartbeats reads what earlier processes stored.
func (s *Service) loadHeartbeats() error {
	var own, elsewhere time.Time
	if err := s.spool.Do(func(tx *spool.Tx) (err error) {
		own, elsewhere, err = tx.Heartbeats()
		return err
	}); err != nil {
		return err
	}
	now := time.Now()
	if own.After(now) { // the clock was set back
		own = now
	}
	if elsewhere.After(now) {
		elsewhere = now
	}
	s.own.Store(&own)
	s.elsewhere.Store(&elsewhere)
	s.connected.Store(new(time.Time))
	s.showHeartbeat()
	return nil
}

// Heartbeat stores a heartbeat. A heartbeat without a newer evaluation changes
// nothing: Alertmanager repeats the alert while Prometheus is down.
func (s *Service) Heartbeat(h Heartbeat) error {
	s.beating.Lock()
	defer s.beating.Unlock()
	now := time.Now()
	at := h.EvaluatedAt
	if at.IsZero() || at.After(now) { // differing clocks must not hide a later outage
		at = now
	}
	if own := *s.own.Load(); !at.After(own) && !own.After(now) {
		return nil
	}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		o, ended, err := s.observe(tx, at, h.Since)
		if err == nil && ended && s.config.Replicas != nil {
			_, err = tx.AppendEvent(now, state.EventOutage, state.OutageEvent{First: o.First.UnixMicro(), From: o.From.UnixMicro(), To: o.To.UnixMicro()})
		}
		return errors.Join(err, tx.SetHeartbeat(at))
	}); err != nil {
		return err
	}
	if s.awaits() {
		s.config.Log.Info("first heartbeat received: a missing one is noticed from now on")
	}
	s.own.Store(&at)
	s.announceHeartbeat()
	return nil
}

// heartbeatElsewhere takes the age of the newest evaluation that a heartbeat
// reported to any replica.
func (s *Service) heartbeatElsewhere(age time.Duration, now time.Time) error {
	if age == 0 {
		return nil
	}
	at, old := now.Add(-age), *s.elsewhere.Load()
	if at.Sub(old) < time.Second {
		return nil
	}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		// The replica that received it announces an outage, which may arrive later.
		_, _, err := s.observe(tx, at, time.Time{})
		return errors.Join(err, tx.SetHeartbeatElsewhere(at))
	}); err != nil {
		return err
	}
	s.elsewhere.Store(&at)
	s.announceHeartbeat()
	return nil
}

// observe stores the outage that ended with an evaluation, and reports whether
// there was one. The outage is stored before the evaluation, so that every
// reader of the evaluation also finds the outage.
func (s *Service) observe(tx *spool.Tx, at, since time.Time) (o state.Outage, ended bool, err error) {
	e, err1 := s.applier(tx).Evaluations()
	alert, err2 := tx.OwnAlert()
	if err := errors.Join(err1, err2); err != nil {
		return o, false, err
	}
	// If the Watchdog started to fire after the last evaluation, it had stopped
	// before.
	if !e.Observe(at, s.receivesSince(), alert != nil || since.After(e.Last)) {
		return e.Outage, false, nil
	}
	return e.Outage, true, tx.SetOutage(e.Outage)
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

// lastEvaluation returns the newest known evaluation. It is zero for a replica that
// delivers alone and receives no heartbeat.
func (s *Service) lastEvaluation() time.Time {
	own, elsewhere := *s.own.Load(), *s.elsewhere.Load()
	if elsewhere.After(own) && s.holder.Alone() {
		return time.Time{}
	}
	return state.Later(own, elsewhere)
}

func (s *Service) announceHeartbeat() {
	s.showHeartbeat()
	select {
	case s.beat <- struct{}{}:
	default:
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
