package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// Change is the effect of a decision on the spool.
type Change struct {
	Verdict Verdict
	// Update is a known instance in its new state; nil for none.
	Update *Instance
	// Ended means that Update was resolved: chats that show it as firing must
	// show the resolution.
	Ended bool
	// Raised means that Update was only recorded before and must now be
	// delivered to every chat.
	Raised bool
	// Create is a new instance; nil for none.
	Create *Instance
}

// Decide returns the change that an alert of a notification causes. Newest is
// the newest instance of the alert in the group, or nil; Decide may modify it.
// Rank is the rank of the alert's severity.
func Decide(newest *Instance, a template.Alert, n Arrival, unconfirmed bool, rank int) Change {
	c := Change{Verdict: Judge(newest, a, n, unconfirmed)}
	if c.Verdict == Starts || c.Verdict == Ended {
		c.Update = newest.supersede()
	}
	switch c.Verdict {
	case Starts:
		c.Create = newInstance(n, a, rank)
	case Ended:
		c.Create = newInstance(n, a, rank)
		c.Create.ResolvedAt = n.At
	case Resolves:
		newest.end(n, a)
		c.Update, c.Ended = newest, true
	case Restarts:
		newest.Alert.EndsAt, newest.Closed = a.StartsAt, message.Superseded
		newest.resolve(n)
		c.Update, c.Ended = newest, true
		c.Create = newInstance(n, a, rank)
	case Refires:
		newest.RefireAt = newest.ResolvedAt.Add(Settle)
		c.Update = newest
	case Unconfirmed:
		newest.hold(n, a)
		c.Update = newest
	case Resumes:
		newest.Fires(a.StartsAt)
		c.Raised = newest.confirm(n, a)
		c.Update = newest
	case Known:
		c.Raised = newest.confirm(n, a)
		c.Update = newest
	case Late:
	}
	return c
}

const (
	// goneAfter is the time for which an alert must be unknown to Alertmanager
	// before it is closed, if nothing suppressed it. Its resolution comes with
	// the next message of its group, after the group's interval.
	goneAfter = time.Hour
)

// Observation is an alert as Alertmanager's API reports it.
type Observation struct {
	StartsAt   time.Time
	Suppressed message.Closed // Silenced or Inhibited; empty while it is neither
}

// TakeObservation records that Alertmanager knows the alert, and reports
// whether that changes the instance.
func (i *Instance) TakeObservation(o Observation) (changed bool) {
	if o.Suppressed == i.Suppressed && i.Held == nil {
		return false
	}
	if i.Held != nil {
		i.Fires(o.StartsAt)
	}
	i.Suppressed = o.Suppressed
	return true
}

// CloseMissing returns the reason to close an instance that Alertmanager no
// longer knows. It returns false while it is too early.
func (e Evaluations) CloseMissing(i *Instance, missing time.Duration, now time.Time) (message.Closed, bool) {
	reason := i.Suppressed
	if reason == "" && (i.Held != nil || e.startedBefore(i.StartedAt()) && now.Sub(e.To) < 2*e.grace()) {
		reason = message.NoHeartbeat
	}
	if reason == "" {
		return message.Gone, missing >= goneAfter
	}
	return reason, true
}
