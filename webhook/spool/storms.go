package spool

import (
	"database/sql"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	selectStorm = `SELECT began_at, rang_at, summary, ends FROM storms WHERE chat = ?`
	setStorm    = `INSERT INTO storms (chat, began_at, rang_at, summary, ends) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET began_at = excluded.began_at, rang_at = excluded.rang_at, summary = excluded.summary, ends = excluded.ends`
	deleteStorm = `DELETE FROM storms WHERE chat = ?`
	renameStorm = `UPDATE storms SET chat = ?1 WHERE chat = ?2`
	// The old messages cannot be edited.
	forgetSummaries = `DELETE FROM summarized WHERE message IN (SELECT id FROM messages WHERE chat = ?)`

	ownSince        = `SELECT EXISTS (SELECT 1 FROM messages WHERE created_at BETWEEN ?1 AND ?4 AND chat = ?2 AND group_key = ?3 AND kind = 'alert')`
	newsOfChat      = `SELECT count(DISTINCT i.scope) FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ? AND v.pending = 1 AND v.flap = 0 AND v.shown = 0`
	setBegan        = `UPDATE messages SET storm_at = ? WHERE id = ?`
	beganOf         = `SELECT storm_at FROM messages WHERE id = ?`
	summariesSince  = `SELECT count(*) FROM messages WHERE created_at BETWEEN ? AND ? AND chat = ? AND kind = 'summary'`
	silentReminders = `SELECT NOT EXISTS (SELECT 1 FROM reminders WHERE chat = ? AND notify >= ? AND ambiguous < ?)`
	dropEmpty       = `DELETE FROM reminders WHERE chat = ?1 AND NOT EXISTS (SELECT 1 FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.shown = 1 AND i.resolved_at IS NULL
			AND (i.scope = reminders.group_key OR reminders.group_key = '' AND v.first_message IS NULL))`
)

// NoSummary in place of an id means that the newest summary is full or cannot be
// edited.
const NoSummary = -1

// Storm is a time in which a chat has more groups with news than the service's rates
// allow messages. Times are those of this replica.
type Storm struct {
	Began time.Time
	Rang  time.Time // the last summary that was a new message; zero for none
	// Summary and Ends are the ids of the newest summary and of the newest
	// summary of ends; 0 for none.
	Summary, Ends int64
}

// Storm returns the storm of a chat, or nil.
func (t *Tx) Storm(chat string) (*Storm, error) {
	var began, rang int64
	var s Storm
	err := t.queryRow(selectStorm, chat).Scan(&began, &rang, &s.Summary, &s.Ends)
	if err != nil && IsItem(err) { // none, or a damaged one, which the next one replaces
		return nil, nil
	}
	s.Began = time.UnixMicro(began)
	if rang != 0 {
		s.Rang = time.UnixMicro(rang)
	}
	return &s, err
}

// SetStorm stores the storm of a chat.
func (t *Tx) SetStorm(chat string, s Storm) error {
	rang := int64(0)
	if !s.Rang.IsZero() {
		rang = s.Rang.UnixMicro()
	}
	_, err := t.exec(setStorm, chat, s.Began.UnixMicro(), rang, s.Summary, s.Ends)
	return err
}

// EndStorm records that the chat has no storm.
func (t *Tx) EndStorm(chat string) error {
	_, err := t.exec(deleteStorm, chat)
	return err
}

// DropParts removes the parts of messages that were not sent. Their alerts are
// planned again.
func (t *Tx) DropParts(chat string) error {
	_, err := t.exec(deleteQueued, chat)
	return err
}

// GroupsWithNews returns the number of groups with alerts that a chat does not
// show.
func (t *Tx) GroupsWithNews(chat string) (n int, err error) {
	err = t.queryRow(newsOfChat, chat).Scan(&n)
	return n, err
}

// HasOwnMessage reports whether a group got a message of its own since a time.
// One that is later than now was stored before the clock was set back.
func (t *Tx) HasOwnMessage(chat, group string, since, now time.Time) (yes bool, err error) {
	err = t.queryRow(ownSince, since.UnixMicro(), chat, group, now.UnixMicro()).Scan(&yes)
	return yes, err
}

// NoteSummary records in the storm of a chat that it shows a new summary.
func (t *Tx) NoteSummary(m *Message, at time.Time) error {
	s, err := t.Storm(m.Chat)
	if err != nil {
		return err
	}
	if s == nil {
		began, err := t.Began(m.ID)
		if err != nil || began.IsZero() {
			return err
		}
		s = &Storm{Began: began}
	}
	switch m.Kind {
	case message.SummaryStart:
		s.Summary, s.Rang = m.ID, at
	case message.SummaryEnds:
		s.Ends = m.ID
	}
	return t.SetStorm(m.Chat, *s)
}

// FullSummary records that nothing can be added to a summary.
func (t *Tx) FullSummary(m *Message) error {
	s, err := t.Storm(m.Chat)
	if s == nil || err != nil {
		return err
	}
	if s.Summary == m.ID {
		s.Summary = NoSummary
	}
	if s.Ends == m.ID {
		s.Ends = 0
	}
	return t.SetStorm(m.Chat, *s)
}

// LeaveSummary records that a summary cannot be edited any more.
func (t *Tx) LeaveSummary(m *Message) error {
	if _, err := t.exec(editForgotten, m.ID); err != nil {
		return err
	}
	return t.FullSummary(m)
}

// SetBegan stores the beginning of the storm of a summary.
func (t *Tx) SetBegan(id int64, at time.Time) error {
	_, err := t.exec(setBegan, at.UnixMicro(), id)
	return err
}

// Began returns the beginning of the storm of a summary.
func (t *Tx) Began(id int64) (time.Time, error) {
	var at sql.NullInt64
	err := t.queryRow(beganOf, id).Scan(&at)
	return fromMicro(at), err
}

// SummariesSince returns the number of summaries that were made since a time, until
// now.
func (t *Tx) SummariesSince(chat string, since, now time.Time) (n int, err error) {
	err = t.queryRow(summariesSince, since.UnixMicro(), now.UnixMicro(), chat).Scan(&n)
	return n, err
}

// SilentReminders reports whether no reminder asks for a sound. One that calls
// without an answer may have shown so often is silent.
func (t *Tx) SilentReminders(chat string, ambiguous int) (silent bool, err error) {
	err = t.queryRow(silentReminders, chat, state.Loud, ambiguous).Scan(&silent)
	return silent, err
}

// DropEmptyReminders removes the reminders of groups of which nothing fires.
func (t *Tx) DropEmptyReminders(chat string) error {
	_, err := t.exec(dropEmpty, chat)
	return err
}

// messageIn returns the message of a kind with an id in the chat, or 0.
func (t *Tx) messageIn(chat, shown string, kind message.Kind) (id int64, err error) {
	err = t.queryRow(messageByID, chat, shown, kind).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}
