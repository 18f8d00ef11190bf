package webhook

import (
	"errors"
	"time"
)

// The names of the facts about the last time that alerting was blind.
const (
	blindFirst = "blind_first_at"
	blindFrom  = "blind_from"
	blindTo    = "blind_to"
)

// sight is what is known of when Prometheus evaluated its rules.
//
// An alert that Prometheus stops sending again ends in Alertmanager all the
// same, four resend delays after it was sent last, and Alertmanager tells that
// like any end. What tells the two apart is when it ended: a resolution has the
// time of an evaluation, so one is known of that was not long before; an alert
// that expired was sent last by an evaluation long before its end.
//
// Times are Prometheus's own, so they compare whatever the clocks say.
type sight struct {
	timeout time.Duration // without an evaluation until alerting is blind; 0 for never
	seen    time.Time     // the newest evaluation; the zero time for not known
	outage
}

// outage is the last time that alerting was blind; zero for never. One that
// begins before what another left open is closed goes on with it.
type outage struct {
	first time.Time // the last evaluation before it
	from  time.Time // the last evaluation before its last part
	to    time.Time // the first evaluation after it
}

// reach is how long after an evaluation an end can still be a resolution. By
// default that is 2m: an alert of a group that is evaluated once a minute, the
// worst case, is sent every 2m and expires after 4m.
func (v sight) reach() time.Duration { return v.timeout * 4 / 5 }

// expired is how long after the last known evaluation all has expired that was
// sent before the outage: by default 6m15s, as what Alertmanager handed on last
// may be over a minute old.
func (v sight) expired() time.Duration { return v.timeout * 5 / 2 }

// grace is how long after an outage all that still fires has been sent again:
// by default 7m30s. What waits for its "for" anew after a restart of Prometheus
// is included, as long as that is not longer than some 6m.
func (v sight) grace() time.Duration { return 3 * v.timeout }

// silentEnd reports whether an alert that began last at a time and is said to
// have ended at another may only have expired.
func (v sight) silentEnd(began, ended time.Time) bool {
	return v.unseen(ended) || v.lostSight(began) && (ended.Before(v.to) || ended.Sub(v.from) < v.expired()) && ended.Sub(v.first) >= v.reach()
}

// silentStart reports whether an alert that began last at a time and is said to
// have begun anew at another may only have been lost sight of in between.
func (v sight) silentStart(began, anew time.Time) bool {
	return v.unseen(anew) || v.lostSight(began) && anew.Sub(v.to) < v.grace() && anew.Sub(v.first) >= v.reach()
}

// unseen reports whether no evaluation near a time is known of.
func (v sight) unseen(t time.Time) bool {
	return v.timeout > 0 && !v.seen.IsZero() && t.Sub(v.seen) >= v.reach()
}

// lostSight reports whether what began at a time began before the outage. The
// last evaluation may have been somewhat later than the last known one; the
// first one afterwards is later by more.
func (v sight) lostSight(began time.Time) bool {
	return v.timeout > 0 && !v.from.IsZero() && began.Sub(v.from) < v.timeout
}

// settledFrom returns when what is not heard of by then has ended; false while
// alerting is blind, or about to be.
func (v sight) settledFrom(now time.Time) (time.Time, bool) {
	if v.timeout == 0 || v.seen.IsZero() {
		return time.Time{}, true
	}
	if v.unseen(now) {
		return time.Time{}, false
	}
	if v.from.IsZero() {
		return time.Time{}, true
	}
	return v.to.Add(v.grace()), true
}

// see takes in a newer evaluation, and reports whether there was an outage
// before it. That nothing arrived while nobody could receive it, before up, is
// none, unless it is otherwise known that alerting was blind.
func (v *sight) see(t, up time.Time, blind bool) bool {
	last := v.seen
	v.seen = t
	if v.timeout == 0 || last.IsZero() || t.Sub(last) < v.timeout || !blind && t.Sub(later(last, up)) < v.timeout {
		return false
	}
	if v.from.IsZero() || last.Sub(v.to) >= v.grace() {
		v.first = last
	}
	v.from, v.to = last, t
	return true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lastSeen returns the newest evaluation that is known of. It is the zero time
// for a replica on its own that the watchdog does not come to.
func (s *Service) lastSeen() time.Time {
	own, elsewhere := *s.watchdog.Load(), *s.elsewhere.Load()
	if elsewhere.After(own) && s.turns.alone() {
		return time.Time{}
	}
	return later(own, elsewhere)
}

// sight completes what is known in a transaction.
func (s state) sight() (v sight, err error) {
	v.timeout, v.seen = s.timeout, s.seen
	v.outage, err = readOutage(s.tx)
	return v, err
}

func readOutage(tx *txn) (o outage, err error) {
	for name, t := range map[string]*time.Time{blindFirst: &o.first, blindFrom: &o.from, blindTo: &o.to} {
		if *t, err = fact(tx, name); err != nil {
			return o, err
		}
	}
	return o, nil
}

func setOutage(tx *txn, o outage) error {
	return errors.Join(setFact(tx, blindFirst, o.first), setFact(tx, blindFrom, o.from), setFact(tx, blindTo, o.to))
}
