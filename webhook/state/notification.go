package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

// Settle is the time after a notification in which an equal notification counts
// as a retry, or as the twin from the other peer of an Alertmanager pair. A
// peer waits 15 seconds for each peer before it.
const Settle = time.Minute

// NoteGroup is the group key of the notes of the webhook itself.
const NoteGroup = "preflight-webhook/note"

// OwnGroup is the group key of the alert that the webhook itself makes.
const OwnGroup = "preflight-webhook/watchdog"

// settled reports whether the time between two receipts is too long for a retry
// or a twin. A second receipt long before the first one means that the clock was
// set back.
func settled(first, second time.Time) bool {
	d := second.Sub(first)
	return d >= Settle || d < -Settle
}

// Loudness is a sound as the spool and the journal store it. A greater number is
// louder.
type Loudness int

// The sounds.
const (
	None Loudness = iota
	Silent
	Loud
)

// LoudnessOf returns the stored form of a sound. An unknown sound is loud, so
// that it hides no alert.
func LoudnessOf(s api.Sound) Loudness {
	switch s {
	case api.None:
		return None
	case api.Silent:
		return Silent
	default:
		return Loud
	}
}

// Known returns a stored sound. An unknown one is loud.
func (l Loudness) Known() Loudness {
	if l < None || l > Loud {
		return Loud
	}
	return l
}

// Sound returns the public form.
func (l Loudness) Sound() api.Sound { return [...]api.Sound{api.None, api.Silent, api.Loud}[l] }

// Arrival is an accepted notification.
type Arrival struct {
	ID     int64
	At     time.Time
	Notify Loudness
	// Elsewhere means that another replica received it.
	Elsewhere bool
	// Body is the posted text; empty for one that another replica received.
	Body []byte
	// Unconfirmed are the fingerprints whose change no evaluation confirmed at
	// the replica that received it.
	Unconfirmed map[string]bool
	Payload
}

// Outcome collects the verdicts on the alerts of one notification.
type Outcome struct {
	changed, firing, stale, unconfirmed bool
}

// Add adds the verdict on an alert.
func (o *Outcome) Add(v Verdict, a template.Alert) {
	stale := v == Late || v == Refires
	o.changed = o.changed || v == Starts || v == Resolves || v == Restarts || v == Ended
	o.stale = o.stale || stale
	o.firing = o.firing || a.Status == "firing" && !stale
	o.unconfirmed = o.unconfirmed || v == Unconfirmed || v == Resumes
}

// Reminds reports whether the notification is a reminder. LastAt is the time of
// receipt of the group's last notification that was not a twin.
func (o *Outcome) Reminds(n Arrival, lastAt time.Time) bool {
	// Alertmanager gives a reason since 0.32. One of these reasons comes from a
	// peer that is very late.
	late := n.NotificationReason == "new alerts added" || n.NotificationReason == "some alerts resolved"
	return o.firing && !o.changed && !o.unconfirmed && settled(lastAt, n.At) && !late
}

// Touches reports whether the notification counts as the group's last one.
func (o *Outcome) Touches(reminds bool) bool { return o.changed || reminds || o.unconfirmed }

// Coalesced returns the reason why no message follows the notification, or ""
// if a message follows.
func (o *Outcome) Coalesced(n Arrival, reminds bool) string {
	switch {
	case n.Notify == None:
		return api.Recorded
	case reminds, o.changed:
		return ""
	case o.unconfirmed:
		return api.Unconfirmed
	case o.stale:
		return api.Late
	default:
		return api.Twin
	}
}
