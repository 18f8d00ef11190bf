package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// Held is a resolution that does not count yet. [Sources.Review] decides on it.
type Held struct {
	Alert        template.Alert `json:"alert"`
	At           time.Time      `json:"at"` // its receipt
	By           string         `json:"by"` // the externalURL of the Alertmanager that sent it
	Notification int64          `json:"notification"`
	// Stale means that the chats show that no Prometheus evaluates the alert.
	Stale bool `json:"stale,omitempty"`
	// FiredAt is a known evaluation after the end that found the alert firing,
	// or zero.
	FiredAt time.Time `json:"fired_at,omitzero"`
}

// lastFired returns the last time at which the alert is known to have fired.
func (h *Held) lastFired() time.Time {
	if !h.FiredAt.IsZero() {
		return h.FiredAt
	}
	if evaluated, known := Evaluated(h.Alert); known && ProofOf(h.Alert) != Proved {
		return evaluated
	}
	return endOf(h.Alert, h.At)
}

// proof returns the evidence. A contradicted resolution has none.
func (h *Held) proof() Proof {
	if !h.FiredAt.IsZero() {
		return Expired
	}
	return ProofOf(h.Alert)
}

// hold keeps a resolution, unless another one with the same evidence or more is
// kept. It reports whether the chats must show a change.
func (i *Instance) hold(n Arrival, a template.Alert, s Sources) (shows bool) {
	i.LastAt = n.At
	h := &Held{Alert: a, At: n.At, By: n.ExternalURL, Notification: n.ID, FiredAt: i.firedAfter(a)}
	h.Stale = h.FiredAt.IsZero() && s.stale(a)
	if i.Held != nil && (i.Held.proof() != Expired || h.proof() == Expired) {
		return false
	}
	was := i.Stale()
	i.Held = h
	return was != h.Stale
}

// Stale reports whether the chats show that no Prometheus evaluates the alert.
func (i *Instance) Stale() bool { return i.Held != nil && i.Held.Stale }

// fires drops the held resolution of an instance that fires again, or since a
// later start. It reports whether the chats must show a change.
func (i *Instance) fires(since time.Time) (shows bool) {
	shows = i.Stale()
	if i.Held != nil {
		if _, known := Evaluated(i.Held.Alert); !known {
			since = Later(since, endOf(i.Held.Alert, i.Held.At))
		}
	}
	i.Held = nil
	if since.Sub(i.StartedAt()) < Settle { // the start of another Prometheus of a pair
		return shows
	}
	// The spool keeps microseconds, and the same start must not become a later one.
	i.ResumedAt = since.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	return true
}

// Unhold drops the held resolution, because the alert fires. It reports whether
// the chats must show a change.
func (i *Instance) Unhold() (shows bool) { return i.fires(time.Time{}) }

// Release resolves the instance by the held resolution.
func (i *Instance) Release(reason message.Closed, now time.Time, elsewhere bool) {
	n := Arrival{ID: i.Held.Notification, At: now, Elsewhere: elsewhere}
	n.ExternalURL = i.Held.By
	i.end(n, i.Held.Alert)
	i.Closed = reason
}

// Rules is a report of Prometheus's API about an alert.
type Rules int

// The reports.
const (
	NotAsked    Rules = iota // no Prometheus is configured
	NoAnswer                 // none answered
	Fires                    // one reports it as firing
	Pending                  // one reports it as pending
	Fails                    // one cannot evaluate its rule
	Over                     // none reports it as firing
	RuleRemoved              // all answered, and none has its rule
)

// Reports are the answers of APIs about a held resolution.
type Reports struct {
	Rules Rules
	// Alertmanager means that one of them reports the alert as firing, and
	// Unanswered that one did not answer.
	Alertmanager, Unanswered bool
}

// Review is a decision on a held resolution.
type Review struct {
	// Ends means that the instance ends by the held resolution, for a reason.
	Ends   bool
	Reason message.Closed
	// Fires means that the held resolution does not count: Alertmanager sends
	// another one.
	Fires bool
	// Stale means that no Prometheus evaluates the alert.
	Stale bool
}

// forgotten is the time after which an expired alert is closed if no API reports
// about it.
const forgotten = 24 * time.Hour

// forgotten returns this time. If the alert fired after the resolution, it is
// longer than a repeat interval of a day.
func (h *Held) forgotten() time.Duration {
	if !h.FiredAt.IsZero() {
		return 2 * forgotten
	}
	return forgotten
}

// age returns the time since the receipt. A receipt far in the future was before
// the clock was set back, and counts as long ago.
func (h *Held) age(now time.Time) time.Duration {
	if age := now.Sub(h.At); age > -forgotten {
		return age
	}
	return h.forgotten()
}

// Review decides on a held resolution.
func (s Sources) Review(h *Held, r Reports, now time.Time) Review {
	proof := h.proof()
	switch {
	case r.Rules == Fires:
		return Review{}
	case r.Rules == Over, proof == Proved && r.Rules != NoAnswer && r.Rules != NotAsked:
		return Review{Ends: true}
	case proof == Proved:
		return Review{Ends: true, Reason: message.Unverified}
	case r.Rules == Pending:
		return Review{}
	case r.Rules == Fails:
		return Review{Stale: true}
	case proof == Unproved:
		return s.reviewUnproved(h, r, now)
	case r.Rules == RuleRemoved:
		return Review{Ends: true, Reason: message.RuleRemoved}
	case h.age(now) >= h.forgotten():
		return Review{Ends: true, Reason: message.NotEvaluated}
	default:
		return Review{Stale: h.FiredAt.IsZero()}
	}
}

// reviewUnproved decides on a resolution without the time of an evaluation. The
// Watchdog's evaluations then show whether Prometheus was dead.
func (s Sources) reviewUnproved(h *Held, r Reports, now time.Time) Review {
	end := endOf(h.Alert, h.At)
	switch {
	case r.Alertmanager: // or this one has not got the resolution of its peer yet
		return Review{Fires: settled(h.At, now)}
	case s.unseen(end):
		if h.age(now) >= forgotten {
			return Review{Ends: true, Reason: message.NotEvaluated}
		}
		return Review{Stale: s.Dead || h.Stale}
	case !s.Outage.To.After(end):
		return Review{Ends: true, Reason: message.Unverified}
	case s.Dead, s.Settles(now), r.Unanswered && h.age(now) < forgotten:
		return Review{Stale: h.Stale}
	default:
		return Review{Ends: true, Reason: message.NoHeartbeat}
	}
}
