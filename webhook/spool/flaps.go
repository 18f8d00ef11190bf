package spool

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// The episode before the last ones that make an alert flap.
	episodeBefore = `SELECT id, first_at FROM instances i WHERE fingerprint = ?1 AND cluster = ?2
		AND (chat = ?4 OR chat = '' AND EXISTS (SELECT 1 FROM views v WHERE v.chat = ?4 AND v.instance = i.id)) ORDER BY id DESC LIMIT 1 OFFSET ?3`
	activeFlap = `SELECT message FROM flaps WHERE chat = ? AND cluster = ? AND fingerprint = ? AND over = 0`
	beginFlap  = `INSERT INTO flaps (chat, cluster, fingerprint, first, instance, due_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = excluded.first, instance = excluded.instance, due_at = excluded.due_at, message = 0, over = 0`
	continueFlap = `UPDATE flaps SET instance = ?, due_at = ? WHERE chat = ? AND cluster = ? AND fingerprint = ? AND over = 0`
	resolveFlap  = `UPDATE flaps SET due_at = ? WHERE instance = ? AND over = 0 AND chat = ? AND cluster = ? AND fingerprint = ?`
	dropFlap     = `DELETE FROM flaps WHERE chat = ? AND cluster = ? AND fingerprint = ?`
	viewFlaps    = `UPDATE views SET flap = 1 WHERE chat = ? AND instance = ?`

	flapColumns = `SELECT f.cluster, f.fingerprint, f.first, f.instance, f.message, f.over, f.due_at, (SELECT count(*) FROM instances e
		WHERE e.fingerprint = f.fingerprint AND e.cluster = f.cluster AND e.id >= f.first AND e.id <= f.instance AND e.chat IN ('', f.chat)),
		COALESCE((SELECT e.first_at FROM instances e WHERE e.fingerprint = f.fingerprint AND e.cluster = f.cluster AND e.id >= f.first
			AND e.chat IN ('', f.chat) ORDER BY e.id LIMIT 1), f.due_at)
		FROM flaps f `
	newFlaps   = flapColumns + `WHERE f.chat = ? AND f.over = 0 AND f.message = 0`
	groupFlaps = `SELECT EXISTS (SELECT 1 FROM flaps f JOIN instances i ON i.id = f.instance JOIN views v ON v.chat = f.chat AND v.instance = i.id
		WHERE f.chat = ? AND f.over = 0 AND f.message = 0 AND i.scope = ? AND v.pending = 1 AND v.shown = 0)`
	flapsBy  = flapColumns + `WHERE f.chat = ? AND f.message = ?`
	flapDues = `SELECT f.message, f.instance, f.due_at, COALESCE(i.rank, 0), COALESCE(i.first_at, 0), i.resolved_at IS NULL AND i.id IS NOT NULL, COALESCE(v.shown, 2),
			(SELECT count(*) FROM views w JOIN instances e ON e.id = w.instance WHERE w.chat = f.chat AND w.pending = 1 AND w.flap = 1
				AND e.fingerprint = f.fingerprint AND e.cluster = f.cluster AND e.own >= ?2), COALESCE(i.own, 1) >= ?2, COALESCE(i.held, '') <> '' OR COALESCE(i.suppressed, '') <> ''
		FROM flaps f LEFT JOIN instances i ON i.id = f.instance LEFT JOIN views v ON v.chat = f.chat AND v.instance = f.instance
		WHERE f.chat = ?1 AND f.over = 0 AND f.message <> 0`
	flapViews = selectViews + `FROM flaps f JOIN instances i ON i.fingerprint = f.fingerprint AND i.cluster = f.cluster AND i.id >= f.first AND i.id <= f.instance
		JOIN views v ON v.chat = f.chat AND v.instance = i.id WHERE f.chat = ?1 AND f.message = ?2 AND (v.pending = 1 OR i.id = f.instance) ORDER BY i.id`
	unshownOfFlap = selectViews + `FROM flaps f JOIN instances i ON i.fingerprint = f.fingerprint AND i.cluster = f.cluster AND i.id >= f.first AND i.id < f.instance
		JOIN views v ON v.chat = f.chat AND v.instance = i.id WHERE f.chat = ?1 AND f.instance = ?2 AND v.pending = 1 AND v.shown = 0 AND i.resolved_at IS NOT NULL ORDER BY i.id`

	setFlapMessage = `UPDATE flaps SET message = ? WHERE chat = ? AND over = 0 AND cluster = (SELECT cluster FROM instances WHERE id = ?3)
		AND fingerprint = (SELECT fingerprint FROM instances WHERE id = ?3)`
	showFlap = `UPDATE views SET shown = MAX(shown, ?3), first_message = COALESCE(first_message, ?4), last_message = COALESCE(last_message, ?4),
		ambiguous = 0, told_at = COALESCE(told_at, ?5), over_at = COALESCE(over_at, CASE WHEN ?3 = 2 THEN ?5 END),
		pending = MAX(shown, ?3) < (SELECT CASE WHEN resolved_at IS NULL THEN 1 ELSE 2 END FROM instances WHERE id = ?2)
		WHERE chat = ?1 AND instance = ?2`
	flapFrom = `UPDATE views SET flap = 1 WHERE chat = ?1 AND instance IN (SELECT i.id FROM flaps f JOIN instances i
		ON i.fingerprint = f.fingerprint AND i.cluster = f.cluster AND i.id >= ?3 WHERE f.chat = ?1 AND f.message = ?2 AND f.instance >= ?3
			AND ?3 IN (SELECT e.id FROM instances e WHERE e.fingerprint = f.fingerprint AND e.cluster = f.cluster))`
	flapReplied   = `UPDATE views SET first_message = ? WHERE chat = ? AND instance = ? AND first_message = ?`
	leaveFlap     = `UPDATE flaps SET message = 0 WHERE chat = ? AND message = ?`
	flapMessageOf = `SELECT f.message FROM instances i JOIN flaps f ON f.chat = ?1 AND f.cluster = i.cluster AND f.fingerprint = i.fingerprint
		WHERE i.id = ?2 AND f.over = 0 AND f.message <> 0`
	// Of all alerts of the message, or of the one with a newest instance.
	endFlap = `UPDATE flaps SET over = 1 WHERE chat = ?1 AND message = ?2 AND ?3 IN (0, instance)`
	unflap  = `UPDATE views SET flap = 0 WHERE chat = ?1 AND flap = 1 AND instance IN (SELECT i.id FROM flaps f JOIN instances i
		ON i.fingerprint = f.fingerprint AND i.cluster = f.cluster AND i.id >= f.first WHERE f.chat = ?1 AND f.message = ?2 AND ?3 IN (0, f.instance))`
	editFlap  = `UPDATE messages SET edit = 1 WHERE id = ? AND shown_as IS NOT NULL`
	deferFlap = `UPDATE flaps SET due_at = ? WHERE chat = ? AND message = ? AND instance = ?`

	damagedFlap = `SELECT EXISTS (SELECT 1 FROM flaps WHERE chat = ? AND NOT (typeof(cluster) = 'text' AND typeof(fingerprint) = 'text'
		AND typeof(first) = 'integer' AND typeof(instance) = 'integer' AND typeof(message) = 'integer' AND typeof(due_at) = 'integer' AND over IN (0, 1)))`
	deleteFlaps = `DELETE FROM flaps WHERE chat = ?`
	renameFlaps = `UPDATE flaps SET chat = ?1 WHERE chat = ?2`
	forgetFlaps = `UPDATE views SET flap = 0 WHERE chat = ? AND flap = 1`
	pruneFlaps  = `DELETE FROM flaps WHERE (chat, cluster, fingerprint) IN (SELECT chat, cluster, fingerprint FROM flaps
		WHERE (over = 1 OR message = 0) AND due_at < ?1 LIMIT ?2)`
)

// Flap is an alert that flaps in a chat.
type Flap struct {
	Cluster, Fingerprint string
	First, Instance      int64 // the first and the newest episode
	Message              int64 // that shows it; 0 for none
	Over                 bool
	DueAt                time.Time
	Times                int       // episodes
	Since                time.Time // the receipt of the first
}

// soundFlaps sets aside what is known of flapping alerts in a chat if a row of it
// is damaged. Their episodes are due like those of other alerts then.
func (t *Tx) soundFlaps(chat string) error {
	var damaged bool
	if err := t.queryRow(damagedFlap, chat).Scan(&damaged); err != nil || !damaged {
		return err
	}
	if err := t.SetAside(Aside{Kind: api.AsideMessage, Reason: fmt.Sprintf("a damaged row of the flapping alerts in chat %s", chat)}, time.Now()); err != nil {
		return err
	}
	for _, forget := range []string{deleteFlaps, forgetFlaps} {
		if _, err := t.exec(forget, chat); err != nil {
			return err
		}
	}
	return nil
}

// flapped records a new instance of an alert. If the alert flaps, it returns
// true.
func (t *Tx) flapped(i *state.Instance, chats []string) (bool, error) {
	var first int64
	var firstAt any // of any type in a damaged row
	flaps := false
	err := t.queryRow(episodeBefore, i.Alert.Fingerprint, i.Cluster, state.FlapEpisodes-1, i.Chat).Scan(&first, &firstAt)
	if err == nil {
		since := i.FirstAt.Sub(timeOf(firstAt))
		flaps = since >= 0 && since <= state.FlapWithin
	} else if !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	due := state.FlapDue(i).UnixMicro()
	any := false
	for _, chat := range chats {
		if err := t.soundFlaps(chat); err != nil {
			return false, err
		}
		var shows int64
		err := t.queryRow(activeFlap, chat, i.Cluster, i.Alert.Fingerprint).Scan(&shows)
		switch {
		case err == nil && shows == 0 && !flaps: // it did once, and no message shows it
			if _, err := t.exec(dropFlap, chat, i.Cluster, i.Alert.Fingerprint); err != nil {
				return false, err
			}
			continue
		case err == nil:
			_, err = t.exec(continueFlap, i.ID, due, chat, i.Cluster, i.Alert.Fingerprint)
		case errors.Is(err, sql.ErrNoRows) && flaps:
			_, err = t.exec(beginFlap, chat, i.Cluster, i.Alert.Fingerprint, first, i.ID, due)
		case errors.Is(err, sql.ErrNoRows):
			continue
		}
		any = true
		if err == nil && shows != 0 {
			_, err = t.exec(viewFlaps, chat, i.ID)
		}
		if err != nil {
			return false, err
		}
	}
	return any, nil
}

// flapEnded records the end of an instance of an alert that may flap.
func (t *Tx) flapEnded(i *state.Instance, chats []string) error {
	for _, chat := range chats {
		if _, err := t.exec(resolveFlap, state.FlapDue(i).UnixMicro(), i.ID, chat, i.Cluster, i.Alert.Fingerprint); err != nil {
			return err
		}
	}
	return nil
}

func scanFlap(rows *sql.Rows) (f Flap, err error) {
	var due int64
	var since any // of any type in a damaged row of an instance
	err = rows.Scan(&f.Cluster, &f.Fingerprint, &f.First, &f.Instance, &f.Message, &f.Over, &due, &f.Times, &since)
	f.DueAt, f.Since = time.UnixMicro(due), timeOf(since)
	return f, err
}

// NewFlaps returns the alerts that flap and of which the chat shows no message
// yet.
func (t *Tx) NewFlaps(chat string) ([]Flap, error) {
	rows, err := t.query(newFlaps, chat)
	return collect(rows, err, scanFlap)
}

// GroupFlaps reports whether an alert of a group flaps and the chat shows no message
// about that yet.
func (t *Tx) GroupFlaps(chat, group string) (yes bool, err error) {
	err = t.queryRow(groupFlaps, chat, group).Scan(&yes)
	return yes, err
}

// FlapsOf returns the alerts whose flapping a message shows.
func (t *Tx) FlapsOf(chat string, message int64) ([]Flap, error) {
	rows, err := t.query(flapsBy, chat, message)
	return collect(rows, err, scanFlap)
}

// FlapViews returns the newest instance of each flapping alert of a message, and
// those whose present state the chat does not show.
func (t *Tx) FlapViews(chat string, message int64) ([]View, error) {
	return t.views(flapViews, chat, message)
}

// UnshownOfFlap returns the instances of an alert before the newest one that were
// resolved before they were delivered.
func (t *Tx) UnshownOfFlap(chat string, instance int64) ([]View, error) {
	return t.views(unshownOfFlap, chat, instance)
}

// flapDues returns the calls that are due about flapping alerts, one of a class for
// each message, and the time at which the next one is, or zero.
func (t *Tx) flapDues(chat string, ownOnly bool, urgent int, now time.Time) (list Dues, next time.Time, err error) {
	type deferral struct {
		message, instance int64
		wait              time.Duration
	}
	var deferred []deferral
	rows, err := t.query(flapDues, chat, ownOnly)
	_, err = collect(rows, err, func(rows *sql.Rows) (d Due, err error) {
		var instance, due int64
		var fires, own, defers bool
		var rank, first, shown any // of any type in damaged rows of other tables
		var pending int
		if err = rows.Scan(&d.ID, &instance, &due, &rank, &first, &fires, &shown, &pending, &own, &defers); err != nil {
			return d, err
		}
		d.Rank, d.At, d.FirstAt = int(number(rank)), timeOf(first), timeOf(first)
		d.order, d.Alerts = d.ID, 1
		at := time.UnixMicro(due)
		switch {
		case !own:
			return d, nil
		case pending > 0 && fires && Shown(number(shown)) == ShownNothing && d.Rank < urgent:
			d.Class = DueFlap
		case pending > 0:
			d.Class = DueFlapEdit
		case at.Sub(now) > state.FlapLasts(fires): // the clock was set back
			deferred = append(deferred, deferral{d.ID, instance, state.FlapLasts(fires)})
			return d, nil
		case now.Before(at):
			if next.IsZero() || at.Before(next) {
				next = at
			}
			return d, nil
		case fires && defers: // an end may count soon, or the alert is silenced
			deferred = append(deferred, deferral{d.ID, instance, state.Settle})
			return d, nil
		case fires:
			d.Class = DueFlapFires
		default:
			d.Class = DueFlapOver
		}
		list = list.with(d)
		return d, nil
	})
	for _, d := range deferred {
		at := now.Add(d.wait)
		if next.IsZero() || at.Before(next) {
			next = at
		}
		if _, e := t.exec(deferFlap, at.UnixMicro(), chat, d.message, d.instance); e != nil {
			err = errors.Join(err, e)
		}
	}
	return list, next, err
}

// with adds a call about an alert that flaps, to the same call about others of its
// message.
func (ds Dues) with(d Due) Dues {
	for i := range ds {
		if other := &ds[i]; other.ID == d.ID && other.Class == d.Class {
			other.Rank, other.Alerts = min(other.Rank, d.Rank), other.Alerts+d.Alerts
			if d.At.Before(other.At) {
				other.At, other.FirstAt = d.At, d.FirstAt
			}
			return ds
		}
	}
	return append(ds, d)
}

// ShowFlap records that a message shows the state of instances of a flapping
// alert.
func (t *Tx) ShowFlap(m *Message, now time.Time) error {
	for _, l := range m.Listed {
		shown := ShownFiring
		if l.Resolved {
			shown = ShownResolved
		}
		if _, err := t.exec(showFlap, m.Chat, l.ID, shown, m.ID, now.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// BeginFlap records the message that shows the flapping of alerts, in place of
// messages about their instances from those on that are news in it.
func (t *Tx) BeginFlap(m *Message) error {
	for _, l := range m.Listed {
		if !l.News {
			continue
		}
		if _, err := t.exec(setFlapMessage, m.ID, m.Chat, l.ID); err != nil {
			return err
		}
		if _, err := t.exec(flapFrom, m.Chat, m.ID, l.ID); err != nil {
			return err
		}
	}
	return nil
}

// FlapReplied records that a reply about flapping alerts belongs to the message
// about them, which shows the ends of the instances too.
func (t *Tx) FlapReplied(m *Message, id int64) error {
	for _, l := range m.Listed {
		if _, err := t.exec(flapReplied, id, m.Chat, l.ID, m.ID); err != nil {
			return err
		}
	}
	return nil
}

// EndFlap records that the alerts with some newest instances no longer flap, which
// the message about them is to show. Without instances it records that of all
// alerts of the message.
func (t *Tx) EndFlap(chat string, id int64, newest ...int64) error {
	if len(newest) == 0 {
		newest = []int64{0}
	}
	for _, instance := range newest {
		for _, s := range []string{unflap, endFlap} {
			if _, err := t.exec(s, chat, id, instance); err != nil {
				return err
			}
		}
	}
	_, err := t.exec(editFlap, id)
	return err
}

// LeaveFlap records that the message about flapping alerts cannot be edited.
func (t *Tx) LeaveFlap(m *Message) error {
	if _, err := t.exec(unflap, m.Chat, m.ID, 0); err != nil {
		return err
	}
	if _, err := t.exec(leaveFlap, m.Chat, m.ID); err != nil {
		return err
	}
	_, err := t.exec(editForgotten, m.ID)
	return err
}

// flapElsewhere records the message of another replica about flapping alerts.
func (t *Tx) flapElsewhere(m *Message, e state.SentEvent) error {
	if e.Kind == message.Flapping && m.ID != 0 {
		if err := t.BeginFlap(m); err != nil {
			return err
		}
	}
	if e.Kind != message.Flap && !e.FlapOver {
		return nil
	}
	for _, l := range m.Listed {
		var id int64
		err := t.queryRow(flapMessageOf, m.Chat, l.ID).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil && e.Kind == message.Flap {
			_, err = t.exec(flapReplied, id, m.Chat, l.ID, m.ID)
		}
		if err == nil && e.FlapOver {
			err = t.EndFlap(m.Chat, id, l.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flapEditedElsewhere records that another replica edited the message about a
// flapping alert.
func (t *Tx) flapEditedElsewhere(id int64, chat string, e state.SentEvent, at time.Time) error {
	if id == 0 {
		return nil
	}
	m, err := t.elsewhere(chat, e)
	if err != nil {
		return err
	}
	m.ID = id
	if err := t.ShowFlap(m, at); err != nil {
		return err
	}
	return t.EditedElsewhere(chat, e.ID())
}
