package state

import (
	"encoding/json"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// Instance is one episode: a period in which an alert fires, as a chat was
// notified of it. Cluster, chat and fingerprint identify the alert, and only its
// newest instance can fire.
type Instance struct {
	ID      int64
	Cluster string // of Alertmanagers; see [Arrival]
	// Chat is the key of the chat, or [NoChat]. It is empty for an instance that
	// the default chats share, because its notifications named no receiver.
	Chat         string
	Receiver     string // whose group delivers it, or ""
	Group        string // the key of the group that delivers it
	OldGroup     string // the key by which an earlier version identified it, or ""
	Alert        template.Alert
	Rank         int // of its severity, 0 is most urgent
	Notify       Loudness
	Notification int64           // that brought the present state
	ChangedAt    time.Time       // the receipt of that notification
	FirstAt      time.Time       // the receipt of the first notification with it
	LastAt       time.Time       // the receipt of the last notification with it
	ExternalURL  string          // of the Alertmanager that brought the present state
	ResolvedAt   time.Time       // the receipt of the resolution; zero while it fires
	Suppressed   message.Closed  // Silenced or Inhibited at the last query of Alertmanager
	Silence      message.Silence // that suppresses it, or zero
	Closed       message.Closed
	RefireAt     time.Time // when a report of firing again counts, see [Refires]; zero for none
	Own          bool      // this replica received the present state itself
	Held         *Held     // a resolution that does not count yet; nil for none
	ResumedAt    time.Time // the last start that was reported while it was open, or zero
}

// Firing reports whether the instance fires.
func (i *Instance) Firing() bool { return i.ResolvedAt.IsZero() }

// StartedAt returns the last time at which the instance is known to have started.
func (i *Instance) StartedAt() time.Time { return Later(i.Alert.StartsAt, i.ResumedAt) }

// newInstance returns the instance that a notification starts.
func newInstance(n Arrival, a template.Alert, rank int) *Instance {
	return &Instance{
		Cluster: n.Cluster, Receiver: n.Receiver, Group: n.GroupKey, OldGroup: n.oldGroup(), Alert: a, Rank: rank, Notify: n.Notify, Notification: n.ID,
		ChangedAt: n.At, FirstAt: n.At, LastAt: n.At, ExternalURL: n.ExternalURL, Own: !n.Elsewhere,
	}
}

// resolve marks the instance as resolved by a notification.
func (i *Instance) resolve(n Arrival) {
	i.Alert.Status = "resolved"
	if i.Alert.EndsAt.IsZero() {
		i.Alert.EndsAt = n.At
	}
	i.ResolvedAt, i.LastAt, i.ChangedAt = n.At, n.At, n.At
	i.ExternalURL, i.Notification, i.Own = n.ExternalURL, n.ID, !n.Elsewhere
	i.RefireAt, i.Held = time.Time{}, nil
}

// end records the resolution. The resolution of an alert that started after the
// instance ends the instance too.
func (i *Instance) end(n Arrival, a template.Alert) {
	a.StartsAt = i.Alert.StartsAt
	i.Alert = a
	i.Adopt(n)
	i.resolve(n)
}

// Close ends the instance without a resolution from Alertmanager.
func (i *Instance) Close(end Ending, now time.Time, elsewhere bool) {
	i.Closed, i.Alert.EndsAt = end.Reason, now
	if !end.Since.IsZero() {
		i.Alert.EndsAt = Later(end.Since, i.StartedAt())
	}
	n := Arrival{ID: i.Notification, At: now, Elsewhere: elsewhere}
	n.ExternalURL = i.ExternalURL
	i.resolve(n)
}

// confirm records another notification of the present state: texts may have
// changed, and a repeated resolution cancels a report of firing again. Raised
// means that an instance that was only recorded must now be delivered, and
// louder that one that was delivered without a sound must ring.
func (i *Instance) confirm(n Arrival, a template.Alert) (raised, louder bool) {
	i.LastAt = n.At
	i.Own = i.Own || !n.Elsewhere
	if !i.Firing() {
		if n.ExternalURL == i.ExternalURL {
			i.RefireAt = time.Time{}
		}
		return false, false
	}
	was, known := Evaluated(i.Alert)
	if is, isKnown := Evaluated(a); !known || !isKnown || !is.Before(was) {
		a.StartsAt = i.Alert.StartsAt
		i.Alert = a
	}
	if n.Notify < i.Notify || n.Notify == i.Notify && n.Yields {
		return false, false
	}
	raised = i.Notify == None && n.Notify > None
	louder = i.Notify == Silent && n.Notify == Loud
	i.Group, i.Receiver, i.Notify = n.GroupKey, n.Receiver, n.Notify
	return raised, louder
}

// Adopt gives an instance without the name of a cluster that of a notification.
func (i *Instance) Adopt(n Arrival) {
	if i.Cluster == "" {
		i.Cluster = n.Cluster
	}
}

// Refire returns the instance that fires again because nothing contradicted the
// report, see [Refires]. The resolved instance no longer waits for the report.
func (i *Instance) Refire(now time.Time) *Instance {
	again := *i
	again.OldGroup = ""
	again.Alert.Status, again.Alert.EndsAt = "firing", time.Time{}
	again.ChangedAt, again.FirstAt, again.LastAt = now, now, now
	again.ResolvedAt, again.Closed, again.Silence = time.Time{}, "", message.Silence{}
	i.RefireAt = time.Time{}
	return &again
}

// supersede drops a report of firing again, because a newer instance follows. It
// returns the instance, or nil if nothing changed.
func (i *Instance) supersede() *Instance {
	if i == nil || i.RefireAt.IsZero() {
		return nil
	}
	i.RefireAt = time.Time{}
	return i
}

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Arrival returns a notification that brings the present state of the instance,
// without its held resolution.
func (i *Instance) Arrival() (Arrival, error) {
	return i.arrival(i.Alert, i.ChangedAt, i.ExternalURL)
}

// HeldArrival returns a notification that brings the held resolution of the
// instance.
func (i *Instance) HeldArrival() (Arrival, error) {
	return i.arrival(i.Held.Alert, i.Held.At, i.Held.By)
}

func (i *Instance) arrival(alert template.Alert, at time.Time, by string) (a Arrival, err error) {
	a = Arrival{At: at, Notify: i.Notify, Cluster: i.Cluster, Payload: Payload{Version: "4", GroupKey: i.Group}}
	if i.Chat != "" {
		a.Receiver, a.Chats, a.Only = i.Receiver, []string{i.Chat}, true
	}
	a.ExternalURL, a.Status, a.Alerts = by, alert.Status, template.Alerts{alert}
	a.Body, err = json.Marshal(a.Payload)
	return a, err
}
