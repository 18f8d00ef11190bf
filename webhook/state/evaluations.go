package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"
)

// Evaluations holds the known times of Prometheus's rule evaluations.
//
// An alert that Prometheus stops sending is resolved in Alertmanager all the
// same, four resend delays after Prometheus sent it last, and Alertmanager sends
// an ordinary resolution. Only the time of that resolution distinguishes the two. A
// real resolution has the time of an evaluation, so an evaluation shortly before
// it is known. An alert that expired was sent last by an evaluation long before
// its end.
//
// All times are Prometheus's own, so differing clocks do not matter.
type Evaluations struct {
	// Timeout is the time without an evaluation after which an outage is assumed;
	// 0 for never.
	Timeout time.Duration
	// Last is the newest known evaluation; zero for none.
	Last time.Time
	Outage
}

// Outage is the last time without a known evaluation; zero for never. An outage
// that begins before the consequences of the one before are settled continues it.
type Outage struct {
	First time.Time // the last evaluation before it
	From  time.Time // the last evaluation before its last part
	To    time.Time // the first evaluation after it
}

// reach is the longest time from an evaluation to the end of an alert that it
// resolved. The default is 2m: in the worst case, a group that is evaluated once
// a minute, an alert is sent every 2m and expires after 4m.
func (e Evaluations) reach() time.Duration { return e.Timeout * 4 / 5 }

// expiry is the time from the last known evaluation until every alert that was
// sent before an outage has expired. The default is 6m15s, because what
// Alertmanager last forwarded may be over a minute old.
func (e Evaluations) expiry() time.Duration { return e.Timeout * 5 / 2 }

// grace is the time after an outage in which Prometheus sends every alert that
// still fires. The default is 7m30s. That includes alerts that wait for their
// "for" again after a restart of Prometheus, up to about 6m.
func (e Evaluations) grace() time.Duration { return 3 * e.Timeout }

// NeedsEvaluations reports whether evaluations decide what an alert of a
// notification means for the newest instance.
func NeedsEvaluations(newest *Instance, a template.Alert, n Arrival) bool {
	return newest != nil && newest.Firing() && n.GroupKey != OwnGroup && (a.Status != "firing" || a.StartsAt.After(newest.StartedAt()))
}

// Unconfirmed reports whether no evaluation confirms what an alert of a
// notification reports of the firing instance.
func (e Evaluations) Unconfirmed(newest *Instance, a template.Alert, n Arrival) bool {
	if a.Status == "firing" {
		return e.unconfirmedStart(newest.StartedAt(), a.StartsAt)
	}
	return e.unconfirmedEnd(newest.StartedAt(), endOf(a, n.At))
}

// unconfirmedEnd reports whether an alert that started at one time and is
// reported as ended at another may only have expired.
func (e Evaluations) unconfirmedEnd(started, ended time.Time) bool {
	return e.Missing(ended) || e.startedBefore(started) && (ended.Before(e.To) || ended.Sub(e.From) < e.expiry()) && ended.Sub(e.First) >= e.reach()
}

// unconfirmedStart reports whether an alert that started at one time and is
// reported as started again at another may have fired all along.
func (e Evaluations) unconfirmedStart(started, again time.Time) bool {
	return e.Missing(again) || e.startedBefore(started) && again.Sub(e.To) < e.grace() && again.Sub(e.First) >= e.reach()
}

// Missing reports whether no evaluation near a time is known.
func (e Evaluations) Missing(t time.Time) bool {
	return e.Timeout > 0 && !e.Last.IsZero() && t.Sub(e.Last) >= e.reach()
}

// startedBefore reports whether an alert that started at a time did so before the
// outage. The last evaluation may have been somewhat later than the last known
// one. The first one after the outage is later by more.
func (e Evaluations) startedBefore(started time.Time) bool {
	return e.Timeout > 0 && !e.From.IsZero() && started.Sub(e.From) < e.Timeout
}

// SettledFrom returns the time from which an alert that no notification reported
// since the outage has ended. It returns false while evaluations are missing.
func (e Evaluations) SettledFrom(now time.Time) (time.Time, bool) {
	if e.Timeout == 0 || e.Last.IsZero() {
		return time.Time{}, true
	}
	if e.Missing(now) {
		return time.Time{}, false
	}
	if e.From.IsZero() {
		return time.Time{}, true
	}
	return e.To.Add(e.grace()), true
}

// Observe takes in a newer evaluation, and reports whether an outage ended with
// it. While no heartbeat could arrive, before up, a missing one is no outage,
// unless down reports that there was one.
func (e *Evaluations) Observe(t, up time.Time, down bool) bool {
	last := e.Last
	e.Last = t
	if e.Timeout == 0 || last.IsZero() || t.Sub(last) < e.Timeout || !down && t.Sub(Later(last, up)) < e.Timeout {
		return false
	}
	if e.From.IsZero() || last.Sub(e.To) >= e.grace() {
		e.First = last
	}
	e.From, e.To = last, t
	return true
}
