package spool

import (
	"database/sql"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// Class is a kind of call that can be due. Among equal severities calls are made
// in the order of the classes.
type Class int

// The classes.
const (
	DuePart       Class = iota // the next part of a message
	DueAlert                   // an alert fires, or an urgent alert was resolved before it was delivered
	DueReminder                // an alert still fires
	DueResolution              // an alert is resolved
	DueEdit                    // a message shows an old state
	DueDigest                  // other alerts fired and were resolved before they were delivered
)

// LowestRank is below the rank of every severity.
const LowestRank = 1000

const (
	mostUrgent = selectDue + ` ORDER BY urgency, class, at, id LIMIT 1`
	selectDue  = `
		SELECT class, CASE class WHEN 5 THEN ?4 ELSE rank END AS urgency, at, id, group_key FROM (
			SELECT 0 AS class, rank, created_at AS at, id, group_key FROM messages WHERE chat = ?1 AND state = 'queued'
			UNION ALL
			SELECT CASE
					WHEN v.shown = 0 AND (i.resolved_at IS NULL OR i.rank < ?3 OR i.closed = 'note') THEN 1
					WHEN v.shown = 1 THEN 3
					ELSE 5
				END, i.rank, i.received_at, i.id, i.scope
				FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.pending = 1 AND i.own >= ?2
			UNION ALL
			SELECT 2, COALESCE((SELECT MIN(i.rank) FROM instances i WHERE i.scope = r.group_key AND i.resolved_at IS NULL), ?4),
				r.received_at, 0, r.group_key FROM reminders r WHERE r.chat = ?1 AND r.own >= ?2
			UNION ALL
			SELECT 4, rank, created_at, id, group_key FROM messages WHERE chat = ?1 AND edit <> 0 AND edit = 1
		)`

	selectViews = `SELECT ` + instanceColumns + `, v.shown, v.first_message, v.ambiguous `
	viewsOpen   = selectViews + `FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1
		WHERE i.scope = ?2 AND i.resolved_at IS NULL ORDER BY i.id`
	viewsResolved = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND i.scope = ?2 AND i.resolved_at IS NOT NULL ORDER BY i.id`
	viewsDigest = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND v.shown = 0 AND i.resolved_at IS NOT NULL AND i.rank >= ?2 AND i.closed <> 'note' ORDER BY i.id`
	viewsMoved = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.shown = 1 AND v.first_message IS NULL AND i.resolved_at IS NULL ORDER BY i.id`
	viewOfInstance = selectViews + `FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1 WHERE i.id = ?2`

	groupTruncated = `SELECT truncated FROM groups WHERE key = ?`
	selectReminder = `SELECT notify, ambiguous FROM reminders WHERE chat = ? AND group_key = ?`
	// The group of a damaged row can be binary.
	dropReminder  = `DELETE FROM reminders WHERE chat = ? AND CAST(group_key AS TEXT) = ?`
	dropReminders = `DELETE FROM reminders WHERE chat = ? AND group_key = ? AND received_at <= ?`
	// A reminder that arrived after the message was planned stays.
	dropPlannedReminder = `DELETE FROM reminders WHERE chat = ? AND group_key = ? AND received_at <= (SELECT created_at FROM messages WHERE id = ?)`
)

// Due is a call that is due to a chat.
type Due struct {
	Class Class
	Group string // see [state.Scope]
	ID    int64  // of the message of DuePart and DueEdit
}

// MostUrgent returns the call that is due first, or false if none is due.
// Urgent is the number of urgent ranks. With ownOnly it leaves out alerts that
// only another replica received.
func (t *Tx) MostUrgent(chat string, ownOnly bool, urgent int) (d Due, ok bool, err error) {
	return t.firstDue(mostUrgent, chat, ownOnly, urgent, LowestRank)
}

func (t *Tx) firstDue(query string, args ...any) (d Due, ok bool, err error) {
	var rank, at any // of any type in a damaged row
	err = t.queryRow(query, args...).Scan(&d.Class, &rank, &at, &d.ID, &d.Group)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// Shown is the state of an instance in a chat.
type Shown int

// States of an instance in a chat.
const (
	ShownNothing Shown = iota
	ShownFiring
	ShownResolved
)

// View is an instance as a chat shows it.
type View struct {
	*state.Instance
	Shown Shown
	First int64 // the message that showed it first; 0 for none
	// Ambiguous is the number of calls without an answer, each of which may have
	// shown the present state.
	Ambiguous int
}

// OpenViews returns the firing instances of a group.
func (t *Tx) OpenViews(chat, group string) ([]View, error) { return t.views(viewsOpen, chat, group) }

// ResolvedViews returns the resolved instances of a group that the chat does
// not show as resolved.
func (t *Tx) ResolvedViews(chat, group string) ([]View, error) {
	return t.views(viewsResolved, chat, group)
}

// DigestViews returns the instances that were resolved before they were delivered
// and are not urgent.
func (t *Tx) DigestViews(chat string, urgent int) ([]View, error) {
	return t.views(viewsDigest, chat, urgent)
}

// MovedViews returns the firing instances that the chat shows in no message,
// because it got a new id after it showed them.
func (t *Tx) MovedViews(chat string) ([]View, error) { return t.views(viewsMoved, chat) }

// ListedViews returns the instances that a message lists.
func (t *Tx) ListedViews(chat string, listed []state.Listed) (list []View, err error) {
	for _, l := range listed {
		v, err := t.views(viewOfInstance, chat, l.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, v...)
	}
	return list, nil
}

func (t *Tx) views(query string, args ...any) ([]View, error) {
	rows, err := t.query(query, args...)
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (v View, err error) {
		var first sql.NullInt64
		v.Instance, err = scanInstance(rows, &v.Shown, &first, &v.Ambiguous)
		v.First = first.Int64
		return v, err
	})
	if err != nil {
		return nil, err
	}
	return list, t.setAsideInstances(bad)
}

// Truncated returns the number of alerts of a group that Alertmanager left out.
// If the number cannot be read, it is 0, and the message does not show it.
func (t *Tx) Truncated(group string) (n uint64) {
	_ = t.queryRow(groupTruncated, group).Scan(&n)
	return n
}

// Reminder returns the sound of the reminder of a group, and the number of calls
// without an answer that may have shown it. It removes one that cannot be read.
func (t *Tx) Reminder(chat, group string) (notify state.Loudness, ambiguous int, err error) {
	err = t.queryRow(selectReminder, chat, group).Scan(&notify, &ambiguous)
	if err != nil && IsItem(err) {
		return state.Loud, 0, t.DropReminder(chat, group)
	}
	return notify.Known(), ambiguous, err
}

// DropReminder removes the reminder of a group of which nothing fires.
func (t *Tx) DropReminder(chat, group string) error {
	_, err := t.exec(dropReminder, chat, group)
	return err
}

// DropReminders removes the reminder of a group that is no newer than a time.
func (t *Tx) DropReminders(chat, group string, upTo time.Time) error {
	_, err := t.exec(dropReminders, chat, group, upTo.UnixMicro())
	return err
}
