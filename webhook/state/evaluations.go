package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"
)

// Evaluations holds the known times of Prometheus's rule evaluations.
//
// If Prometheus stops sending an alert, Alertmanager lets it expire four resend
// delays after the last sending, and sends an ordinary resolution. Only its
// time distinguishes it from a real resolution. A real resolution has the time
// of an evaluation, so an evaluation shortly before it is known. If an alert
// expired, the last evaluation that sent it was long before its end.
//
// All times are Prometheus's own, so differing clocks do not matter.
type Evaluations struct {
	// Timeout is the time without an evaluation after which an outage is
	// assumed. 0 means never.
	Timeout time.Duration
	// Last is the newest known evaluation; zero for none.
	Last time.Time
	Outage
}

// Outage is the last period without a known evaluation, or zero. An outage that
// begins before the consequences of the previous one are settled continues the
// previous one.
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
// sent before an outage has expired. The default is 6m15s, because the last
// evaluation that Alertmanager forwarded may be over a minute old.
func (e Evaluations) expiry() time.Duration { return e.Timeout * 5 / 2 }

// grace is the time after an outage in which Prometheus sends every alert that
// still fires. The default is 7m30s. That includes alerts that wait for their
// "for" again after a restart of Prometheus, up to about 6m.
func (e Evaluations) grace() time.Duration { return 3 * e.Timeout }

// NeedsEvaluations reports whether the effect of an alert of a notification on
// the newest instance depends on evaluations.
func NeedsEvaluations(newest *Instance, a template.Alert, n Arrival) bool {
	return newest != nil && newest.Firing() && n.GroupKey != OwnGroup && (a.Status != "firing" || a.StartsAt.After(newest.StartedAt()))
}

// Unconfirmed reports whether no evaluation confirms the report of an alert
// about the firing instance.
func (e Evaluations) Unconfirmed(newest *Instance, a template.Alert, n Arrival) bool {
	if a.Status == "firing" {
		return e.unconfirmedStart(newest.StartedAt(), a.StartsAt)
	}
	return e.unconfirmedEnd(newest.StartedAt(), endOf(a, n.At))
}

// unconfirmedEnd reports whether an alert with this start and this reported end
// may only have expired.
func (e Evaluations) unconfirmedEnd(started, ended time.Time) bool {
	return e.Missing(ended) || e.startedBefore(started) && (ended.Before(e.To) || ended.Sub(e.From) < e.expiry()) && ended.Sub(e.First) >= e.reach()
}

// unconfirmedStart reports whether an alert that started at one time, and is
// reported to have started again at another, may have fired in between.
func (e Evaluations) unconfirmedStart(started, again time.Time) bool {
	return e.Missing(again) || e.startedBefore(started) && again.Sub(e.To) < e.grace() && again.Sub(e.First) >= e.reach()
}

// Missing reports whether no evaluation near a time is known.
func (e Evaluations) Missing(t time.Time) bool {
	return e.Timeout > 0 && !e.Last.IsZero() && t.Sub(e.Last) >= e.reach()
}

// startedBefore reports whether an alert that started at this time started
// before the outage. The last evaluation before the outage may be a little
// later than the last known one. The first evaluation after the outage is much
// later.
func (e Evaluations) startedBefore(started time.Time) bool {
	return e.Timeout > 0 && !e.From.IsZero() && started.Sub(e.From) < e.Timeout
}

// SettledFrom returns the time after which an alert counts as ended if no
// notification has reported it since the outage. It returns false while
// evaluations are missing.
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

// Observe records a newer evaluation, and reports whether an outage ended with
// it. Before up no heartbeat could arrive, so a missing heartbeat is no outage,
// unless down reports one.
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
