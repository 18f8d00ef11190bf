package state

import (
	"maps"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
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
	// Louder means that Update was delivered without a sound and must now ring.
	Louder bool
	// Shows means that Update is still open, and that the messages about it must
	// be edited.
	Shows bool
	// Create is a new instance; nil for none.
	Create *Instance
}

// Decide returns the change that an alert of a notification causes. Newest is
// the newest instance of the alert, or nil; Decide may modify it. Rank is the
// rank of the alert's severity.
func Decide(newest *Instance, a template.Alert, n Arrival, s Sources, rank int) Change {
	c := Change{Verdict: Judge(newest, a, n, s)}
	if c.Verdict == Starts || c.Verdict == Ended {
		c.Update = newest.supersede()
	}
	switch c.Verdict {
	case Starts:
		c.Create = newInstance(n, a, rank)
	case Restarts:
		newest.Close(Ending{Reason: message.Superseded}, n.At, n.Elsewhere)
		c.Update, c.Ended = newest, true
		c.Create = newInstance(n, a, rank)
	case Ended:
		c.Create = newInstance(n, a, rank)
		c.Create.ResolvedAt = n.At
		if n.GroupKey == NoteGroup {
			c.Create.Closed = message.Note
		} else {
			c.Create.Notify = min(c.Create.Notify, Silent) // it needs no action
			c.Create.Closed = closedBy(n, a)
		}
	case Resolves:
		newest.end(n, a)
		newest.Closed = closedBy(n, a)
		c.Update, c.Ended = newest, true
	case Refires:
		newest.RefireAt = Later(newest.ResolvedAt.Add(Settle), n.At)
		if settled(newest.ResolvedAt, n.At) {
			newest.RefireAt = n.At.Add(Settle)
		}
		c.Update = newest
	case Holds:
		c.Shows = newest.hold(n, a, s)
		c.Update = newest
	case Resumes:
		c.Shows = newest.fires(a.StartsAt)
		c.Raised, c.Louder = newest.confirm(n, a)
		c.Update = newest
	case Known:
		c.Shows = newest.unsilence(a)
		c.Raised, c.Louder = newest.confirm(n, a)
		c.Update = newest
	case Late:
	}
	return c
}

// closedBy returns the reason of an instance that a resolution ends.
func closedBy(n Arrival, a template.Alert) message.Closed {
	if n.own() || ProofOf(a) == Proved {
		return ""
	}
	return message.Unverified
}

// Observation is an alert as Alertmanager's API reports it.
type Observation struct {
	Alert      template.Alert
	UpdatedAt  time.Time      // Prometheus sent it last
	Suppressed message.Closed // Silenced or Inhibited; empty while it is neither
	// SilencedBy are the ids of the silences. Silence is the one of them that ends
	// last; it is zero if there is none, or if it is not known.
	SilencedBy []string
	// Receivers are those that its routes lead to.
	Receivers []string
	Silence   message.Silence
}

// TakeObservation records that Alertmanager knows the alert. Changed means that
// the instance is another one, and shows that the chats must show a change.
func (i *Instance) TakeObservation(o Observation) (changed, shows bool) {
	if len(o.SilencedBy) > 0 && o.Silence == (message.Silence{}) {
		o.Silence = i.Silence
	}
	shows = o.Silence.By != i.Silence.By || !o.Silence.Until.Equal(i.Silence.Until)
	changed = shows || o.Suppressed != i.Suppressed
	i.Suppressed, i.Silence = o.Suppressed, o.Silence
	return changed, shows
}

// unsilence drops the silence of an instance of which Alertmanager sends a firing
// notification. It reports whether the chats must show a change.
func (i *Instance) unsilence(a template.Alert) (shows bool) {
	if a.Status != string(model.AlertFiring) {
		return false
	}
	shows = i.Firing() && i.Silence != (message.Silence{})
	i.Silence = message.Silence{}
	return shows
}

// Confirmed returns the notification of a resolved instance that Alertmanager's
// API reports as firing. It has the time of an evaluation after the end, so that
// every replica takes it.
func (i *Instance) Confirmed(o Observation) Payload {
	a := o.Alert
	a.Annotations = maps.Clone(a.Annotations)
	if a.Annotations == nil {
		a.Annotations = template.KV{}
	}
	at := Later(o.UpdatedAt, i.lastFired().Add(time.Millisecond))
	a.Annotations[api.EvaluatedAt] = at.UTC().Format(time.RFC3339Nano)
	p := Payload{Version: "4", GroupKey: i.Group}
	p.Status, p.ExternalURL, p.Alerts = a.Status, i.ExternalURL, template.Alerts{a}
	return p
}

const (
	// goneAfter is the time for which an alert must be unknown to Alertmanager
	// before it is closed, if nothing suppressed it. Its resolution comes with
	// the next message of its group, after the group's interval.
	goneAfter = time.Hour
	// leftOutAfter is this time for an alert of a group of which Alertmanager
	// left out alerts. Its resolution may be left out too.
	leftOutAfter = 5 * time.Minute
	// overAfter is this time if Prometheus reports that the alert of a generated
	// rule does not fire.
	overAfter = time.Minute
)

// CloseMissing returns the reason to close an instance that Alertmanager no
// longer knows. It returns false while it is too early, and if Prometheus reports
// the alert. Truncated means that notifications of its group are not complete.
func (i *Instance) CloseMissing(missing time.Duration, truncated bool, rules Rules) (message.Closed, bool) {
	_, generated := Evaluated(i.Alert)
	switch {
	case i.Held != nil: // an expired alert is missing too
		return "", false
	case rules == Fires, rules == Pending, rules == Fails && generated:
		return "", false
	case i.Suppressed != "":
		return i.Suppressed, true
	case rules == Over && generated: // it ended while Prometheus or Alertmanager was down
		return "", missing >= overAfter
	case rules == RuleRemoved && generated:
		return message.RuleRemoved, missing >= overAfter
	case truncated:
		return message.Gone, missing >= leftOutAfter
	default:
		return message.Gone, missing >= goneAfter
	}
}
