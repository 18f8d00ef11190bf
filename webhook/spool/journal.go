package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

const (
	insertEvent  = `INSERT INTO journal (at, kind, body) VALUES (?, ?, ?)`
	countEvents  = `SELECT count(*) FROM journal`
	selectEvents = `SELECT seq, at, kind, body FROM journal ORDER BY seq LIMIT ?`
	eventBySeq   = `SELECT seq, at, kind, body FROM journal WHERE seq = ?`
	deleteEvents = `DELETE FROM journal WHERE seq <= ?`
	deleteEvent  = `DELETE FROM journal WHERE seq = ?`
)

// Event is an event of this replica that the shared journal does not have yet.
type Event struct {
	Seq  int64
	At   time.Time
	Kind string
	Body []byte // JSON
}

// AppendEvent stores an event for the other replicas.
func (t *Tx) AppendEvent(at time.Time, kind string, event any) (seq int64, err error) {
	body, err := json.Marshal(event)
	if err != nil {
		return 0, err
	}
	return t.insert(insertEvent, at.UnixMicro(), kind, body)
}

// Events returns the oldest events that the shared journal does not have, at
// most limit and about that many bytes. It also returns the number of all such
// events.
func (t *Tx) Events(limit, bytes int) (events []Event, waiting int, err error) {
	if err := t.queryRow(countEvents).Scan(&waiting); err != nil || waiting == 0 {
		return nil, waiting, err
	}
	rows, err := t.query(selectEvents, limit)
	size := 0
	events, bad, err := collectGood(rows, err, func(rows *sql.Rows) (e Event, err error) {
		if size >= bytes {
			return e, errEnough
		}
		var at int64
		err = rows.Scan(&e.Seq, &at, &e.Kind, &e.Body)
		e.At = time.UnixMicro(at)
		size += len(e.Body)
		return e, err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, row := range bad {
		if err := t.SetAside(Aside{Kind: api.AsideEvent, Reason: fmt.Sprintf("event %d: %v", row.id, row.reason)}, time.Now()); err != nil {
			return nil, 0, err
		}
		if _, err := t.exec(deleteEvent, row.id); err != nil {
			return nil, 0, err
		}
		waiting--
	}
	return events, waiting, nil
}

// Event returns the event with a number, or false if it was deleted.
func (t *Tx) Event(seq int64) (e Event, ok bool, err error) {
	var at int64
	err = t.queryRow(eventBySeq, seq).Scan(&e.Seq, &at, &e.Kind, &e.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	e.At = time.UnixMicro(at)
	return e, err == nil, err
}

// DeleteEvents removes the events that the shared journal has.
func (t *Tx) DeleteEvents(upTo int64) error {
	_, err := t.exec(deleteEvents, upTo)
	return err
}
