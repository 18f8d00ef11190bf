package state

import (
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// Proof is the evidence that a resolution has for the end of its alert.
//
// If Prometheus stops sending an alert, Alertmanager lets it expire four resend
// delays after the last sending, and sends an ordinary resolution. Only the
// times in it distinguish the two. Both are of the same Prometheus, so differing
// clocks do not matter.
type Proof int

// The evidence.
const (
	// Unproved resolutions have no time of an evaluation: the rule is not a
	// generated one.
	Unproved Proof = iota
	// Proved resolutions end shortly after the last evaluation that found the
	// alert firing.
	Proved
	// Expired alerts ended because no Prometheus evaluated them.
	Expired
)

// ProofOf returns the evidence of a resolution.
func ProofOf(a template.Alert) Proof {
	for reason := range strings.SplitSeq(a.Annotations[message.StateReason], ",") {
		switch strings.TrimSpace(reason) {
		case "MissingSeries", "NoData", "Error":
			return Expired
		}
	}
	evaluated, known := Evaluated(a)
	within, err := model.ParseDuration(a.Annotations[api.ResolveWithin])
	after, _ := model.ParseDuration(a.Annotations[api.ResolveAfter]) // 0 without keep_firing_for
	switch {
	case !known || err != nil || a.EndsAt.IsZero() || a.EndsAt.Before(evaluated):
		return Unproved
	case a.EndsAt.Sub(evaluated) < time.Duration(after), a.EndsAt.Sub(evaluated) > time.Duration(within):
		return Expired
	default:
		return Proved
	}
}

// Evaluated returns the time of the last evaluation that found the alert firing,
// in Prometheus's clock. It returns false for an alert of other people's rules.
func Evaluated(a template.Alert) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, a.Annotations[api.EvaluatedAt])
	return at, err == nil && at.After(time.Unix(0, 0))
}

// endOf returns the time at which an alert ended.
func endOf(a template.Alert, received time.Time) time.Time {
	if a.EndsAt.IsZero() {
		return received
	}
	return a.EndsAt
}

// Sources are the facts that decide which resolutions of a cluster count at once.
type Sources struct {
	// Prometheus and Alertmanager mean that their APIs can be asked.
	Prometheus, Alertmanager bool
	// Timeout is the time without a heartbeat after which Prometheus counts as
	// dead. 0 means never.
	Timeout time.Duration
	// Evaluated is the newest evaluation that a heartbeat reported, in
	// Prometheus's clock; zero for none.
	Evaluated time.Time
	Dead      bool   // no heartbeat arrives
	Outage    Outage // the last one
}

// Outage is a period without heartbeats, or zero.
type Outage struct {
	From, To time.Time // the evaluations before and after it, in Prometheus's clock
	SeenAt   time.Time // the receipt of the heartbeat that ended it
}

// Holds reports whether a resolution must wait for a review.
func (s Sources) Holds(n Arrival, a template.Alert) bool {
	if n.own() || a.Status == "firing" {
		return false
	}
	if n.Elsewhere {
		return n.Held[a.Fingerprint]
	}
	switch ProofOf(a) {
	case Expired:
		return true
	case Proved:
		return s.Prometheus
	default:
		return s.Prometheus || s.Alertmanager || s.unseen(endOf(a, n.At))
	}
}

// doubts reports whether Alertmanager's API must confirm that an alert fires
// again.
func (s Sources) doubts(n Arrival, a template.Alert) bool {
	if n.Elsewhere {
		return n.Held[a.Fingerprint]
	}
	return s.Alertmanager && !n.own()
}

// reach is the longest time from a heartbeat's evaluation to the end of an alert
// that an evaluation resolved.
func (s Sources) reach() time.Duration { return s.Timeout * 4 / 5 }

// unseen reports whether no evaluation near a time is known.
func (s Sources) unseen(t time.Time) bool {
	return s.Timeout > 0 && !s.Evaluated.IsZero() && t.Sub(s.Evaluated) >= s.reach()
}

// Settled returns the time until which Prometheus sends again, after an outage,
// every alert that still fires. It is zero without an outage.
func (s Sources) Settled() time.Time {
	if s.Timeout == 0 || s.Outage.SeenAt.IsZero() {
		return time.Time{}
	}
	return s.Outage.SeenAt.Add(s.grace())
}

// Settles reports whether that time is still to come. An outage that is stored as
// later than now was before the clock was set back.
func (s Sources) Settles(now time.Time) bool {
	at := s.Settled()
	return now.Before(at) && at.Sub(now) <= s.grace()+Settle
}

// grace is longer than the time for which an alert can wait for its "for" again
// after a restart of Prometheus.
func (s Sources) grace() time.Duration { return 3 * s.Timeout }

// stale reports whether a resolution shows at its receipt that no Prometheus
// evaluates the alert. With an API that is known after it was asked.
func (s Sources) stale(a template.Alert) bool { return ProofOf(a) == Expired && !s.Prometheus }
