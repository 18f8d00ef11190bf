package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	insertMessage = `INSERT INTO messages (chat, group_key, kind, rank, batch, part, parts, content, instances, state, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	startBatch   = `UPDATE messages SET batch = id WHERE id = ?`
	messageID    = `SELECT shown_as FROM messages WHERE id = ?`
	knownMessage = `SELECT 1 FROM messages WHERE chat = ? AND shown_as = ? AND sent_at = ?`
	messageMeta  = `SELECT group_key, rank, parts FROM messages WHERE id = ?`

	sendPart  = `UPDATE messages SET state = 'sending' WHERE id = ? RETURNING group_key, batch, part, kind, content, instances`
	startEdit = `UPDATE messages SET edit = 2 WHERE id = ? RETURNING shown_as, kind, part, parts, instances`

	messageSent = `UPDATE messages SET state = 'sent', telegram_id = ?, message_id = ?, sent_at = ?, content = '' WHERE id = ?`
	// An alert can be resolved while the message is on its way.
	viewShown = `UPDATE views SET shown = MAX(shown, ?1), first_message = COALESCE(first_message, NULLIF(?2, 0)),
		last_message = COALESCE(NULLIF(?2, 0), last_message),
		ambiguous = 0, told_at = COALESCE(told_at, ?5), over_at = COALESCE(over_at, CASE WHEN ?1 = 2 THEN ?5 END),
		pending = MAX(shown, ?1) < (SELECT CASE WHEN resolved_at IS NULL THEN 1 ELSE 2 END FROM instances WHERE id = ?4)
		WHERE chat = ?3 AND instance = ?4 RETURNING shown`
	// If two replicas delivered the same alert, one of these messages may be
	// neither the first nor the last. A message in between that lists the alert
	// beside its news is edited once nothing of it fires. Its group can be another
	// one: an alert moves when the routes change.
	editShowing = `UPDATE messages SET edit = 1, refused = 0 WHERE shown_as IS NOT NULL AND id <> ?3 AND id IN (
		SELECT first_message FROM views WHERE chat = ?1 AND instance = ?2 UNION
		SELECT last_message FROM views WHERE chat = ?1 AND instance = ?2 UNION
		SELECT m.id FROM views v JOIN messages m ON m.id > v.first_message AND m.id < v.last_message AND m.chat = v.chat
			WHERE v.chat = ?1 AND v.instance = ?2 AND m.kind = 'alert' AND instr(m.instances, '"id":' || ?2) AND CASE WHEN json_valid(m.instances) THEN EXISTS (
				SELECT 1 FROM json_each(m.instances) l WHERE json_extract(l.value, '$.id') = ?2
				AND (json_extract(l.value, '$.news') OR NOT EXISTS (SELECT 1 FROM json_each(m.instances) o
					JOIN instances fires ON fires.id = json_extract(o.value, '$.id') AND fires.resolved_at IS NULL))) END)`
	shownOf = `SELECT COALESCE(MAX(shown), 0) FROM views WHERE chat = ? AND instance = ?`

	editDone      = `UPDATE messages SET edit = 0, refused = 0 WHERE id = ? AND edit = 2`
	editForgotten = `UPDATE messages SET edit = 0 WHERE id = ?`
	editedBy      = `UPDATE messages SET edit = 0, refused = 0 WHERE chat = ? AND shown_as = ?`
	// The chat itself may be at fault at the first time.
	editRefused       = `UPDATE messages SET edit = CASE refused WHEN 0 THEN 3 ELSE 0 END, refused = 1 - refused WHERE id = ? AND edit = 2`
	editsOnceMore     = `UPDATE messages SET edit = 1 WHERE chat = ? AND edit <> 0 AND edit = 3`
	editAgain         = `UPDATE messages SET edit = 1 WHERE id = ? AND edit = 2`
	deleteBatch       = `DELETE FROM messages WHERE batch = ?`
	queueAgain        = `UPDATE messages SET state = 'queued' WHERE id = ?`
	deleteQueued      = `DELETE FROM messages WHERE chat = ? AND state = 'queued'`
	selectSending     = `SELECT id, chat, group_key, kind, batch, part, instances FROM messages WHERE state = 'sending'`
	ambiguousView     = `UPDATE views SET ambiguous = ambiguous + 1 WHERE chat = ? AND instance = ?`
	ambiguousReminder = `UPDATE reminders SET ambiguous = ambiguous + 1 WHERE chat = ? AND group_key = ?`
	editsAgain        = `UPDATE messages SET edit = 1 WHERE edit = 2`
)

// Message is a message to a chat, or a part of one. It is stored before the call.
type Message struct {
	ID      int64
	Chat    string
	Group   string // see [state.Scope]
	Kind    message.Kind
	Rank    int
	Batch   int64 // the id of the first part
	Part    int
	Parts   int
	Edits   string // the id in the chat of the message that the call edits; "" sends a new one
	Content []byte
	Listed  []state.Listed
}

// AddMessage stores a message and sets its ID, and Batch for a first part. The
// first part counts as being sent, the others as queued.
func (t *Tx) AddMessage(m *Message, now time.Time) (err error) {
	list, err := json.Marshal(m.Listed)
	if err != nil {
		return err
	}
	status := "sending"
	if m.Part > 1 {
		status = "queued"
	}
	m.ID, err = t.insert(insertMessage,
		m.Chat, m.Group, m.Kind, m.Rank, m.Batch, m.Part, m.Parts, string(m.Content), string(list), status, now.UnixMicro())
	if err != nil || m.Part > 1 {
		return err
	}
	m.Batch = m.ID
	_, err = t.exec(startBatch, m.ID)
	return err
}

// MessageID returns the id that the chat gave a message, or "".
func (t *Tx) MessageID(id int64) (string, error) {
	var shown sql.NullString
	err := t.queryRow(messageID, id).Scan(&shown)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return shown.String, err
}

// setSent stores the id that the chat gave a message.
func (t *Tx) setSent(id int64, shown string, at time.Time) error {
	number, text := state.SplitID(shown)
	_, err := t.exec(messageSent, sql.NullInt64{Int64: number, Valid: number != 0}, sql.NullString{String: text, Valid: text != ""}, at.UnixMicro(), id)
	return err
}

// SendPart returns a queued part, which counts as being sent from now on.
func (t *Tx) SendPart(chat string, id int64) (*Message, error) {
	m := &Message{ID: id, Chat: chat}
	var list string
	if err := t.queryRow(sendPart, id).Scan(&m.Group, &m.Batch, &m.Part, &m.Kind, &m.Content, &list); err != nil {
		return nil, err
	}
	return m, json.Unmarshal([]byte(list), &m.Listed)
}

// StartEdit returns a message that is due to be edited, which counts as being
// edited from now on.
func (t *Tx) StartEdit(chat string, id int64) (*Message, error) {
	m := &Message{ID: id, Chat: chat}
	var list string
	if err := t.queryRow(startEdit, id).Scan(&m.Edits, &m.Kind, &m.Part, &m.Parts, &list); err != nil {
		return nil, err
	}
	return m, json.Unmarshal([]byte(list), &m.Listed)
}

// DropEdit records that no instance of a message is known any more.
func (t *Tx) DropEdit(id int64) error {
	_, err := t.exec(editForgotten, id)
	return err
}

// Edited records that the message shows the present state or never can, unless
// another edit has become due.
func (t *Tx) Edited(m *Message) error {
	_, err := t.exec(editDone, m.ID)
	return err
}

// EditRefused records that the chat refused an edit and it is not known why. It
// is due once more when the chat takes a message. If it is refused then, the edit
// itself is at fault, and the message is left as it is.
func (t *Tx) EditRefused(m *Message) error {
	if m.Kind.Summarizes() {
		if err := t.unlist(m); err != nil {
			return err
		}
	}
	_, err := t.exec(editRefused, m.ID)
	return err
}

// Sent records that the chat shows the message, under the id of the chat.
func (t *Tx) Sent(m *Message, id string, now time.Time) error {
	if err := t.setSent(m.ID, id, now); err != nil {
		return err
	}
	if _, err := t.exec(editsOnceMore, m.Chat); err != nil {
		return err
	}
	if m.Kind == message.Alert || m.Kind == message.Reminder {
		// A message that lists every firing instance is a reminder too.
		if _, err := t.exec(dropPlannedReminder, m.Chat, m.Group, m.ID, time.Now().UnixMicro()); err != nil {
			return err
		}
	}
	for _, l := range m.Listed {
		if err := t.shown(m, l, now); err != nil {
			return err
		}
	}
	if m.Kind.Summarizes() {
		return t.Summarized(m, now)
	}
	return nil
}

// shown updates what the chat shows of an instance. It never reverts the effect
// of another message. If two replicas delivered without the shared database,
// the second can deliver the resolution before this replica knows of the start.
func (t *Tx) shown(m *Message, l state.Listed, now time.Time) error {
	ends := m.Kind == message.Resolution || m.Kind == message.Digest
	shown, listing := ShownFiring, m.ID
	if ends || l.Resolved {
		shown = ShownResolved
	}
	if ends { // it is never edited
		listing = 0
	}
	err := t.queryRow(viewShown, shown, listing, m.Chat, l.ID, now.UnixMicro()).Scan(&shown)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // the instance was pruned
	}
	if err != nil || shown < ShownResolved {
		return err
	}
	// Each message that shows it as firing is to show the end.
	current := m.ID
	if !ends && !l.Resolved {
		current = 0
	}
	_, err = t.exec(editShowing, m.Chat, l.ID, current)
	return err
}

// showAgain makes an edit due for each message that shows an open instance.
func (t *Tx) showAgain(id int64, chats []string) error {
	for _, chat := range chats {
		if _, err := t.exec(editShowing, chat, id, 0); err != nil {
			return err
		}
	}
	return nil
}

// Unsent reverts the changes that were stored before a call that failed. If the
// first part of a message failed, all parts are deleted, and planned again from
// the state at that time. A later part waits to be sent again.
func (t *Tx) Unsent(m *Message) (err error) {
	switch {
	case m.Edits != "":
		if _, err = t.exec(editAgain, m.ID); err == nil && m.Kind.Summarizes() {
			err = t.unlist(m)
		}
	case m.Part == 1:
		_, err = t.exec(deleteBatch, m.ID)
	default:
		_, err = t.exec(queueAgain, m.ID)
	}
	return err
}

// Ambiguous records that the chat may show a message although no answer arrived.
func (t *Tx) Ambiguous(m *Message) error {
	switch {
	case m.Kind == message.Reminder:
		_, err := t.exec(ambiguousReminder, m.Chat, m.Group)
		return err
	case m.Kind.Summarizes() && m.ID != 0:
		return t.ambiguousSummary(m)
	}
	for _, l := range m.Listed {
		if !l.News {
			continue
		}
		if _, err := t.exec(ambiguousView, m.Chat, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// RecoverCalls reverts, at start, the calls of a process that died. For each
// chat it returns the number of these messages that the chat may nevertheless
// show.
func (t *Tx) RecoverCalls() (ambiguous map[string]int, err error) {
	rows, err := t.query(selectSending)
	calls, bad, err := collectGood(rows, err, func(rows *sql.Rows) (*Message, error) {
		m := &Message{}
		var list string
		if err := rows.Scan(&m.ID, &m.Chat, &m.Group, &m.Kind, &m.Batch, &m.Part, &list); err != nil {
			return nil, err
		}
		return m, json.Unmarshal([]byte(list), &m.Listed)
	})
	if err != nil {
		return nil, err
	}
	for _, row := range bad {
		if err := t.setAsideMessage(row.id, row.reason); err != nil {
			return nil, err
		}
	}
	ambiguous = map[string]int{}
	for _, m := range calls {
		ambiguous[m.Chat]++
		if err := errors.Join(t.Ambiguous(m), t.Unsent(m)); err != nil {
			return nil, err
		}
	}
	if err := t.unlistAll(); err != nil {
		return nil, err
	}
	_, err = t.exec(editsAgain)
	return ambiguous, err
}

// SentEvent returns the event of a message that the chat shows.
func (t *Tx) SentEvent(m *Message, id string) (*state.SentEvent, error) {
	sent := &state.SentEvent{Kind: m.Kind, Part: m.Part}
	sent.SetID(id)
	err := t.queryRow(messageMeta, m.ID).Scan(&sent.Group, &sent.Rank, &sent.Parts)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // the spool was replaced meanwhile
	}
	if err != nil {
		return nil, err
	}
	if m.Kind.Summarizes() {
		sent.Listed, err = t.listedIn(m)
		return sent, err
	}
	for _, l := range m.Listed {
		key, err := t.Key(l.ID)
		if err != nil && IsItem(err) {
			continue // it was set aside meanwhile
		}
		if err != nil {
			return nil, err
		}
		sent.Listed = append(sent.Listed, state.ListedEvent{InstanceKey: key, Resolved: l.Resolved, News: l.News})
	}
	if sent.Group != MovedGroup && len(sent.Listed) > 0 {
		sent.Group = sent.Listed[0].Group // an earlier version knows no clusters
	}
	return sent, nil
}
