package webhook

import (
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// Heartbeat is a notification of the alert that always fires. It proves that the
// pipeline of a cluster works.
type Heartbeat struct {
	// Cluster is the name of the cluster of Alertmanagers, or "". The alerts of
	// a cluster are judged by its heartbeats.
	Cluster string
	// EvaluatedAt is when Prometheus last evaluated the alert, by its own
	// clock. If the alert has no such annotation, it is zero, and the time of
	// arrival counts.
	EvaluatedAt time.Time
	// Since is when the alert started to fire, as far as Alertmanager remembers.
	Since time.Time
	// ExternalURL is that of the Alertmanager.
	ExternalURL string
}

// heartbeat returns the newest heartbeat of a notification. It returns false if
// no alert of the notification fires.
func heartbeat(p state.Payload, cluster string) (h Heartbeat, ok bool) {
	for _, a := range p.Alerts {
		if a.Status != "firing" {
			continue
		}
		at, _ := state.Evaluated(a) // zero for a Watchdog of other rules
		if !ok || at.After(h.EvaluatedAt) {
			h, ok = Heartbeat{Cluster: cluster, EvaluatedAt: at, Since: a.StartsAt, ExternalURL: p.ExternalURL}, true
		}
	}
	return h, ok
}

// Heartbeat stores a heartbeat. One that reports no new evaluation changes
// nothing.
func (s *Service) Heartbeat(h Heartbeat) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	now, source := time.Now(), state.NewSource(h.ExternalURL, h.Since)
	name, former := s.naming(h.Cluster, source, now)
	if !s.room(name, former) {
		return nil
	}
	p, known := s.pulse(name)
	if former != nil {
		old, _ := s.pulse(*former)
		p = merge(p, old)
	}
	before, at := p, h.EvaluatedAt
	if at.IsZero() {
		at = now
	} else {
		p.clock = p.clock.observe(at, now)
	}
	if !p.take(at, now, s.present.timeout()) {
		return nil
	}
	p.own, p.source = now, source
	if err := s.spool.Do(func(tx *spool.Tx) error {
		if former != nil {
			if err := tx.RenameHeartbeats(*former, name); err != nil {
				return err
			}
		}
		o, err := s.ended(tx, name, former, before, h.Since, at, now)
		if err == nil && o != nil {
			err = s.storeOutage(tx, name, *o)
		}
		return errors.Join(err, tx.SetHeartbeat(p.stored(name)), tx.SetNewest(now, p.newest))
	}); err != nil {
		return err
	}
	s.logHeartbeat(name, former, known)
	s.set(name, p, former)
	s.announceHeartbeats()
	return nil
}

// logHeartbeat logs the first heartbeat of a cluster, unless it was expected before.
func (s *Service) logHeartbeat(cluster string, former *string, known bool) {
	switch {
	case s.present.timeout() == 0: // none is expected
	case former != nil:
		s.config.Log.Info("heartbeats have another cluster in their URL: they continue those of the former one", "cluster", cluster, "former", *former)
	case !known && (s.config.AwaitHeartbeat || cluster != ""):
		s.config.Log.Info("first heartbeat received: a missing one is noticed from now on", "cluster", cluster)
	}
}

// heartbeatsElsewhere takes the newest heartbeats that other replicas received. An
// old heartbeat of an unknown cluster does not count while another cluster is known:
// the cluster may have got another name since.
func (s *Service) heartbeatsElsewhere(standing lease.Standing, now time.Time) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	changed := false
	for cluster, h := range standing.Heartbeats {
		some, err := s.heartbeatElsewhere(cluster, h, now)
		if err != nil {
			return err
		}
		changed = changed || some
	}
	if standing.Unnamed > 0 {
		unnamed := lease.Heartbeat{Age: standing.Unnamed}
		all := s.pulses()
		if len(all) == 0 {
			all[""] = pulse{}
		}
		for cluster, p := range all {
			some, err := s.storeElsewhere(cluster, nil, p, unnamed, now)
			if err != nil {
				return err
			}
			changed = changed || some
		}
	}
	if changed {
		s.announceHeartbeats()
	}
	return nil
}

// heartbeatElsewhere takes the newest heartbeat of a cluster at any replica. It
// reports whether it is new.
func (s *Service) heartbeatElsewhere(cluster string, h lease.Heartbeat, now time.Time) (changed bool, err error) {
	if !now.Add(-h.Age).After(s.renamedAt(cluster)) {
		return false, nil
	}
	name, former := s.naming(cluster, h.Source, now)
	p, known := s.pulse(name)
	if !known && former == nil && len(s.pulses()) > 0 && h.Age >= s.present.timeout() || !s.room(name, former) {
		return false, nil
	}
	if former != nil {
		old, _ := s.pulse(*former)
		p = merge(p, old)
	}
	return s.storeElsewhere(name, former, p, h, now)
}

// storeElsewhere stores a heartbeat at another replica, unless it is known already.
func (s *Service) storeElsewhere(cluster string, former *string, p pulse, h lease.Heartbeat, now time.Time) (changed bool, err error) {
	at := now.Add(-h.Age)
	if at.Sub(p.elsewhere) < time.Second {
		return false, nil
	}
	p.elsewhere = at
	if p.elsewhere.After(p.own) && h.Source != (state.Source{}) {
		p.source = h.Source
	}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		if former != nil {
			if err := tx.RenameHeartbeats(*former, cluster); err != nil {
				return err
			}
		}
		return errors.Join(tx.SetHeartbeat(p.stored(cluster)), tx.SetNewestElsewhere(at))
	}); err != nil {
		return false, err
	}
	s.set(cluster, p, former)
	return true, nil
}

// ended returns the outage of a cluster that ended with an evaluation, or nil.
// Former is another name of the cluster, or nil.
func (s *Service) ended(tx *spool.Tx, cluster string, former *string, before pulse, since, at, now time.Time) (*state.Outage, error) {
	alerts, err := tx.OwnAlerts()
	if err != nil {
		return nil, err
	}
	reported := false
	for _, i := range alerts {
		of := i.Alert.Labels[api.Cluster]
		reported = reported || of == cluster || former != nil && of == *former
	}
	timeout, last := s.present.timeout(), before.last()
	if timeout == 0 || last.IsZero() || now.Sub(last) < timeout {
		return nil, nil
	}
	// Before this process ran no heartbeat could arrive. If the Watchdog started
	// to fire after the last evaluation, it had stopped nevertheless.
	if !reported && !since.After(before.newest) && now.Sub(state.Later(last, s.receivesSince(before))) < timeout {
		return nil, nil
	}
	return &state.Outage{From: before.newest, To: at, SeenAt: now}, nil
}

// storeOutage stores the outage of a cluster that ended. It is stored before the
// evaluation that ended it, so that every reader of the evaluation also finds the
// outage.
func (s *Service) storeOutage(tx *spool.Tx, cluster string, o state.Outage) error {
	if err := tx.SetOutage(&cluster, o); err != nil || s.config.Replicas == nil {
		return err
	}
	from := o.From.UnixMicro()
	_, err := tx.AppendEvent(o.SeenAt, state.EventOutage, state.OutageEvent{Cluster: &cluster, First: from, From: from, To: o.To.UnixMicro()})
	return err
}

// awaits reports whether the first heartbeat of any cluster has yet to arrive.
func (s *Service) awaits() bool { return s.config.AwaitHeartbeat && len(s.pulses()) == 0 }

// logAwaiting logs that an outage is not noticed yet.
func (s *Service) logAwaiting() {
	if s.present.timeout() > 0 && s.awaits() {
		s.config.Log.Warn("no heartbeat received yet: a missing one is noticed only after the first: route the alert Watchdog to this path", "path", api.WatchdogPath)
	}
}
