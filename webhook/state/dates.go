package state

import (
	"maps"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

// futureLimit is the time after the receipt beyond which a date of an alert
// does not count. No clock is wrong by so much.
const futureLimit = 10 * 365 * 24 * time.Hour

// Date replaces the dates of an alert that are unknown or in the future: an
// unknown start is that of the newest instance while it fires, or else the
// receipt. An unknown end is the receipt. An end before the start is unknown too.
func Date(a template.Alert, newest *Instance, n Arrival) template.Alert {
	future := n.At.Add(futureLimit)
	if at, known := Evaluated(a); known && at.After(future) {
		a.Annotations = maps.Clone(a.Annotations)
		delete(a.Annotations, api.EvaluatedAt)
	}
	switch {
	case a.Status == "firing":
	case a.EndsAt.After(future):
		a.EndsAt = n.At
	case a.EndsAt.Before(a.StartsAt) && a.StartsAt.Before(future):
		a.EndsAt = time.Time{}
	}
	if !a.StartsAt.IsZero() && a.StartsAt.Before(future) {
		return a
	}
	switch {
	case newest != nil && newest.Firing():
		a.StartsAt = newest.Alert.StartsAt
	case a.Status != "firing" && newest != nil:
		a.StartsAt = newest.Alert.StartsAt
	case a.Status != "firing" && !a.EndsAt.IsZero():
		a.StartsAt = a.EndsAt
	default:
		a.StartsAt = n.At
	}
	return a
}
