package spool

import (
	"database/sql"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	insertArrival = `INSERT INTO inbox (received_at, notify, cluster, body) VALUES (?, ?, ?, ?)`
	deleteArrival = `DELETE FROM inbox WHERE id = ?`
	selectInbox   = `SELECT id, received_at, notify, cluster, body FROM inbox WHERE id > ?1 AND (id < ?2 OR ?2 = 0) ORDER BY id LIMIT ?3`
	inboxBody     = `SELECT CAST(body AS BLOB) FROM inbox WHERE id = ?`
	inboxBacklog  = `SELECT count(*), min(received_at) FROM inbox`
)

// AddArrival stores an accepted notification of a cluster of Alertmanagers, to be
// applied later, and returns its id.
func (t *Tx) AddArrival(at time.Time, notify state.Loudness, cluster string, body []byte) (id int64, err error) {
	return t.insert(insertArrival, at.UnixMicro(), notify, cluster, body)
}

// DeleteArrival removes a notification that was applied.
func (t *Tx) DeleteArrival(id int64) error {
	_, err := t.exec(deleteArrival, id)
	return err
}

// NumberArrival returns an id for a notification that another replica received.
func (t *Tx) NumberArrival(at time.Time, notify state.Loudness) (id int64, err error) {
	if id, err = t.AddArrival(at, notify, "", []byte{}); err != nil {
		return 0, err
	}
	return id, t.DeleteArrival(id)
}

// InboxRange selects the notifications between two ids. The ids are not selected
// themselves. Before is 0 for no limit.
type InboxRange struct{ After, Before int64 }

// Inbox returns the oldest notifications of a range that are not yet applied, at
// most limit and about that many bytes. It sets aside those that it cannot read.
func (t *Tx) Inbox(r InboxRange, limit, bytes int) ([]state.Arrival, error) {
	rows, err := t.query(selectInbox, r.After, r.Before, limit)
	size := 0
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (a state.Arrival, err error) {
		if size >= bytes {
			return a, errEnough
		}
		var at int64
		if err = rows.Scan(&a.ID, &at, &a.Notify, &a.Cluster, &a.Body); err != nil {
			return a, err
		}
		size += len(a.Body)
		a.At = time.UnixMicro(at)
		a.Notify = a.Notify.Known()
		a.Payload, err = state.ParsePayload(a.Body)
		return a, err
	})
	if err != nil {
		return nil, err
	}
	for _, row := range bad {
		var body []byte
		if err := t.queryRow(inboxBody, row.id).Scan(&body); err != nil {
			return nil, err
		}
		if err := t.setAsideArrival(row.id, body, row.reason); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// SetAsideArrival stores an accepted notification that cannot be applied, and
// removes it from the inbox.
func (t *Tx) SetAsideArrival(a state.Arrival, reason error) error {
	return t.setAsideArrival(a.ID, a.Body, reason)
}

func (t *Tx) setAsideArrival(id int64, body []byte, reason error) error {
	a := Aside{Kind: api.AsideInbox, Reason: reason.Error(), Body: body}
	a.Receiver, a.Alerts = state.Glean(body)
	if err := t.SetAside(a, time.Now()); err != nil {
		return err
	}
	return t.DeleteArrival(id)
}

// InboxBacklog returns the number of notifications that are not yet applied,
// and the age of the oldest.
func (t *Tx) InboxBacklog(now time.Time) (b Backlog, err error) {
	var oldest any
	err = t.queryRow(inboxBacklog).Scan(&b.Alerts, &oldest)
	b.Age = age(oldest, now)
	return b, err
}
