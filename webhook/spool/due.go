package spool

import (
	"cmp"
	"database/sql"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// Class is a kind of call that can be due. Among equal severities calls are made
// in the order of the classes.
type Class int

// The classes.
const (
	DuePart        Class = iota // the next part of a message
	DueAlert                    // an alert fires, or an urgent alert was resolved before it was delivered
	DueReminder                 // an alert still fires
	DueResolution               // an alert is resolved
	DueEdit                     // a message shows an old state
	DueDigest                   // other alerts fired and were resolved before they were delivered
	DueSummaryEdit              // a message that names many alerts shows an old state
	DueFlap                     // an urgent alert that flaps fires
	DueFlapFires                // an alert that flaps has been firing for long
	DueFlapEdit                 // the message about an alert that flaps shows an old state
	DueFlapOver                 // an alert that flaps has been resolved for long
)

// LowestRank is below the rank of every severity.
const LowestRank = 1000

const (
	// Each group with a pending alert is due once in a class.
	pendingDues = `SELECT CASE
				WHEN v.shown = 0 AND (i.resolved_at IS NULL OR i.rank < ?3 OR i.closed = 'note') THEN 1
				WHEN v.shown = 1 THEN 3
				ELSE 5
			END AS class, MIN(i.rank), MIN(i.received_at), MIN(i.id), i.scope, COUNT(*), MIN(i.first_at)
		FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.pending = 1 AND v.flap = 0 AND i.own >= ?2 GROUP BY class, i.scope`
	reminderDues = `SELECT COALESCE((SELECT MIN(i.rank) FROM instances i WHERE i.scope = r.group_key AND i.resolved_at IS NULL), ?3),
		r.received_at, r.group_key, CASE r.group_key
			WHEN '' THEN (SELECT count(*) FROM views v JOIN instances i ON i.id = v.instance
				WHERE v.chat = ?1 AND v.shown = 1 AND v.first_message IS NULL AND i.resolved_at IS NULL)
			ELSE (SELECT count(*) FROM instances i WHERE i.scope = r.group_key AND i.resolved_at IS NULL) END FROM reminders r WHERE r.chat = ?1 AND r.own >= ?2`
	partDue       = `SELECT rank, created_at, id, group_key FROM messages WHERE chat = ? AND state = 'queued' ORDER BY rank, created_at, id LIMIT 1`
	groupsInParts = `SELECT group_key, MIN(rank) FROM messages WHERE chat = ? AND state = 'queued' GROUP BY group_key`
	editDue       = `SELECT rank, created_at, id, group_key, kind FROM messages WHERE chat = ? AND edit <> 0 AND edit = 1 AND instances <> '[]'
		ORDER BY rank, created_at, id LIMIT 1`
	deleteGroupParts = `DELETE FROM messages WHERE chat = ? AND state = 'queued' AND group_key = ?`
	listEditDue      = `SELECT rank, created_at, id, group_key, kind FROM messages WHERE chat = ? AND edit <> 0 AND edit = 1 AND instances = '[]'
		ORDER BY rank, created_at DESC, id DESC LIMIT 1`

	selectViews = `SELECT ` + instanceColumns + `, v.shown, v.first_message, v.ambiguous, v.flap `
	viewsOpen   = selectViews + `FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1
		WHERE i.scope = ?2 AND i.resolved_at IS NULL ORDER BY i.id`
	viewsResolved = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND v.flap = 0 AND i.scope = ?2 AND i.resolved_at IS NOT NULL ORDER BY i.id`
	viewsDigest = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND v.flap = 0 AND v.shown = 0 AND i.resolved_at IS NOT NULL AND i.rank >= ?2 AND i.closed <> 'note' ORDER BY i.id`
	viewsFresh = selectViews + `FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.pending = 1 AND v.flap = 0 AND v.shown = 0
		AND i.scope = ?2 AND i.own >= ?3 AND (i.resolved_at IS NULL OR i.rank < ?4 OR i.closed = 'note') ORDER BY i.rank, i.id LIMIT ?5`
	viewsMoved = selectViews + `FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.shown = 1 AND v.first_message IS NULL AND i.resolved_at IS NULL ORDER BY i.id`
	viewOfInstance = selectViews + `FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1 WHERE i.id = ?2`

	groupTruncated = `SELECT truncated FROM groups WHERE key = ?`
	selectReminder = `SELECT notify, ambiguous FROM reminders WHERE chat = ? AND group_key = ?`
	// The group of a damaged row can be binary.
	dropReminder  = `DELETE FROM reminders WHERE chat = ? AND CAST(group_key AS TEXT) = ?`
	dropReminders = `DELETE FROM reminders WHERE chat = ? AND group_key = ? AND received_at <= ?`
	// A reminder that arrived after the message was planned stays. One that is later
	// than now arrived before the clock was set back.
	dropPlannedReminder = `DELETE FROM reminders WHERE chat = ? AND group_key = ?
		AND (received_at <= (SELECT created_at FROM messages WHERE id = ?) OR received_at > ?)`
)

// Due is a call that is due to a chat.
type Due struct {
	Class Class
	Group string // see [state.Scope]
	ID    int64  // of the message that it concerns, unless it is about a group

	Rank   int // of the most severe alert
	Alerts int // that it is about
	// At is the receipt of the oldest change that it shows, and FirstAt that of
	// the oldest alert.
	At, FirstAt time.Time
	Kind        message.Kind // of the message that an edit changes
	order       int64        // among equals
	parted      bool         // parts of a message show its alerts
}

// Urgent reports whether it is about an alert of an urgent rank.
func (d Due) Urgent(ranks int) bool {
	return d.Rank < ranks && (d.Class == DueAlert || d.Class == DueFlap || d.Class == DueFlapFires)
}

// place is the place of the class among equal severities.
func (d Due) place() Class {
	switch d.Class {
	case DueFlap, DueFlapFires:
		return DueAlert
	case DueFlapEdit:
		return DueEdit
	}
	return d.Class
}

// urgency is the rank that orders the calls.
func (d Due) urgency() int {
	if d.Class == DueDigest {
		return LowestRank
	}
	return d.Rank
}

// compare orders calls: the most urgent first.
func (d Due) compare(e Due) int {
	return cmp.Or(cmp.Compare(d.urgency(), e.urgency()), cmp.Compare(d.place(), e.place()), d.At.Compare(e.At), cmp.Compare(d.order, e.order))
}

// Dues are the calls that are due to a chat.
type Dues []Due

// First returns the call that is due first among those that a function accepts.
// A part of a message yields to the first message of each group.
func (ds Dues) First(accept func(Due) bool) (first Due, ok bool) {
	var alert Due
	var alerts bool
	for _, d := range ds {
		if d.parted || !accept(d) {
			continue
		}
		if !ok || d.compare(first) < 0 {
			first, ok = d, true
		}
		if d.Class == DueAlert && (!alerts || d.compare(alert) < 0) {
			alert, alerts = d, true
		}
	}
	if first.Class == DuePart && alerts {
		first = alert
	}
	return first, ok
}

// Dues returns the calls that are due to a chat. Urgent is the number of urgent
// ranks. With ownOnly it leaves out alerts that only another replica received.
// Next is the time at which another one becomes due, or zero.
func (t *Tx) Dues(chat string, ownOnly bool, urgent int, now time.Time) (list Dues, next time.Time, err error) {
	if err := t.soundFlaps(chat); err != nil {
		return nil, next, err
	}
	for _, due := range []struct {
		query string
		args  []any
		scan  func(*sql.Rows) (Due, error)
	}{
		{pendingDues, []any{chat, ownOnly, urgent}, scanPending},
		{reminderDues, []any{chat, ownOnly, LowestRank}, scanReminder},
		{partDue, []any{chat}, scanMessage(DuePart)},
		{editDue, []any{chat}, scanMessage(DueEdit)},
		{listEditDue, []any{chat}, scanMessage(DueSummaryEdit)},
	} {
		rows, err := t.query(due.query, due.args...)
		some, err := collect(rows, err, due.scan)
		if err != nil {
			return nil, next, err
		}
		list = append(list, some...)
	}
	if err := t.markParted(chat, list); err != nil {
		return nil, next, err
	}
	flaps, next, err := t.flapDues(chat, ownOnly, urgent, now)
	return append(list, flaps...), next, err
}

// The values of a damaged row can be of any type.

func scanPending(rows *sql.Rows) (d Due, err error) {
	var rank, received, first, group any
	err = rows.Scan(&d.Class, &rank, &received, &d.order, &group, &d.Alerts, &first)
	d.Rank, d.At, d.FirstAt, d.Group = int(number(rank)), timeOf(received), timeOf(first), text(group)
	return d, err
}

func scanReminder(rows *sql.Rows) (d Due, err error) {
	var rank, received, group any
	err = rows.Scan(&rank, &received, &group, &d.Alerts)
	d.Class, d.Rank, d.At, d.Group = DueReminder, int(number(rank)), timeOf(received), text(group)
	return d, err
}

func scanMessage(class Class) func(*sql.Rows) (Due, error) {
	return func(rows *sql.Rows) (d Due, err error) {
		var rank, created, group any
		to := []any{&rank, &created, &d.ID, &group}
		if class != DuePart {
			to = append(to, &d.Kind)
		}
		err = rows.Scan(to...)
		d.Class, d.Rank, d.At, d.Group, d.order = class, int(number(rank)), timeOf(created), text(group), d.ID
		return d, err
	}
}

// timeOf returns a stored time.
func timeOf(v any) time.Time { return time.UnixMicro(number(v)) }

// markParted marks the alerts of groups of which parts of a message wait. More
// urgent ones do not wait for these.
func (t *Tx) markParted(chat string, list Dues) error {
	ranks := map[string]int{}
	rows, err := t.query(groupsInParts, chat)
	if _, err := collect(rows, err, func(rows *sql.Rows) (group string, err error) {
		var key, rank any
		err = rows.Scan(&key, &rank)
		ranks[text(key)] = int(number(rank))
		return group, err
	}); err != nil {
		return err
	}
	for i, d := range list {
		rank, ok := ranks[d.Group]
		list[i].parted = ok && d.Class == DueAlert && d.Rank >= rank
	}
	return nil
}

// DropGroupParts removes the parts of messages about a group that were not sent.
func (t *Tx) DropGroupParts(chat, group string) error {
	_, err := t.exec(deleteGroupParts, chat, group)
	return err
}

// number returns a stored number, or 0 for a damaged one.
func number(v any) int64 {
	n, _ := v.(int64)
	return n
}

// text returns a stored text. That of a damaged row can be binary.
func text(v any) string {
	switch s := v.(type) {
	case string:
		return s
	case []byte:
		return string(s)
	default:
		return ""
	}
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
	// Flaps means that a message about a flapping alert shows the instance.
	Flaps bool
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

// FreshViews returns instances of a group that a new message is to show: at most
// limit, the most urgent ones first.
func (t *Tx) FreshViews(chat, group string, ownOnly bool, urgent, limit int) ([]View, error) {
	return t.views(viewsFresh, chat, group, ownOnly, urgent, limit)
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
		v.Instance, err = scanInstance(rows, &v.Shown, &first, &v.Ambiguous, &v.Flaps)
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
