package state

import (
	"github.com/prometheus/alertmanager/template"
)

// Verdict is the effect of one alert of a notification on the state.
type Verdict int

// The verdicts.
const (
	// Known alerts report nothing new.
	Known Verdict = iota
	// Starts means that an unknown instance fires.
	Starts
	// Resolves means that the known instance is resolved.
	Resolves
	// Restarts means that the known instance ended without a resolution, and a
	// new one fires.
	Restarts
	// Late alerts come from a peer and are about an instance that has ended.
	Late
	// Refires means that the Alertmanager that resolved the instance reports
	// within the settling time that it fires. A new instance starts unless
	// another notification contradicts that.
	Refires
	// Ended alerts were resolved before any notification of them arrived.
	Ended
	// Unconfirmed means that no evaluation confirms the resolution of the known
	// instance: it may only have expired in Alertmanager.
	Unconfirmed
	// Resumes means that the known instance fires after a time without
	// evaluations.
	Resumes
)

// Judge compares an alert with the newest instance of the same alert in the
// group, or nil if there is none. Unconfirmed means that no evaluation confirms
// the change.
//
// The state of the peers of an Alertmanager pair can differ: a peer can be
// seconds behind. If two Prometheus servers send an alert, Alertmanager keeps
// the earlier start. So a start that moves back is not a new instance.
func Judge(newest *Instance, a template.Alert, n Arrival, unconfirmed bool) Verdict {
	firing := a.Status == "firing"
	switch {
	case newest == nil && firing:
		return Starts
	case newest == nil:
		return Ended
	case a.StartsAt.After(newest.StartedAt()):
		return judgeLater(newest, a, n, unconfirmed)
	case newest.Firing() && firing && newest.Held != nil && n.ExternalURL != newest.Held.By && !settled(newest.Held.At, n.At):
		return Late // the other peer sent it before the resolution
	case newest.Firing() && firing && newest.Held != nil:
		return Resumes
	case newest.Firing() && firing:
		return Known
	case newest.Firing() && !newest.ResumedAt.IsZero() && !endOf(a, n.At).After(newest.ResumedAt):
		return Late // it repeats the unconfirmed resolution
	case newest.Firing() && !a.EndsAt.IsZero() && a.EndsAt.Before(newest.Alert.StartsAt):
		return Late // it is about an earlier instance
	case newest.Firing() && unconfirmed:
		return Unconfirmed
	case newest.Firing():
		return Resolves
	case !firing:
		return Known
	case n.Elsewhere && n.At.Before(newest.ResolvedAt):
		return Late // this replica learns of it after the resolution
	case settled(newest.ResolvedAt, n.At):
		return Starts // Alertmanager keeps the old start of an alert that it had expired
	case n.ExternalURL != newest.ExternalURL:
		return Late
	default:
		return Refires
	}
}

// judgeLater judges an alert that started after the newest known instance.
func judgeLater(newest *Instance, a template.Alert, n Arrival, unconfirmed bool) Verdict {
	firing := a.Status == "firing"
	switch {
	case newest.Firing() && firing && (unconfirmed || newest.Held != nil):
		return Resumes
	case newest.Firing() && firing && n.ExternalURL != newest.ExternalURL && !settled(newest.LastAt, n.At):
		return Known // the other peer knows only the second Prometheus of a pair
	case newest.Firing() && firing:
		return Restarts
	case newest.Firing() && unconfirmed:
		return Unconfirmed
	case newest.Firing():
		return Resolves // it started again and ended, and no notification of that arrived
	case firing:
		return Starts
	case a.EndsAt.After(newest.Alert.EndsAt):
		return Ended
	default:
		return Known
	}
}
