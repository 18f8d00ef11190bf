package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

const (
	// asideRows is the number of rows that wait for a report. Further items are
	// only counted.
	asideRows = 20
	// asideBody is the maximum size of a kept body.
	asideBody = 64 << 10

	insertAside   = `INSERT INTO set_aside (at, kind, reason, path, receiver, alerts, body) VALUES (?, ?, ?, ?, ?, ?, ?)`
	countAside    = `SELECT count(*) FROM set_aside WHERE reported = 0`
	addAside      = `UPDATE set_aside SET items = items + 1 WHERE id = (SELECT max(id) FROM set_aside WHERE reported = 0)`
	selectAside   = `SELECT id, kind, reason, path, receiver, alerts, max(1, CAST(items AS INTEGER)) FROM set_aside WHERE reported = 0 ORDER BY id`
	reportAside   = `UPDATE set_aside SET reported = 1 WHERE reported = 0`
	deleteMessage = `DELETE FROM messages WHERE id = ?`
	pendingNames  = `SELECT DISTINCT coalesce(CASE WHEN json_valid(i.alert) THEN json_extract(i.alert, '$.labels.alertname') END, '') FROM views v
		JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.pending = 1 AND (i.scope = ?2 OR ?2 = '') LIMIT 10`
	dropPending = `UPDATE views SET pending = 0 WHERE chat = ?1 AND pending = 1
		AND instance IN (SELECT id FROM instances WHERE scope = ?2 OR ?2 = '')`
	pruneAside = `DELETE FROM set_aside WHERE id IN (SELECT id FROM set_aside WHERE at < ?1 AND reported = 1 LIMIT ?2)`
)

// Aside is an item that could not be read or applied.
type Aside struct {
	ID       int64
	Kind     string // see [api.AsideKinds]
	Reason   string
	Path     string   // of the request, if it is no known one
	Receiver string   // as far as it could be read
	Alerts   []string // names, likewise
	Body     []byte
	Items    int // that the row stands for
}

// CountAside counts an item that is skipped without a report in the chats.
func (t *Tx) CountAside(a Aside) { t.aside = append(t.aside, a) }

// SetAside stores an item that could not be read or applied. While many wait for
// a report, it only counts it.
func (t *Tx) SetAside(a Aside, now time.Time) error {
	t.CountAside(a)
	var waiting int
	if err := t.queryRow(countAside).Scan(&waiting); err != nil {
		return err
	}
	if waiting >= asideRows {
		_, err := t.exec(addAside)
		return err
	}
	names, err := json.Marshal(a.Alerts)
	if err != nil {
		return err
	}
	body := append([]byte{}, a.Body[:min(len(a.Body), asideBody)]...) // never nil, which is NULL
	_, err = t.exec(insertAside, now.UnixMicro(), a.Kind, a.Reason, a.Path, a.Receiver, string(names), body)
	return err
}

// TakeAsides returns the items that were set aside since the last report, and
// marks them as reported. If the last report was too recent, it returns the
// time of the next one.
func (t *Tx) TakeAsides(now time.Time, every time.Duration) (list []Aside, next time.Time, err error) {
	var waiting int
	if err := t.queryRow(countAside).Scan(&waiting); err != nil || waiting == 0 {
		return nil, next, err
	}
	last, err := t.time(factAsideReported)
	if err != nil {
		return nil, next, err
	}
	if next = last.Add(every); now.Before(next) && !now.Before(last) { // else the clock was set back
		return nil, next, nil
	}
	rows, err := t.query(selectAside)
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (a Aside, err error) {
		var names string
		if err = rows.Scan(&a.ID, &a.Kind, &a.Reason, &a.Path, &a.Receiver, &names, &a.Items); err == nil {
			_ = json.Unmarshal([]byte(names), &a.Alerts) // only for the text
		}
		return a, err
	})
	if err != nil {
		return nil, next, err
	}
	for range bad { // it is reported without its texts
		list = append(list, Aside{Kind: api.AsideNotification, Items: 1})
	}
	if _, err = t.exec(reportAside); err != nil {
		return nil, next, err
	}
	return list, time.Time{}, t.setTime(factAsideReported, now)
}

// SetAsideDue sets aside a call that cannot be planned, so that the others are.
func (t *Tx) SetAsideDue(chat string, d Due, reason error) error {
	switch d.Class {
	case DuePart, DueEdit, DueSummaryEdit:
		return t.setAsideMessage(d.ID, reason)
	case DueFlap, DueFlapFires, DueFlapEdit, DueFlapOver:
		return errors.Join(t.EndFlap(chat, d.ID), t.setAsideMessage(d.ID, reason))
	}
	a := Aside{Kind: api.AsideMessage, Reason: fmt.Sprintf("messages to chat %s: %v", chat, reason)}
	rows, err := t.query(pendingNames, chat, d.Group)
	if a.Alerts, err = collect(rows, err, func(rows *sql.Rows) (name string, err error) { return name, rows.Scan(&name) }); err != nil && !IsItem(err) {
		return err
	}
	if err := t.SetAside(a, time.Now()); err != nil {
		return err
	}
	if _, err := t.exec(dropPending, chat, d.Group); err != nil {
		return err
	}
	return t.DropReminder(chat, d.Group)
}

// SetAsideSummary sets aside a summary that cannot be planned: all that it would
// list, because any of it can be the reason.
func (t *Tx) SetAsideSummary(chat string, kind message.Kind, reason error) error {
	if kind != message.SummaryReminder {
		return t.SetAsideDue(chat, Due{Class: DueAlert}, reason)
	}
	if err := t.SetAside(Aside{Kind: api.AsideMessage, Reason: fmt.Sprintf("reminders to chat %s: %v", chat, reason)}, time.Now()); err != nil {
		return err
	}
	_, err := t.exec(deleteReminders, chat)
	return err
}

// setAsideMessage removes a stored message that cannot be read.
func (t *Tx) setAsideMessage(id int64, reason error) error {
	if err := t.SetAside(Aside{Kind: api.AsideMessage, Reason: fmt.Sprintf("message %d: %v", id, reason)}, time.Now()); err != nil {
		return err
	}
	_, err := t.exec(deleteMessage, id)
	return err
}
