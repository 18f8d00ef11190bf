package lease

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
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

// hashOf returns a hash of the identity of an event.
func hashOf(replica string, seq int64) int64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", replica, seq)
	return int64(h.Sum64())
}

// follower applies the events of other replicas, in a transaction.
type follower struct {
	spool.Applier
	log        *slog.Logger
	duplicates map[string]int // messages that repeat what this replica had delivered, by chat
	held       bool           // a report has to be judged, see [Options.Followed]
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
			f = follower{Applier: spool.Applier{Tx: tx, Chats: s.Chats(), Rank: s.Rank, Sound: s.Sound}, log: s.Log, duplicates: map[string]int{}}
			for _, e := range some {
				err := tx.Try(func() error { return f.apply(e) })
				if err != nil && spool.IsItem(err) {
					err = setAside(tx, e, err)
				}
				if err != nil {
					return err
				}
			}
			last := some[len(some)-1]
			return errors.Join(tx.SetJournalPlace(s.journal, place), tx.SetJournalEntry(spool.JournalEntry{Place: last.ID, Hash: hashOf(last.Replica, last.Seq)}))
		}); err != nil {
			return err
		}
		for chat, n := range f.duplicates {
			s.Duplicates(chat, n)
			s.Log.Warn("another replica delivered the same alert: the chat shows a message twice", "chat", chat, "messages", n)
		}
		s.Followed(f.held)
	}
	return nil
}

// setAside sets aside an event that cannot be applied. An event of a kind that only
// a later version knows is counted: it need not be about an alert.
func setAside(tx *spool.Tx, e Event, reason error) error {
	a := spool.Aside{Kind: api.AsideEvent, Reason: fmt.Sprintf("event %d of replica %s: %v", e.ID, e.Replica, reason), Body: e.Body}
	if errors.Is(reason, errUnknownKind) {
		tx.CountAside(a)
		return nil
	}
	a.Receiver, a.Alerts = state.Glean(e.Body)
	return tx.SetAside(a, time.Now())
}

// errUnknownKind is the error of an event of a kind that this version does not
// know.
var errUnknownKind = errors.New("unknown kind: run the same version in all replicas")

// apply applies an event.
func (f *follower) apply(e Event) error {
	if _, _, err := f.Refire(e.At); err != nil {
		return err
	}
	switch e.Kind {
	case state.EventNotification:
		return applied(e, f.notification)
	case state.EventCall:
		return applied(e, f.call)
	case state.EventClosed:
		return applied(e, f.closed)
	case state.EventOutage:
		return applied(e, func(e Event, o state.OutageEvent) error {
			return f.Tx.SetOutage(o.Cluster, state.Outage{From: time.UnixMicro(o.From), To: time.UnixMicro(o.To), SeenAt: e.At})
		})
	default:
		return fmt.Errorf("%q: %w", e.Kind, errUnknownKind)
	}
}

// applied decodes the body of an event and calls a function with it.
func applied[T any](e Event, apply func(Event, T) error) error {
	var body T
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return state.DescribeJSON(err)
	}
	return apply(e, body)
}

// notification applies a notification that another replica received.
func (f *follower) notification(e Event, n state.NotificationEvent) (err error) {
	for i, chat := range n.Chats {
		n.Chats[i] = f.Chats.Spelled(chat)
	}
	a := state.Arrival{At: e.At, Notify: n.Notify, Receiver: n.Receiver, Chats: n.Chats, Only: n.Only, Elsewhere: true, OldCluster: n.Cluster == nil, Held: map[string]bool{}}
	if n.Cluster != nil {
		a.Cluster = *n.Cluster
	}
	for _, fingerprint := range n.Held {
		a.Held[fingerprint] = true
	}
	if a.Payload, err = state.ParsePayload(n.Body); err != nil {
		return err
	}
	if a.ID, err = f.Tx.NumberArrival(e.At, n.Notify); err != nil { // for the log
		return err
	}
	done, err := f.Apply(a)
	if err != nil {
		return err
	}
	if err := f.ShareAdded(a, n); err != nil {
		return err
	}
	f.held = f.held || done.Held
	f.log.Debug("received by another replica", "notification", a.ID, "replica", e.Replica, "event", e.Seq, "group", a.GroupKey)
	return nil
}

// call applies the change that a call of another replica made in a chat.
func (f *follower) call(e Event, c state.CallEvent) error {
	c.Chat = f.Chats.Spelled(c.Chat)
	for _, sent := range []*state.SentEvent{c.Sent, c.Ambiguous} {
		for i := 0; sent != nil && i < len(sent.Listed); i++ {
			sent.Listed[i].Chat = f.Chats.Spelled(sent.Listed[i].Chat)
		}
	}
	chat := spool.Chat{MigratedTo: c.MigratedTo, Dead: c.Dead}
	if c.NotBefore != 0 {
		chat.NotBefore = time.UnixMicro(c.NotBefore)
	}
	present, err := f.Tx.SetChat(c.Chat, chat, e.At, true)
	if err == nil && present == nil && c.Lists() {
		if err = f.Tx.Foreign(c.Chat); err == nil {
			present, err = f.Tx.SetChat(c.Chat, chat, e.At, true)
		}
	}
	if err != nil || present == nil {
		return err
	}
	if err := f.Tx.AddCall(c.Chat, e.At); err != nil {
		return err
	}
	switch {
	case present.MigratedTo != c.MigratedTo: // its messages are in the chat that was before
	case c.EditID() != "":
		return f.Tx.EditedElsewhere(c.Chat, c.EditID())
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
	c.Chat = f.Chats.Spelled(c.Chat)
	id, err := f.Tx.Find(c.InstanceKey, "")
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
	c.Released = c.Released || c.Reason == ""
	return f.Close(i, c.Ending, e.At, true)
}
