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
	// Cluster is the name of the cluster of Alertmanagers that sent it. Clusters
	// with different names share no alert.
	Cluster string
	// Receiver is the name of the receiver in the URL, or "".
	Receiver string
	// Chats are the chats that it is for. Nil stands for those of the receiver,
	// and without one for the default chats.
	Chats []string
	// Only means that it is for Chats alone. Another replica may have more chats for
	// the receiver of any other notification: it adds them.
	Only bool
	// OldCluster means that an earlier version received it, which knows no
	// clusters.
	OldCluster bool
	// Held are the fingerprints whose report the replica that received it does
	// not take at once: see [Holds] and [Refires].
	Held map[string]bool
	// Yields means that the group that delivers the alert keeps it, unless this
	// notification is louder; see [Arrival.Follows].
	Yields bool
	Payload
}

// own reports whether the webhook itself made the notification.
func (n Arrival) own() bool { return n.GroupKey == OwnGroup || n.GroupKey == NoteGroup }

// oldGroup returns the [Instance.OldGroup] of a new instance.
func (n Arrival) oldGroup() string {
	if n.OldCluster {
		return n.GroupKey
	}
	return ""
}

// Group is the known state of a group of alerts.
type Group struct {
	At        time.Time // the receipt of its last notification that was not a twin; zero for none
	Truncated uint64    // the number of alerts that Alertmanager left out of it
}

// Follows reports whether another group that delivers an alert was notified since
// the last notification of this group g. Both then repeat the alert.
func (n Arrival) Follows(g, before Group) bool {
	if g.At.IsZero() {
		return !settled(before.At, n.At)
	}
	return before.At.After(g.At)
}

// Outcome collects the verdicts on the alerts of one notification.
type Outcome struct {
	changed, firing, late, held bool
	// another means that an alert fires that another group delivers.
	another bool
	// before is the receipt of the last notification about one of the alerts by
	// another group.
	before time.Time
}

// Add adds the verdict on an alert. Delivers means that the notification's group
// delivers the alert. Before is the group that delivered it before.
func (o *Outcome) Add(v Verdict, a template.Alert, delivers bool, before Group) {
	late := v == Late || v == Refires
	o.changed = o.changed || v == Starts || v == Restarts || v == Resolves || v == Ended
	o.late = o.late || late
	o.firing = o.firing || a.Status == "firing" && !late && delivers
	o.another = o.another || a.Status == "firing" && !late && !delivers
	o.held = o.held || v == Holds || v == Resumes
	o.before = Later(o.before, before.At)
}

// Reminds reports whether the notification is a reminder. The first notification
// of a group is none: its alerts were delivered by another group.
func (o *Outcome) Reminds(n Arrival, g Group) bool {
	if !o.firing || o.changed || g.At.IsZero() {
		return false
	}
	switch {
	case n.TruncatedAlerts > g.Truncated:
		return true // new alerts of which only the number is known
	case n.TruncatedAlerts < g.Truncated:
		return false // some of them ended
	}
	if n.Part < n.Parts {
		return false // the last part shows whether any of them changed something
	}
	switch n.NotificationReason {
	case "", "unknown", "repeat interval elapsed":
	default:
		// Alertmanager gives a reason since 0.32. It comes from a peer that is
		// late, or from an Alertmanager that has lost its state.
		return false
	}
	return !o.held && settled(g.At, n.At) && settled(o.before, n.At)
}

// Touches reports whether the notification counts as the group's last one.
func (o *Outcome) Touches(n Arrival, g Group, reminds bool) bool {
	return o.changed || reminds || o.held || o.another && settled(g.At, n.At) || g.At.IsZero() || n.TruncatedAlerts != g.Truncated
}

// Coalesced returns the reason why no message follows the notification, or ""
// if a message follows.
func (o *Outcome) Coalesced(n Arrival, reminds bool) string {
	switch {
	case n.Notify == None:
		return api.Recorded
	case reminds, o.changed:
		return ""
	case o.held:
		return api.Unconfirmed
	case o.late:
		return api.Late
	default:
		return api.Twin
	}
}
