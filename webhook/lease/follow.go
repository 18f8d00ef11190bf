package webhook

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/replica"
)

// follower applies what other replicas did, in a transaction.
type follower struct {
	service *Service
	state   state
	tx      *txn
	twice   map[string]int // messages that this replica had told as well, by chat
}

// follow applies events, and remembers up to where the journal is read.
func (s *Service) follow(events []replica.Event, journal, upTo int64) error {
	for len(events) > 0 {
		// Acceptance waits for the transaction, so it is a short one.
		some := events[:min(len(events), applyAtOnce)]
		events = events[len(some):]
		place := some[len(some)-1].ID
		if len(events) == 0 {
			place = upTo
		}
		f := &follower{service: s}
		if err := s.spool.do(func(tx *txn) error {
			f.tx, f.state, f.twice = tx, state{tx: tx, chats: s.keys, scale: s.scale()}, map[string]int{}
			for _, e := range some {
				if err := f.apply(e); err != nil {
					return err
				}
			}
			return setPlace(tx, journal, place)
		}); err != nil {
			return err
		}
		for chat, n := range f.twice {
			s.metrics.duplicated.WithLabelValues(chat).Add(float64(n))
			s.config.Log.Warn("another replica told the same: the chat shows a message twice", "chat", chat, "messages", n)
		}
		s.pokeAll()
	}
	return nil
}

// apply brings the state up to an event. One that can't be understood, from a
// later version, holds no other.
func (f *follower) apply(e replica.Event) error {
	if _, _, err := f.state.refire(e.At); err != nil {
		return err
	}
	var err, unreadable error
	switch e.Kind {
	case eventNotification:
		var n notificationEvent
		if unreadable = json.Unmarshal(e.Body, &n); unreadable == nil {
			unreadable, err = f.notification(e, n)
		}
	case eventCall:
		var c callEvent
		if unreadable = json.Unmarshal(e.Body, &c); unreadable == nil {
			err = f.call(e, c)
		}
	case eventClosed:
		var c closedEvent
		if unreadable = json.Unmarshal(e.Body, &c); unreadable == nil {
			err = f.closed(e, c)
		}
	case eventOutage:
		var o outageEvent
		if unreadable = json.Unmarshal(e.Body, &o); unreadable == nil {
			err = setOutage(f.tx, outage{time.UnixMicro(o.First), time.UnixMicro(o.From), time.UnixMicro(o.To)})
		}
	default:
		unreadable = fmt.Errorf("an event of the unknown kind %q", e.Kind)
	}
	if unreadable != nil {
		f.service.config.Log.Error("an event of another replica is left out: are the replicas of the same version?", "replica", e.Replica, "event", e.ID, "err", describeJSON(unreadable))
	}
	return err
}

func (f *follower) notification(e replica.Event, n notificationEvent) (unreadable, err error) {
	a := arrival{at: e.At, notify: n.Notify, foreign: true, silent: map[string]bool{}}
	for _, fingerprint := range n.Silent {
		a.silent[fingerprint] = true
	}
	if a.Payload, unreadable = ParsePayload(n.Body); unreadable != nil {
		return unreadable, nil
	}
	// It gets a number here, for the log.
	r, err := f.tx.Exec(`INSERT INTO inbox (received_at, notify, body) VALUES (?, ?, '')`, e.At.UnixMicro(), n.Notify)
	if err != nil {
		return nil, err
	}
	if a.id, err = r.LastInsertId(); err != nil {
		return nil, err
	}
	if _, err := f.tx.Exec(`DELETE FROM inbox WHERE id = ?`, a.id); err != nil {
		return nil, err
	}
	if _, err := f.state.apply(a); err != nil {
		return nil, err
	}
	f.service.config.Log.Debug("received by another replica", "notification", a.id, "replica", e.Replica, "event", e.Seq, "group", a.GroupKey)
	return nil, nil
}

// call notes what a call of another replica changed in the chat.
func (f *follower) call(e replica.Event, c callEvent) error {
	var calls string
	err := f.tx.QueryRow(`UPDATE chats SET migrated_to = ?, dead = ?, not_before = NULLIF(?, 0) WHERE key = ? RETURNING calls`,
		c.MigratedTo, c.Dead, c.NotBefore, c.Chat).Scan(&calls)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // a chat that this replica does not serve
	}
	if err != nil {
		return err
	}
	if err := f.paced(c.Chat, calls, e.At); err != nil {
		return err
	}
	switch {
	case c.Edited != 0:
		_, err = f.tx.Exec(`UPDATE messages SET edit = 0 WHERE chat = ? AND telegram_id = ?`, c.Chat, c.Edited)
	case c.Sent != nil:
		err = f.sent(c.Chat, *c.Sent, e.At)
	}
	return err
}

// paced adds a call to those that the chat's rates are kept by.
func (f *follower) paced(chat, calls string, at time.Time) error {
	var times []int64
	if err := json.Unmarshal([]byte(calls), &times); err != nil {
		return err
	}
	times = append(times, at.UnixMicro())
	times = times[max(0, len(times)-maxCalls):]
	data, err := json.Marshal(times)
	if err != nil {
		return err
	}
	_, err = f.tx.Exec(`UPDATE chats SET calls = ? WHERE key = ?`, string(data), chat)
	return err
}

// sent records a message that another replica sent as one of this one's.
func (f *follower) sent(chat string, m sentEvent, at time.Time) error {
	c := &call{kind: m.Kind, part: m.Part}
	twice := false
	for _, l := range m.Listed {
		id, err := l.find(f.tx)
		if err != nil {
			return err
		}
		if id == 0 {
			continue
		}
		c.listed = append(c.listed, listed{ID: id, Resolved: l.Resolved, News: l.News})
		if m.Kind == message.Alert && l.News {
			var shown int
			if err := f.tx.QueryRow(`SELECT COALESCE(MAX(shown), 0) FROM views WHERE chat = ? AND instance = ?`, chat, id).Scan(&shown); err != nil {
				return err
			}
			twice = twice || shown > 0
		}
	}
	if twice {
		f.twice[chat]++
	}
	// What was to follow here is planned anew, from what the chat shows now.
	if _, err := f.tx.Exec(`DELETE FROM messages WHERE chat = ? AND state = 'queued'`, chat); err != nil {
		return err
	}
	if m.Kind == message.Alert || m.Kind == message.Reminder {
		if _, err := f.tx.Exec(`DELETE FROM reminders WHERE chat = ? AND group_key = ? AND received_at <= ?`, chat, m.Group, at.UnixMicro()); err != nil {
			return err
		}
	}
	list, err := json.Marshal(c.listed)
	if err != nil {
		return err
	}
	r, err := f.tx.Exec(`INSERT INTO messages (chat, group_key, kind, rank, batch, part, parts, content, instances, state, created_at)
		VALUES (?, ?, ?, ?, 0, ?, ?, '', ?, 'sending', ?)`, chat, m.Group, m.Kind, m.Rank, m.Part, m.Parts, string(list), at.UnixMicro())
	if err != nil {
		return err
	}
	if c.message, err = r.LastInsertId(); err != nil {
		return err
	}
	return c.sent(f.tx, chat, m.TelegramID, at)
}

// closed ends an instance that another replica saw end without a resolution.
func (f *follower) closed(e replica.Event, c closedEvent) error {
	id, err := c.find(f.tx)
	if err != nil || id == 0 {
		return err
	}
	list, err := queryInstances(f.tx, `WHERE i.id = ? AND i.resolved_at IS NULL`, id)
	if err != nil || len(list) == 0 {
		return err
	}
	if c.Reason == "" && list[0].held != nil {
		return f.state.release(list[0], e.At, true)
	}
	return f.state.close(list[0], c.Reason, e.At, true)
}
