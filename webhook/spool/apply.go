package spool

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// Applier writes the decisions of package state to the rows of a transaction.
type Applier struct {
	Tx    *Tx
	Chats []string // the chats that must show the alerts
	Rank  func(labels template.KV) int
	// Shares appends each change to the journal, for other replicas.
	Shares bool
	// Timeout and Last are those of [state.Evaluations].
	Timeout time.Duration
	Last    time.Time
}

const (
	groupLast = `SELECT told_at FROM groups WHERE key = ?`
	setGroup  = `INSERT INTO groups (key, told_at, truncated) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at, truncated = excluded.truncated`
	insertReminder = `INSERT INTO reminders (chat, group_key, notification, received_at, notify, own) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET own = MAX(own, excluded.own)`
)

// Evaluations returns what is known of Prometheus's evaluations.
func (a Applier) Evaluations() (e state.Evaluations, err error) {
	e.Timeout, e.Last = a.Timeout, a.Last
	e.Outage, err = a.Tx.Outage()
	return e, err
}

// Apply applies a notification. If no message follows, it returns the reason,
// otherwise "".
func (a Applier) Apply(n state.Arrival) (coalesced string, err error) {
	var o state.Outcome
	event := state.NotificationEvent{Notify: n.Notify, Body: n.Body}
	if n.Repaired {
		if event.Body, err = json.Marshal(n.Payload); err != nil {
			return "", err
		}
	}
	for _, alert := range n.Alerts {
		v, err := a.applyAlert(n, alert)
		if err != nil {
			return "", err
		}
		o.Add(v, alert)
		if v == state.Unconfirmed || v == state.Resumes {
			event.Unconfirmed = append(event.Unconfirmed, alert.Fingerprint)
		}
	}
	if a.Shares {
		if _, err := a.Tx.AppendEvent(n.At, state.EventNotification, event); err != nil {
			return "", err
		}
	}
	lastAt, err := a.groupLast(n.GroupKey)
	if err != nil {
		return "", err
	}
	reminds := o.Reminds(n, lastAt)
	if o.Touches(reminds) {
		if _, err := a.Tx.exec(setGroup, n.GroupKey, n.At.UnixMicro(), n.TruncatedAlerts); err != nil {
			return "", err
		}
	}
	if reminds && n.Notify != state.None {
		err = a.remind(n)
	}
	return o.Coalesced(n, reminds), err
}

func (a Applier) applyAlert(n state.Arrival, alert template.Alert) (state.Verdict, error) {
	newest, err := a.Tx.NewestInstance(n.GroupKey, alert.Fingerprint)
	if err != nil {
		return state.Known, err
	}
	alert = state.Date(alert, newest, n)
	unconfirmed, err := a.unconfirmed(newest, n, alert)
	if err != nil {
		return state.Known, err
	}
	c := state.Decide(newest, alert, n, unconfirmed, a.Rank(alert.Labels))
	if n.GroupKey == state.NoteGroup && c.Create != nil {
		c.Create.Closed = message.Note
	}
	return c.Verdict, a.write(c)
}

// unconfirmed reports whether no evaluation confirms the report of an alert
// about the newest instance. The replica that received the notification decides
// that.
func (a Applier) unconfirmed(newest *state.Instance, n state.Arrival, alert template.Alert) (bool, error) {
	if !state.NeedsEvaluations(newest, alert, n) {
		return false, nil
	}
	if n.Elsewhere {
		return n.Unconfirmed[alert.Fingerprint], nil
	}
	e, err := a.Evaluations()
	return err == nil && e.Unconfirmed(newest, alert, n), err
}

// write stores a change.
func (a Applier) write(c state.Change) error {
	if i := c.Update; i != nil {
		if err := a.Tx.UpdateInstance(i); err != nil {
			return err
		}
		if c.Ended {
			if _, err := a.Tx.exec(dueWhereShown, i.ID); err != nil {
				return err
			}
		}
		if c.Raised {
			if err := a.Tx.due(i.ID, a.Chats); err != nil {
				return err
			}
		}
	}
	if c.Create != nil {
		return a.Tx.createInstance(c.Create, a.Chats)
	}
	return nil
}

func (a Applier) groupLast(group string) (time.Time, error) {
	var at int64
	err := a.Tx.queryRow(groupLast, group).Scan(&at)
	if err != nil && IsItem(err) { // none, or a damaged one, which the next time replaces
		return time.Time{}, nil
	}
	return time.UnixMicro(at), err
}

// remind makes a reminder of the group due in every chat.
func (a Applier) remind(n state.Arrival) error {
	for _, chat := range a.Chats {
		if _, err := a.Tx.exec(insertReminder, chat, n.GroupKey, n.ID, n.At.UnixMicro(), n.Notify, !n.Elsewhere); err != nil {
			return err
		}
	}
	return nil
}

// Refire starts the instances that were reported to fire again, if no
// notification contradicted the report in time. It returns their number, and
// the time at which the next one is due, or zero.
func (a Applier) Refire(now time.Time) (n int, next time.Time, err error) {
	due, err := a.Tx.instances(refiring, now.UnixMicro())
	if err != nil {
		return 0, next, err
	}
	for _, i := range due {
		again := i.Refire(now)
		if err := a.write(state.Change{Update: i, Create: again}); err != nil {
			return 0, next, err
		}
	}
	var at sql.NullInt64
	err = a.Tx.queryRow(nextRefire).Scan(&at)
	return len(due), fromMicro(at), err
}

// Close ends an instance without a resolution from Alertmanager. With an empty
// reason the held resolution ends it.
func (a Applier) Close(i *state.Instance, reason message.Closed, now time.Time, elsewhere bool) error {
	if a.Shares {
		key, err := a.Tx.Key(i.ID)
		if err != nil {
			return err
		}
		if _, err := a.Tx.AppendEvent(now, state.EventClosed, state.ClosedEvent{InstanceKey: key, Reason: reason}); err != nil {
			return err
		}
	}
	if reason == "" && i.Held != nil {
		i.Release(now, elsewhere)
	} else {
		i.Close(reason, now, elsewhere)
	}
	if err := a.write(state.Change{Update: i, Ended: true}); err != nil {
		return fmt.Errorf("instance %d: %w", i.ID, err)
	}
	return nil
}

// Review decides on the held resolutions. It returns the instances that ended,
// and the time of the next decision. That time is zero if the next decision
// depends on a newer evaluation. Asks means that Alertmanager's API decides
// after an outage.
func (a Applier) Review(now time.Time, asks bool) (ended []*state.Instance, next time.Time, err error) {
	list, err := a.Tx.HeldInstances()
	if err != nil || len(list) == 0 {
		return nil, next, err
	}
	e, err := a.Evaluations()
	if err != nil {
		return nil, next, err
	}
	for _, i := range list {
		r, at := e.Review(i, now, asks)
		if r == state.Wait {
			next = state.Later(next, at)
			continue
		}
		if err := a.Close(i, r.Reason(), now, false); err != nil {
			return nil, next, err
		}
		ended = append(ended, i)
	}
	return ended, next, nil
}
