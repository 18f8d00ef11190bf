package webhook

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// state applies notifications to the spool's tables, in a transaction.
type state struct {
	tx     *txn
	chats  []string // that are to be shown what happens
	scale  message.Scale
	shares bool // what happens is noted for other replicas

	timeout time.Duration // without an evaluation until alerting is blind; 0 for never
	seen    time.Time     // the newest evaluation that is known of; the zero time for not known
}

// apply brings the state up to a notification. It returns why no message
// follows from it, or nothing.
func (s state) apply(n arrival) (coalesced string, err error) {
	changed, firing, stale, blind := false, false, false, false
	event := notificationEvent{Notify: n.notify, Body: n.body}
	for _, a := range n.Alerts {
		v, err := s.applyAlert(n, a)
		if err != nil {
			return "", err
		}
		changed = changed || v == begins || v == ends || v == restarts || v == over
		stale = stale || v == late || v == doubtful
		firing = firing || a.Status == "firing" && v != late && v != doubtful
		if v == silence || v == resumes {
			blind = true
			event.Silent = append(event.Silent, a.Fingerprint)
		}
	}
	if s.shares {
		if _, err := note(s.tx, n.at, eventNotification, event); err != nil {
			return "", err
		}
	}
	toldAt, err := s.toldAt(n.GroupKey)
	if err != nil {
		return "", err
	}
	reminder := firing && !changed && !blind && settled(toldAt, n.at) && !saysOtherwise(n.NotificationReason)
	if changed || reminder || blind {
		if err := s.setGroup(n); err != nil {
			return "", err
		}
	}
	switch {
	case n.notify == none:
		return api.Recorded, nil
	case reminder:
		return "", s.remind(n)
	case changed:
		return "", nil
	case blind:
		return api.Blind, nil
	case stale:
		return api.Late, nil
	default:
		return api.Twin, nil
	}
}

func (s state) applyAlert(n arrival, a template.Alert) (verdict, error) {
	newest, err := s.newest(n.GroupKey, a.Fingerprint)
	if err != nil {
		return known, err
	}
	silent, err := s.silent(newest, n, a)
	if err != nil {
		return known, err
	}
	v := judge(newest, a, n, silent)
	switch v {
	case begins:
		return v, s.insert(n, a)
	case over:
		return v, s.insertOver(n, a)
	case ends:
		return v, s.end(newest, n, a)
	case restarts:
		newest.alert.EndsAt, newest.closed = a.StartsAt, message.Superseded
		if err := s.resolve(newest, n); err != nil {
			return v, err
		}
		return v, s.insert(n, a)
	case doubtful:
		newest.refireAt = newest.resolvedAt.Add(settle)
		return v, s.update(newest)
	case silence:
		return v, s.hold(newest, n, a)
	case resumes:
		return v, s.resume(newest, n, a)
	case known:
		return v, s.confirm(newest, n, a)
	case late:
	}
	return v, nil
}

// insertOver records an instance that ended before it was known.
func (s state) insertOver(n arrival, a template.Alert) error {
	i := s.begin(n, a)
	i.resolvedAt = n.at
	return s.create(i)
}

// end resolves the instance. An alert that began after it and ended is its
// end too.
func (s state) end(i *instance, n arrival, a template.Alert) error {
	a.StartsAt = i.alert.StartsAt
	i.alert = a
	return s.resolve(i, n)
}

func (s state) resolve(i *instance, n arrival) error {
	i.alert.Status = "resolved"
	if i.alert.EndsAt.IsZero() {
		i.alert.EndsAt = n.at
	}
	i.resolvedAt, i.seenAt, i.receivedAt = n.at, n.at, n.at
	i.saidBy, i.notification, i.refireAt, i.own, i.held = n.ExternalURL, n.id, time.Time{}, !n.foreign, nil
	if err := s.update(i); err != nil {
		return err
	}
	return s.touch(i.id)
}

// close ends an instance that nobody told the end of.
func (s state) close(i *instance, reason message.Closed, now time.Time, foreign bool) error {
	if err := s.noteClosed(i.id, reason, now); err != nil {
		return err
	}
	i.closed, i.alert.EndsAt = reason, now
	n := arrival{id: i.notification, at: now, foreign: foreign, Payload: Payload{Data: template.Data{ExternalURL: i.saidBy}}}
	if err := s.resolve(i, n); err != nil {
		return fmt.Errorf("instance %d: %w", i.id, err)
	}
	return nil
}

// noteClosed notes for other replicas that an instance ended.
func (s state) noteClosed(id int64, reason message.Closed, now time.Time) error {
	if !s.shares {
		return nil
	}
	key, err := keyOf(s.tx, id)
	if err != nil {
		return err
	}
	_, err = note(s.tx, now, eventClosed, closedEvent{key, reason})
	return err
}

// confirm notes that the instance was told of again: its texts may have
// changed, and a resolution settles a doubt.
func (s state) confirm(i *instance, n arrival, a template.Alert) error {
	i.seenAt = n.at
	i.own = i.own || !n.foreign
	if !i.firing() {
		if n.ExternalURL == i.saidBy {
			i.refireAt = time.Time{}
		}
		return s.update(i)
	}
	a.StartsAt = i.alert.StartsAt
	i.alert = a
	raised := n.notify > i.notify
	wasNone := i.notify == none
	i.notify = max(i.notify, n.notify)
	if err := s.update(i); err != nil || !raised || !wasNone {
		return err
	}
	return s.view(i) // recorded so far, now to be told
}

func (s state) begin(n arrival, a template.Alert) *instance {
	return &instance{
		group: n.GroupKey, alert: a, rank: s.scale.Of(a.Labels).Rank, notify: n.notify,
		notification: n.id, receivedAt: n.at, firstAt: n.at, seenAt: n.at, saidBy: n.ExternalURL, own: !n.foreign,
	}
}

func (s state) insert(n arrival, a template.Alert) error { return s.create(s.begin(n, a)) }

// create stores a new instance, to be shown in every chat.
func (s state) create(i *instance) error {
	alert, err := json.Marshal(i.alert)
	if err != nil {
		return err
	}
	r, err := s.tx.Exec(`INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification,
		received_at, first_at, seen_at, said_by, resolved_at, own) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.group, i.alert.Fingerprint, i.alert.StartsAt.UnixMicro(), string(alert), i.rank, i.notify, i.notification,
		i.receivedAt.UnixMicro(), i.firstAt.UnixMicro(), i.seenAt.UnixMicro(), i.saidBy, micro(i.resolvedAt), i.own)
	if err != nil {
		return err
	}
	if i.id, err = r.LastInsertId(); err != nil || i.notify == none {
		return err
	}
	return s.view(i)
}

// view makes the instance due in every chat.
func (s state) view(i *instance) error {
	for _, chat := range s.chats {
		if _, err := s.tx.Exec(`INSERT INTO views (chat, instance, pending) VALUES (?, ?, 1) ON CONFLICT DO NOTHING`, chat, i.id); err != nil {
			return err
		}
	}
	return nil
}

func (s state) update(i *instance) error {
	alert, err := json.Marshal(i.alert)
	if err != nil {
		return err
	}
	var held []byte
	if i.held != nil {
		if held, err = json.Marshal(i.held); err != nil {
			return err
		}
	}
	_, err = s.tx.Exec(`UPDATE instances SET starts_at = ?, alert = ?, notify = ?, notification = ?, received_at = ?, seen_at = ?,
		said_by = ?, resolved_at = ?, suppressed = ?, closed = ?, refire_at = ?, own = ?, held = ?, again_at = ? WHERE id = ?`,
		i.alert.StartsAt.UnixMicro(), string(alert), i.notify, i.notification, i.receivedAt.UnixMicro(), i.seenAt.UnixMicro(),
		i.saidBy, micro(i.resolvedAt), i.suppressed, i.closed, micro(i.refireAt), i.own, string(held), micro(i.again), i.id)
	return err
}

// touch makes the instance due in the chats that it was to be shown in.
func (s state) touch(id int64) error {
	_, err := s.tx.Exec(`UPDATE views SET pending = 1 WHERE instance = ? AND shown <> 2`, id)
	return err
}

// newest returns the newest instance of an alert in a group, nil for none.
func (s state) newest(group, fingerprint string) (*instance, error) {
	list, err := queryInstances(s.tx, `WHERE i.group_key = ? AND i.fingerprint = ? ORDER BY i.id DESC LIMIT 1`, group, fingerprint)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func (s state) toldAt(group string) (time.Time, error) {
	var at int64
	err := s.tx.QueryRow(`SELECT told_at FROM groups WHERE key = ?`, group).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return time.UnixMicro(at), err
}

func (s state) setGroup(n arrival) error {
	_, err := s.tx.Exec(`INSERT INTO groups (key, told_at, truncated) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at, truncated = excluded.truncated`,
		n.GroupKey, n.at.UnixMicro(), n.TruncatedAlerts)
	return err
}

// remind makes a reminder of the group due in every chat.
func (s state) remind(n arrival) error {
	for _, chat := range s.chats {
		if _, err := s.tx.Exec(`INSERT INTO reminders (chat, group_key, notification, received_at, notify, own) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET own = MAX(own, excluded.own)`, chat, n.GroupKey, n.id, n.at.UnixMicro(), n.notify, !n.foreign); err != nil {
			return err
		}
	}
	return nil
}

// refire lets the doubtful instances fire anew that nothing else came of. It
// returns how many, and when the next one is due, the zero time when there is
// none.
func (s state) refire(now time.Time) (n int, next time.Time, err error) {
	due, err := queryInstances(s.tx, `WHERE i.refire_at <= ? ORDER BY i.refire_at`, now.UnixMicro())
	if err != nil {
		return 0, next, err
	}
	for _, old := range due {
		again := *old
		again.alert.Status, again.alert.EndsAt = "firing", time.Time{}
		again.receivedAt, again.firstAt, again.seenAt, again.resolvedAt, again.closed = now, now, now, time.Time{}, ""
		old.refireAt = time.Time{}
		if err := errors.Join(s.update(old), s.create(&again)); err != nil {
			return 0, next, err
		}
	}
	var at sql.NullInt64
	if err := s.tx.QueryRow(`SELECT MIN(refire_at) FROM instances WHERE refire_at IS NOT NULL`).Scan(&at); err != nil || !at.Valid {
		return len(due), next, err
	}
	return len(due), time.UnixMicro(at.Int64), nil
}

// instanceColumns are what [scanInstance] reads of an instance i.
const instanceColumns = `i.id, i.group_key, i.alert, i.rank, i.notify, i.notification, i.received_at, i.first_at,
	i.seen_at, i.said_by, i.resolved_at, i.suppressed, i.closed, i.refire_at, i.own, i.held, i.again_at`

// queryInstances reads the instances that a condition selects.
func queryInstances(tx *txn, where string, args ...any) ([]*instance, error) {
	rows, err := tx.Query(`SELECT `+instanceColumns+` FROM instances i `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*instance
	for rows.Next() {
		i, err := scanInstance(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

// scanInstance reads [instanceColumns], and what follows them into more.
func scanInstance(rows *sql.Rows, more ...any) (*instance, error) {
	var i instance
	var alert, doubted string
	var received, first, seen int64
	var resolved, refire, again sql.NullInt64
	err := rows.Scan(append([]any{
		&i.id, &i.group, &alert, &i.rank, &i.notify, &i.notification, &received, &first, &seen, &i.saidBy, &resolved, &i.suppressed, &i.closed, &refire, &i.own,
		&doubted, &again,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(alert), &i.alert); err != nil {
		return nil, fmt.Errorf("instance %d: %w", i.id, err)
	}
	if doubted != "" {
		i.held = new(held)
		if err := json.Unmarshal([]byte(doubted), i.held); err != nil {
			return nil, fmt.Errorf("instance %d: %w", i.id, err)
		}
	}
	i.receivedAt, i.firstAt, i.seenAt = time.UnixMicro(received), time.UnixMicro(first), time.UnixMicro(seen)
	i.resolvedAt, i.refireAt, i.again = fromMicro(resolved), fromMicro(refire), fromMicro(again)
	return &i, nil
}

// micro stores a time; the zero time is NULL.
func micro(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func fromMicro(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64)
}
