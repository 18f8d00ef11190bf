package spool

import (
	"bytes"
	"database/sql"
	"math"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	insertArrival = `INSERT INTO inbox (received_at, notify, cluster, receiver, body) VALUES (?, ?, ?, ?, ?)`
	deleteArrival = `DELETE FROM inbox WHERE id = ?`
	selectInbox   = `SELECT id, received_at, notify, cluster, receiver, body FROM inbox WHERE id > ?1 AND (id < ?2 OR ?2 = 0) ORDER BY id LIMIT ?3`
	inboxBody     = `SELECT CAST(body AS BLOB) FROM inbox WHERE id = ?`
	inboxBacklog  = `SELECT count(*), min(received_at) FROM inbox`
)

// Sender is the sender of a notification, as its URL names it: the cluster of
// Alertmanagers, and the receiver. Both can be empty.
type Sender struct{ Cluster, Receiver string }

// AddArrival stores an accepted notification, to be applied later, and returns its
// id.
func (t *Tx) AddArrival(at time.Time, notify state.Loudness, from Sender, body []byte) (id int64, err error) {
	return t.insert(insertArrival, at.UnixMicro(), notify, from.Cluster, from.Receiver, body)
}

// AddParsed stores a notification as AddArrival does. P is its body as
// [state.ParsePayload] returns it, so that it is not parsed again.
func (t *Tx) AddParsed(at time.Time, notify state.Loudness, from Sender, body []byte, p state.Payload) (id int64, err error) {
	if id, err = t.AddArrival(at, notify, from, body); err == nil {
		t.parsed.add(id, body, p)
	}
	return id, err
}

// maxParsed is the maximum size of the bodies in [parsed].
const maxParsed = 1 << 20

// parsed has notifications that are soon applied, so that they are parsed once.
// After a transaction that failed, another notification can have the id.
type parsed struct {
	list  map[int64]parsedBody
	bytes int
}

type parsedBody struct {
	body    []byte
	payload state.Payload
}

func (p *parsed) add(id int64, body []byte, payload state.Payload) {
	if p.list == nil || p.bytes+len(body) > maxParsed {
		*p = parsed{list: map[int64]parsedBody{}}
	}
	p.take(id)
	p.list[id] = parsedBody{body, payload}
	p.bytes += len(body)
}

func (p *parsed) take(id int64) parsedBody {
	b := p.list[id]
	delete(p.list, id)
	p.bytes -= len(b.body)
	return b
}

// parse parses the body of a notification.
func (p *parsed) parse(id int64, body []byte) (state.Payload, error) {
	if known := p.take(id); known.body != nil && bytes.Equal(known.body, body) {
		return known.payload, nil
	}
	return state.ParsePayload(body)
}

// DeleteArrival removes a notification that was applied.
func (t *Tx) DeleteArrival(id int64) error {
	_, err := t.exec(deleteArrival, id)
	return err
}

// NumberArrival returns an id for a notification that another replica received.
func (t *Tx) NumberArrival(at time.Time, notify state.Loudness) (id int64, err error) {
	if id, err = t.AddArrival(at, notify, Sender{}, []byte{}); err != nil {
		return 0, err
	}
	return id, t.DeleteArrival(id)
}

// BeforeAll is less than the ids of all notifications. That of a damaged row can be
// negative.
const BeforeAll = math.MinInt64

// InboxRange selects the notifications between two ids. The ids are not selected
// themselves. Before is 0 for no limit.
type InboxRange struct{ After, Before int64 }

// Inbox returns the oldest notifications of a range that are not yet applied, at
// most limit and about that many bytes. It sets aside those that it cannot read.
func (t *Tx) Inbox(r InboxRange, limit, size int) ([]state.Arrival, error) {
	rows, err := t.query(selectInbox, r.After, r.Before, limit)
	read := 0
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (a state.Arrival, err error) {
		if read >= size {
			return a, errEnough
		}
		var at int64
		if err = rows.Scan(&a.ID, &at, &a.Notify, &a.Cluster, &a.Receiver, &a.Body); err != nil {
			return a, err
		}
		read += len(a.Body)
		a.At = time.UnixMicro(at)
		a.Notify = a.Notify.Known()
		a.Payload, err = t.parsed.parse(a.ID, a.Body)
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
