package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// SentElsewhere records a message that another replica sent, as if this one had
// sent it. It reports whether the message repeats an alert that this replica had
// delivered.
func (t *Tx) SentElsewhere(chat string, e state.SentEvent, at time.Time) (duplicate bool, err error) {
	if e.ID() == "" { // an earlier version gave up on a message that was refused
		return false, nil
	}
	if e.Kind.Summarizes() {
		return false, t.summarizedElsewhere(chat, e, at)
	}
	if e.Kind == message.Flapping {
		if id, err := t.messageIn(chat, e.ID(), e.Kind); err != nil || id != 0 {
			return false, errors.Join(err, t.flapEditedElsewhere(id, chat, e, at))
		}
	}
	// If the spool was restored, the journal has messages that it knows.
	if err := t.queryRow(knownMessage, chat, e.ID(), at.UnixMicro()).Scan(new(any)); !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	m, err := t.elsewhere(chat, e)
	if err != nil {
		return false, err
	}
	for _, l := range m.Listed {
		if m.Kind == message.Alert && l.News {
			var shown Shown
			if err := t.queryRow(shownOf, chat, l.ID).Scan(&shown); err != nil {
				return false, err
			}
			duplicate = duplicate || shown > ShownNothing
		}
	}
	// Parts that wait here are planned again, from what the chat now shows.
	if _, err := t.exec(deleteQueued, chat); err != nil {
		return false, err
	}
	if m.Kind == message.Alert || m.Kind == message.Reminder {
		// A reminder that came here shortly after is the twin of the one that the
		// other replica delivered.
		if err := t.DropReminders(chat, m.Group, at.Add(state.Settle)); err != nil {
			return false, err
		}
	}
	list, err := json.Marshal(m.Listed)
	if err != nil {
		return false, err
	}
	if m.ID, err = t.insert(insertMessage, chat, m.Group, m.Kind, m.Rank, 0, m.Part, m.Parts, "", string(list), "sending", at.UnixMicro()); err != nil {
		return false, err
	}
	if err := t.Sent(m, e.ID(), at); err != nil {
		return false, err
	}
	return duplicate, t.flapElsewhere(m, e)
}

// viewForeign lets a chat show an alert that another replica showed there: one of its
// own, or one that the default chats share if this replica lacks the chat.
const viewForeign = `INSERT INTO views (chat, instance, pending) SELECT ?1, id, 0 FROM instances WHERE id = ?2 AND (chat = ?1 OR chat = ''
	AND EXISTS (SELECT 1 FROM chats WHERE key = ?1 AND removed_at IS NOT NULL)) ON CONFLICT DO NOTHING`

// elsewhere returns a message of another replica with the instances that this
// replica knows.
func (t *Tx) elsewhere(chat string, e state.SentEvent) (*Message, error) {
	m := &Message{Chat: chat, Group: e.Group, Kind: e.Kind, Rank: e.Rank, Part: e.Part, Parts: e.Parts}
	for _, l := range e.Listed {
		id, err := t.Find(l.InstanceKey, chat)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			continue
		}
		if _, err := t.exec(viewForeign, chat, id); err != nil {
			return nil, err
		}
		if len(m.Listed) == 0 && e.Group != MovedGroup {
			known, err := t.Key(id)
			if err != nil {
				return nil, err
			}
			m.Group = state.Scope(*known.Cluster, e.Group)
		}
		m.Listed = append(m.Listed, state.Listed{ID: id, Resolved: l.Resolved, News: l.News})
	}
	return m, nil
}

// AmbiguousElsewhere records that a call of another replica had no answer.
func (t *Tx) AmbiguousElsewhere(chat string, e state.SentEvent) error {
	m, err := t.elsewhere(chat, e)
	if err != nil {
		return err
	}
	return t.Ambiguous(m)
}

// EditedElsewhere records that another replica edited a message.
func (t *Tx) EditedElsewhere(chat, id string) error {
	_, err := t.exec(editedBy, chat, id)
	return err
}
