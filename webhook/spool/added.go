package spool

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// The replicas read a changed webhook.yml one after the other. Meanwhile a receiver can
// have chats at one replica that the other lacks. The replica that has a chat applies
// the notifications of all replicas in it, and shares that.

// recent is the time for which a notification that another replica received is news in
// the chats that it lacks. An older one belongs to the configuration of its time.
const recent = 10 * time.Minute

func isRecent(n state.Arrival) bool { return time.Since(n.At) < recent }

// Added returns the chats that the receiver of a notification has here, and not at the
// replica that received it. If this one lacks the receiver and all of its chats, these
// are the default chats.
func (a Applier) Added(n state.Arrival) (list []string) {
	if !n.Elsewhere || n.Only || n.Receiver == "" || !isRecent(n) {
		return nil
	}
	chats := a.Chats.Named(n.Receiver)
	if chats == nil && n.Chats != nil && !a.knowsAny(n.Chats) {
		chats = a.Chats.Default
	}
	for _, chat := range chats {
		if chat != state.NoChat && !slices.Contains(n.Chats, chat) {
			list = append(list, chat)
		}
	}
	return list
}

// knowsAny reports whether this replica has one of the chats.
func (a Applier) knowsAny(chats []string) bool {
	all := append(a.Chats.All(), state.NoChat)
	return slices.ContainsFunc(chats, func(chat string) bool { return slices.Contains(all, chat) })
}

// stray reports whether a chat is a default chat, where another replica shows an alert
// whose receiver it lacks. This one has the receiver, with other chats.
func (a Applier) stray(n state.Arrival, chat string) bool {
	named := a.Chats.Named(n.Receiver)
	return n.Elsewhere && n.Only && named != nil && !slices.Contains(named, chat) && slices.Contains(a.Chats.Default, chat)
}

// recorded returns the tracks of the default chats, where another replica shows the
// alerts of a receiver that it lacks. They are due there only if it has shown them.
func (a Applier) recorded(lists ...[]string) (list []track) {
	for _, chat := range a.Chats.Default {
		if !slices.Contains(slices.Concat(lists...), chat) {
			list = append(list, track{chat: chat})
		}
	}
	return list
}

// soundOf returns the sound of a notification in the chats that this replica adds.
func (a Applier) soundOf(n state.Arrival) state.Loudness {
	if a.Sound == nil || a.Chats.Named(n.Receiver) == nil {
		return n.Notify
	}
	return a.Sound(n.Receiver, n.Alerts)
}

// ShareAdded appends to the journal that the notification of an event was applied in
// the chats that this replica added.
func (a Applier) ShareAdded(n state.Arrival, e state.NotificationEvent) error {
	if e.Chats = a.Added(n); e.Chats == nil {
		return nil
	}
	e.Only, e.Notify = true, a.soundOf(n)
	_, err := a.Tx.AppendEvent(n.At, state.EventNotification, e)
	return err
}

const missingInChat = `SELECT MAX(i.id) FROM instances i WHERE i.resolved_at IS NULL AND i.notify > 0 AND i.receiver = ?1 AND i.chat NOT IN ('', ?2)
	AND NOT EXISTS (SELECT 1 FROM instances f WHERE f.fingerprint = i.fingerprint AND f.cluster = i.cluster
		AND (f.resolved_at IS NULL OR f.resolved_at >= i.first_at)
		AND (f.chat = ?2 OR f.chat = '' AND EXISTS (SELECT 1 FROM views v WHERE v.chat = ?2 AND v.instance = f.id)))
	GROUP BY i.fingerprint, i.cluster ORDER BY 1`

// ShowMissing makes the alerts due that fire for a receiver in the chats of another
// replica, in each chat that the receiver has here and that was not notified of them.
func (t *Tx) ShowMissing(chats state.Chats) error {
	for _, r := range chats.Receivers {
		keys, err := t.present(r.Chats)
		if err != nil {
			return err
		}
		for _, chat := range keys {
			rows, err := t.query(missingInChat, r.Name, chat)
			list, err := collect(rows, err, scanID)
			if err != nil {
				return err
			}
			if err := t.copyTo(chat, list, true); err != nil {
				return err
			}
		}
	}
	return nil
}
