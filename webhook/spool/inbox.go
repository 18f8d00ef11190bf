package spool

import (
	"errors"
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

const (
	insertArrival = `INSERT INTO inbox (received_at, notify, body) VALUES (?, ?, ?)`
	deleteArrival = `DELETE FROM inbox WHERE id = ?`
	selectInbox   = `SELECT id, received_at, notify, body FROM inbox ORDER BY id LIMIT ?`
)

// AddArrival stores an accepted notification, to be applied later, and returns
// its id.
func (t *Tx) AddArrival(at time.Time, notify state.Loudness, body []byte) (id int64, err error) {
	return t.insert(insertArrival, at.UnixMicro(), notify, body)
}

// DeleteArrival removes a notification that was applied.
func (t *Tx) DeleteArrival(id int64) error {
	_, err := t.exec(deleteArrival, id)
	return err
}

// NumberArrival returns an id for a notification that another replica received.
func (t *Tx) NumberArrival(at time.Time, notify state.Loudness) (id int64, err error) {
	if id, err = t.AddArrival(at, notify, []byte{}); err != nil {
		return 0, err
	}
	return id, t.DeleteArrival(id)
}

// Inbox returns the oldest notifications that are not yet applied, at most
// limit and about that many bytes.
func (t *Tx) Inbox(limit, bytes int) (list []state.Arrival, err error) {
	rows, err := t.query(selectInbox, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for size := 0; rows.Next() && size < bytes; {
		var a state.Arrival
		var at int64
		if err := rows.Scan(&a.ID, &at, &a.Notify, &a.Body); err != nil {
			return nil, err
		}
		a.At = time.UnixMicro(at)
		if a.Payload, err = state.ParsePayload(a.Body); err != nil {
			return nil, fmt.Errorf("notification %d: %w", a.ID, err) // it was valid when it was accepted
		}
		size += len(a.Body)
		list = append(list, a)
	}
	return list, rows.Err()
}
