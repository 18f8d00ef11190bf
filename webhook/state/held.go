package webhook

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// held is a resolution that came while alerting was blind. It is believed when
// an evaluation turns up that can have made it; else the instance is closed
// some time after alerting sees again, unless it fires.
type held struct {
	Alert        template.Alert `json:"alert"`
	At           time.Time      `json:"at"` // its receipt
	By           string         `json:"by"` // the Alertmanager that told it
	Notification int64          `json:"notification"`
}

// silent reports whether what an alert of a notification says of the instance
// that fires may come from nothing but Prometheus's silence.
func (s state) silent(i *instance, n arrival, a template.Alert) (bool, error) {
	starts := a.Status == "firing"
	if i == nil || !i.firing() || n.GroupKey == watchdogGroup || starts && !a.StartsAt.After(i.began()) {
		return false, nil
	}
	if n.foreign {
		return n.silent[a.Fingerprint], nil
	}
	v, err := s.sight()
	if err != nil || starts {
		return err == nil && v.silentStart(i.began(), a.StartsAt), err
	}
	return v.silentEnd(i.began(), endOf(a, n.at)), nil
}

// endOf is when an alert ended.
func endOf(a template.Alert, received time.Time) time.Time {
	if a.EndsAt.IsZero() {
		return received
	}
	return a.EndsAt
}

// hold keeps a resolution in mind; the first one counts.
func (s state) hold(i *instance, n arrival, a template.Alert) error {
	if i.held == nil {
		i.held = &held{Alert: a, At: n.at, By: n.ExternalURL, Notification: n.id}
	}
	i.seenAt = n.at
	return s.update(i)
}

// resume notes that an instance that was lost sight of fires.
func (s state) resume(i *instance, n arrival, a template.Alert) error {
	s.fires(i, a.StartsAt)
	return s.confirm(i, n, a)
}

// fires drops what is held of an instance that is known to fire, since a time
// or for longer.
func (s state) fires(i *instance, since time.Time) {
	i.again = later(i.again, since)
	if i.held != nil {
		i.again = later(i.again, endOf(i.held.Alert, i.held.At))
	}
	// The spool keeps microseconds, and the same start is not to be a later one.
	i.again = i.again.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	i.held = nil
}

// release believes the resolution that is held.
func (s state) release(i *instance, now time.Time, foreign bool) error {
	if err := s.noteClosed(i.id, "", now); err != nil {
		return err
	}
	n := arrival{id: i.held.Notification, at: now, foreign: foreign}
	n.ExternalURL = i.held.By
	return s.end(i, n, i.held.Alert)
}

// review decides on what is held, as far as it can be now. It returns what was
// decided, and when there is more to decide, the zero time for when alerting
// sees again.
func (s state) review(now time.Time, asks bool) (done []*instance, next time.Time, err error) {
	list, err := queryInstances(s.tx, `WHERE i.held <> '' AND i.resolved_at IS NULL ORDER BY i.id`)
	if err != nil || len(list) == 0 {
		return nil, next, err
	}
	v, err := s.sight()
	if err != nil {
		return nil, next, err
	}
	settled, sees := v.settledFrom(now)
	for _, i := range list {
		switch {
		case !v.silentEnd(i.began(), endOf(i.held.Alert, i.held.At)):
			err = s.release(i, now, false)
		case !sees || asks: // Alertmanager says whether it fires
			continue
		case now.Before(settled):
			next = settled
			continue
		default:
			err = s.close(i, message.Blind, now, false)
		}
		if err != nil {
			return nil, next, err
		}
		done = append(done, i)
	}
	return done, next, nil
}

// review decides on the resolutions that are held.
func (s *Service) review() (next time.Time, err error) {
	if s.config.WatchdogTimeout > 0 && s.lastSeen().IsZero() {
		return next, nil // another replica may know more
	}
	var done []*instance
	err = s.spool.do(func(tx *txn) (err error) {
		done, next, err = s.state(tx).review(time.Now(), len(s.config.Alertmanagers) > 0)
		return err
	})
	if err != nil || len(done) == 0 {
		return next, err
	}
	for _, i := range done {
		if i.closed == "" {
			s.config.Log.Info("the resolution is believed: an evaluation is known that can have made it", "notification", i.notification, "group", i.group)
		} else {
			s.config.Log.Info("closed: it no longer fires since alerting sees again", "notification", i.notification, "group", i.group)
		}
	}
	s.pokeAll()
	if s.config.Replicas != nil {
		s.turns.wake()
	}
	return next, nil
}
