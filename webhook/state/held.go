package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// Held is a resolution that no evaluation confirmed at its receipt. It counts
// as soon as an evaluation is known that can have caused it. Otherwise the
// instance is closed some time after the outage, unless it fires.
type Held struct {
	Alert        template.Alert `json:"alert"`
	At           time.Time      `json:"at"` // its receipt
	By           string         `json:"by"` // the externalURL of the Alertmanager that sent it
	Notification int64          `json:"notification"`
}

// endOf returns the time at which an alert ended.
func endOf(a template.Alert, received time.Time) time.Time {
	if a.EndsAt.IsZero() {
		return received
	}
	return a.EndsAt
}

// hold keeps the first resolution.
func (i *Instance) hold(n Arrival, a template.Alert) {
	if i.Held == nil {
		i.Held = &Held{Alert: a, At: n.At, By: n.ExternalURL, Notification: n.ID}
	}
	i.LastAt = n.At
}

// Fires drops the held resolution of an instance that has fired since a time or
// earlier.
func (i *Instance) Fires(since time.Time) {
	i.ResumedAt = Later(i.ResumedAt, since)
	if i.Held != nil {
		i.ResumedAt = Later(i.ResumedAt, endOf(i.Held.Alert, i.Held.At))
	}
	// The spool keeps microseconds, and the same start must not become a later one.
	i.ResumedAt = i.ResumedAt.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	i.Held = nil
}

// Release resolves the instance by the held resolution.
func (i *Instance) Release(now time.Time, elsewhere bool) {
	n := Arrival{ID: i.Held.Notification, At: now, Elsewhere: elsewhere}
	n.ExternalURL = i.Held.By
	i.end(n, i.Held.Alert)
}

// Review is a decision on a held resolution.
type Review int

// The decisions.
const (
	Wait      Review = iota // it is too early
	Confirmed               // an evaluation can have made it
	Expired                 // the alert was not sent again after the outage
)

// Review decides on the held resolution of an instance. Next is the time of the
// next decision. It is zero if that depends on a newer evaluation. Asks means
// that Alertmanager's API decides after an outage.
func (e Evaluations) Review(i *Instance, now time.Time, asks bool) (r Review, next time.Time) {
	settled, ok := e.SettledFrom(now)
	switch {
	case !e.unconfirmedEnd(i.StartedAt(), endOf(i.Held.Alert, i.Held.At)):
		return Confirmed, next
	case !ok || asks:
		return Wait, next
	case now.Before(settled):
		return Wait, settled
	default:
		return Expired, next
	}
}

// Reason returns the reason to close the instance; empty where the held
// resolution counts.
func (r Review) Reason() message.Closed {
	if r == Expired {
		return message.NoHeartbeat
	}
	return ""
}
