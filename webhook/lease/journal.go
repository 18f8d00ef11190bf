package webhook

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/replica"
)

// The kinds of events that replicas tell each other, in the order in which
// they happened. Applied in that order they make the same state everywhere.
const (
	eventNotification = "notification" // one was received
	eventCall         = "call"         // of the Bot API, with what it taught of the chat
	eventClosed       = "closed"       // an instance ended without a resolution, or by one that was held
	eventOutage       = "outage"       // alerting was blind, and sees again
)

// notificationEvent is a notification as it was received.
type notificationEvent struct {
	Notify loudness        `json:"notify"`
	Body   json.RawMessage `json:"body"`
	Silent []string        `json:"silent,omitempty"` // fingerprints of what Prometheus's silence may have caused
}

// callEvent is the outcome of a call. Times are microseconds since 1970.
type callEvent struct {
	Chat string `json:"chat"`

	// What is known of the chat since.
	MigratedTo string `json:"migrated_to,omitempty"`
	Dead       string `json:"dead,omitempty"`
	NotBefore  int64  `json:"not_before,omitempty"`

	Sent   *sentEvent `json:"sent,omitempty"`
	Edited int        `json:"edited,omitempty"` // the id of the message that shows the present state
}

// sentEvent is a message that the chat shows.
type sentEvent struct {
	TelegramID int           `json:"telegram_id,omitempty"` // 0: Telegram will never show it
	Kind       message.Kind  `json:"kind"`
	Group      string        `json:"group"`
	Rank       int           `json:"rank"`
	Part       int           `json:"part"`
	Parts      int           `json:"parts"`
	Listed     []listedEvent `json:"listed"`
}

type listedEvent struct {
	instanceKey
	Resolved bool `json:"resolved,omitempty"`
	News     bool `json:"news,omitempty"`
}

type closedEvent struct {
	instanceKey
	Reason message.Closed `json:"reason"` // empty: the resolution that is held is believed
}

// outageEvent is an [outage], in microseconds since 1970.
type outageEvent struct {
	First int64 `json:"first"`
	From  int64 `json:"from"`
	To    int64 `json:"to"`
}

// instanceKey identifies an instance in every replica.
type instanceKey struct {
	Group       string `json:"group"`
	Fingerprint string `json:"fingerprint"`
	StartsAt    int64  `json:"starts_at"`
	Episode     int    `json:"episode,omitempty"` // of those with the same start, from 0
}

// note adds an event to those that the other replicas are to know.
func note(tx *txn, at time.Time, kind string, event any) (seq int64, err error) {
	body, err := json.Marshal(event)
	if err != nil {
		return 0, err
	}
	r, err := tx.Exec(`INSERT INTO journal (at, kind, body) VALUES (?, ?, ?)`, at.UnixMicro(), kind, body)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// keyOf returns what identifies an instance elsewhere.
func keyOf(tx *txn, id int64) (k instanceKey, err error) {
	err = tx.QueryRow(`SELECT group_key, fingerprint, starts_at,
			(SELECT count(*) FROM instances e WHERE e.group_key = i.group_key AND e.fingerprint = i.fingerprint AND e.starts_at = i.starts_at AND e.id < i.id)
		FROM instances i WHERE id = ?`, id).Scan(&k.Group, &k.Fingerprint, &k.StartsAt, &k.Episode)
	return k, err
}

// find returns the id of the instance that another replica means: the newest
// of that alert when the two learnt of different starts. It is 0 for one that
// is not known here.
func (k instanceKey) find(tx *txn) (id int64, err error) {
	err = tx.QueryRow(`SELECT id FROM instances WHERE group_key = ? AND fingerprint = ? AND starts_at = ? ORDER BY id LIMIT 1 OFFSET ?`,
		k.Group, k.Fingerprint, k.StartsAt, k.Episode).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRow(`SELECT id FROM instances WHERE group_key = ? AND fingerprint = ? ORDER BY id DESC LIMIT 1`,
			k.Group, k.Fingerprint).Scan(&id)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// note adds the outcome of the call to the journal: what the chat shows, unless
// the call failed, and what is known of the chat.
func (c *call) note(tx *txn, w *worker, shown bool, telegramID int, now time.Time) (int64, error) {
	e := callEvent{Chat: w.key, MigratedTo: w.migrated(), Dead: w.dead}
	if !w.limited.IsZero() {
		e.NotBefore = w.limited.UnixMicro()
	}
	switch {
	case !shown:
	case c.edits != 0:
		e.Edited = c.edits
	default:
		sent := &sentEvent{TelegramID: telegramID, Kind: c.kind, Part: c.part}
		if err := tx.QueryRow(`SELECT group_key, rank, parts FROM messages WHERE id = ?`, c.message).Scan(&sent.Group, &sent.Rank, &sent.Parts); err != nil {
			return 0, err
		}
		for _, l := range c.listed {
			key, err := keyOf(tx, l.ID)
			if err != nil {
				return 0, err
			}
			sent.Listed = append(sent.Listed, listedEvent{key, l.Resolved, l.News})
		}
		e.Sent = sent
	}
	return note(tx, now, eventCall, e)
}

// outbox reads the oldest events that the shared journal does not have, at
// most about so many bytes, and how many there are.
func (s *Service) outbox(limit, bytes int) (events []replica.Event, waiting int, err error) {
	err = s.spool.do(func(tx *txn) error {
		events = nil
		if err := tx.QueryRow(`SELECT count(*) FROM journal`).Scan(&waiting); err != nil || waiting == 0 {
			return err
		}
		rows, err := tx.Query(`SELECT seq, at, kind, body FROM journal ORDER BY seq LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for size := 0; rows.Next() && size < bytes; {
			e := replica.Event{Replica: s.replica}
			var at int64
			if err := rows.Scan(&e.Seq, &at, &e.Kind, &e.Body); err != nil {
				return err
			}
			e.At = time.UnixMicro(at)
			size += len(e.Body)
			events = append(events, e)
		}
		return rows.Err()
	})
	return events, waiting, err
}

// forget removes events that the shared journal has.
func (s *Service) forget(upTo int64) error {
	return s.spool.do(func(tx *txn) error {
		_, err := tx.Exec(`DELETE FROM journal WHERE seq <= ?`, upTo)
		return err
	})
}
