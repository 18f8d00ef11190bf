package lease

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// followAtOnce is the maximum number of events that one transaction applies, and
// followBytes about the maximum size, because the acceptance of notifications
// waits for it.
const (
	followAtOnce = 64
	followBytes  = 64 << 10
)

// firstEvents returns the events of the next transaction, at least one.
func firstEvents(events []Event) []Event {
	n, size := 1, len(events[0].Body)
	for n < min(len(events), followAtOnce) && size+len(events[n].Body) <= followBytes {
		size += len(events[n].Body)
		n++
	}
	return events[:n]
}

// follower applies the events of other replicas, in a transaction.
type follower struct {
	spool.Applier
	log        *slog.Logger
	duplicates map[string]int // messages that repeat what this replica had delivered, by chat
}

// follow applies events, and stores the place up to which the journal was read.
func (s *Sharer) follow(events []Event, upTo int64) error {
	for len(events) > 0 {
		some := firstEvents(events)
		events = events[len(some):]
		place := some[len(some)-1].ID
		if len(events) == 0 {
			place = upTo
		}
		var f follower
		if err := s.Spool.Do(func(tx *spool.Tx) error {
			f = follower{spool.Applier{Tx: tx, Chats: s.Chats, Rank: s.Rank}, s.Log, map[string]int{}}
			for _, e := range some {
				err := tx.Try(func() error { return f.apply(e) })
				if err != nil && spool.IsItem(err) {
					err = tx.SetAside(spool.Aside{Kind: api.AsideEvent, Reason: fmt.Sprintf("event %d of replica %s: %v", e.ID, e.Replica, err), Body: e.Body}, time.Now())
				}
				if err != nil {
					return err
				}
			}
			return tx.SetJournalPlace(s.journal, place)
		}); err != nil {
			return err
		}
		for chat, n := range f.duplicates {
			s.Duplicates(chat, n)
			s.Log.Warn("another replica delivered the same alert: the chat shows a message twice", "chat", chat, "messages", n)
		}
		s.Followed()
	}
	return nil
}

// apply applies an event. It skips an event of a later version, which it cannot
// read.
func (f *follower) apply(e Event) error {
	if _, _, err := f.Refire(e.At); err != nil {
		return err
	}
	var err, unreadable error
	switch e.Kind {
	case state.EventNotification:
		var n state.NotificationEvent
		if unreadable = json.Unmarshal(e.Body, &n); unreadable == nil {
			unreadable, err = f.notification(e, n)
		}
	case state.EventCall:
		var c state.CallEvent
		if unreadable = json.Unmarshal(e.Body, &c); unreadable == nil {
			err = f.call(e, c)
		}
	case state.EventClosed:
		var c state.ClosedEvent
		if unreadable = json.Unmarshal(e.Body, &c); unreadable == nil {
			err = f.closed(e, c)
		}
	case state.EventOutage:
		var o state.OutageEvent
		if unreadable = json.Unmarshal(e.Body, &o); unreadable == nil {
			err = f.Tx.SetOutage(o.Cluster, state.Outage{From: time.UnixMicro(o.From), To: time.UnixMicro(o.To), SeenAt: e.At})
		}
	default:
		unreadable = fmt.Errorf("an event of the unknown kind %q", e.Kind)
	}
	if unreadable != nil {
		f.log.Error("event of another replica skipped: run the same version in all replicas", "replica", e.Replica, "event", e.ID, "err", state.DescribeJSON(unreadable))
	}
	return err
}

// notification applies a notification that another replica received.
func (f *follower) notification(e Event, n state.NotificationEvent) (unreadable, err error) {
	a := state.Arrival{At: e.At, Notify: n.Notify, Elsewhere: true, OldCluster: n.Cluster == nil, Held: map[string]bool{}}
	if n.Cluster != nil {
		a.Cluster = *n.Cluster
	}
	for _, fingerprint := range n.Held {
		a.Held[fingerprint] = true
	}
	if a.Payload, unreadable = state.ParsePayload(n.Body); unreadable != nil {
		return unreadable, nil
	}
	if a.ID, err = f.Tx.NumberArrival(e.At, n.Notify); err != nil { // for the log
		return nil, err
	}
	if _, err := f.Apply(a); err != nil {
		return nil, err
	}
	f.log.Debug("received by another replica", "notification", a.ID, "replica", e.Replica, "event", e.Seq, "group", a.GroupKey)
	return nil, nil
}

// call applies the change that a call of another replica made in a chat.
func (f *follower) call(e Event, c state.CallEvent) error {
	chat := spool.Chat{MigratedTo: c.MigratedTo, Dead: c.Dead}
	if c.NotBefore != 0 {
		chat.NotBefore = time.UnixMicro(c.NotBefore)
	}
	present, err := f.Tx.SetChat(c.Chat, chat, e.At, true)
	if err != nil || present == nil {
		return err
	}
	if err := f.Tx.AddCall(c.Chat, e.At); err != nil {
		return err
	}
	switch {
	case present.MigratedTo != c.MigratedTo: // its messages are in the chat that was before
	case c.Edited != 0:
		return f.Tx.EditedElsewhere(c.Chat, c.Edited)
	case c.Ambiguous != nil:
		return f.Tx.AmbiguousElsewhere(c.Chat, *c.Ambiguous)
	case c.Sent != nil:
		duplicate, err := f.Tx.SentElsewhere(c.Chat, *c.Sent, e.At)
		if duplicate {
			f.duplicates[c.Chat]++
		}
		return err
	}
	return nil
}

// closed ends an instance that ended at another replica without a resolution. One
// that has ended here stays so.
func (f *follower) closed(e Event, c state.ClosedEvent) error {
	id, err := f.Tx.Find(c.InstanceKey)
	if err != nil || id == 0 {
		return err
	}
	if i, err := f.Tx.ResolvedInstance(id); i != nil || err != nil {
		if err != nil || i.RefireAt.IsZero() {
			return err
		}
		return f.StaysClosed(i, e.At)
	}
	i, err := f.Tx.FiringInstance(id)
	if err != nil || i == nil {
		return err
	}
	return f.Close(i, c.Reason, c.Released || c.Reason == "", e.At, true)
}
