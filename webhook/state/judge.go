package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// Verdict is the effect of one alert of a notification on the state.
type Verdict int

// The verdicts.
const (
	// Known alerts report nothing new.
	Known Verdict = iota
	// Starts means that a new instance fires.
	Starts
	// Resolves means that the known instance is resolved.
	Resolves
	// Late alerts are about a time before the known state.
	Late
	// Refires means that an alert without the time of its evaluation is
	// reported to fire after its end, with its old start. A new instance starts
	// unless Alertmanager's API or another notification contradicts that.
	Refires
	// Ended alerts were resolved before any notification of them arrived.
	Ended
	// Holds means that the resolution of the known instance does not count yet.
	Holds
	// Resumes means that the known instance fires again after a held
	// resolution, or since a later start.
	Resumes
	// Restarts means that the known instance ended without a resolution, and that a
	// new one fires.
	Restarts
)

// Judge compares an alert with the newest instance of the same alert, or nil if
// there is none.
//
// Alertmanager does not keep startsAt over a restart of Prometheus, and the
// Alertmanagers of a pair can report different ones. So a later start begins a
// new instance only after the end of the known one. Grafana keeps it, and can be
// set to send no resolutions.
func Judge(newest *Instance, a template.Alert, n Arrival, s Sources) Verdict {
	firing := a.Status == "firing"
	switch {
	case newest == nil && firing:
		return Starts
	case newest == nil:
		return Ended
	case newest.Firing() && firing:
		return judgeFiring(newest, a, n)
	case newest.Firing():
		return judgeEnd(newest, a, n, s)
	case firing:
		return judgeAgain(newest, a, n, s)
	case a.StartsAt.After(newest.Alert.EndsAt):
		return Ended
	default:
		return Known
	}
}

// judgeFiring judges the report that an open instance fires.
func judgeFiring(newest *Instance, a template.Alert, n Arrival) Verdict {
	h := newest.Held
	if h == nil {
		if newest.restarts(a) {
			return Restarts
		}
		if a.StartsAt.Sub(newest.StartedAt()) >= Settle {
			return Resumes
		}
		return Known
	}
	if evaluated, known := Evaluated(a); known {
		if evaluated.After(h.lastFired()) {
			return Resumes
		}
		return Late
	}
	if n.Elsewhere && n.At.Before(h.At) {
		return Late // this replica learns of it after the resolution
	}
	if n.ExternalURL != h.By && !settled(h.At, n.At) {
		return Late // the other peer sent it before the resolution
	}
	return Resumes
}

// restarts reports whether an alert that Grafana posted started after the last
// notification about the open instance. Each test of a contact point does so.
func (i *Instance) restarts(a template.Alert) bool {
	return OfGrafana(a) == PostedByGrafana && a.StartsAt.Sub(i.StartedAt()) >= time.Second && a.StartsAt.After(i.LastAt)
}

// judgeEnd judges the resolution of an open instance.
func judgeEnd(newest *Instance, a template.Alert, n Arrival, s Sources) Verdict {
	end := endOf(a, n.At)
	switch {
	case !newest.ResumedAt.IsZero() && !end.After(newest.ResumedAt):
		return Late
	case !a.EndsAt.IsZero() && end.Before(newest.Alert.StartsAt):
		return Late
	case !newest.firedAfter(a).IsZero():
		if ProofOf(a) == Expired {
			return Late
		}
		return Holds
	case s.Holds(n, a):
		return Holds
	default:
		return Resolves
	}
}

// firedAfter returns the last evaluation that found an open instance firing, if
// it is later than a resolution, or else zero. Such a resolution arrived late, or
// is of that half of a pair of Prometheus servers that sees nothing. It must be
// kept: when the other half resolves the alert too, Alertmanager sends no other.
func (i *Instance) firedAfter(a template.Alert) time.Time {
	known, isKnown := Evaluated(i.Alert)
	evaluated, isEvaluated := Evaluated(a)
	if isKnown && isEvaluated && evaluated.Before(known) && a.EndsAt.Before(known) {
		return known
	}
	return time.Time{}
}

// judgeAgain judges the report that an alert fires after its end.
func judgeAgain(newest *Instance, a template.Alert, n Arrival, s Sources) Verdict {
	if evaluated, known := Evaluated(a); known {
		if evaluated.After(newest.lastFired()) {
			return Starts
		}
		return Late
	}
	switch {
	case a.StartsAt.After(newest.Alert.EndsAt):
		return Starts
	case n.Elsewhere && n.At.Before(newest.ResolvedAt):
		return Late // this replica learns of it after the resolution
	case settled(newest.ResolvedAt, n.At):
		if s.doubts(n, a) {
			return Refires
		}
		return Starts // Alertmanager keeps the old start of an alert that it had expired
	case n.ExternalURL != newest.ExternalURL:
		return Late
	default:
		return Refires
	}
}

// lastFired returns the last time at which a resolved instance is known to have
// fired, in Prometheus's clock as far as it is known.
func (i *Instance) lastFired() time.Time {
	if evaluated, known := Evaluated(i.Alert); known && i.Closed != "" && i.Closed != message.Unverified {
		return evaluated // the end is a time of the local clock, or an expiry
	}
	return i.Alert.EndsAt
}
