package spool

import (
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// The names of the stored facts.
const (
	factHeartbeat          = "watchdog_at"
	factEvaluation         = "watchdog_evaluated_at"
	factHeartbeatElsewhere = "watchdog_elsewhere_at"
	factOutageFrom         = "blind_from"
	factOutageTo           = "blind_to"
	factOutageSeen         = "outage_seen_at"
	factJournalRead        = "journal_read"
	factJournalIdentity    = "journal_identity"
	factAsideReported      = "set_aside_reported_at"
)

const (
	setFact  = `INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	readFact = `SELECT value FROM facts WHERE name = ?`
)

func (t *Tx) setNumber(name string, v int64) error {
	_, err := t.exec(setFact, name, v)
	return err
}

// number returns a stored number, or 0 if there is none.
func (t *Tx) number(name string) (v int64, err error) {
	err = t.queryRow(readFact, name).Scan(&v)
	if err != nil && IsItem(err) { // none, or a damaged one
		return 0, nil
	}
	return v, err
}

func (t *Tx) setTime(name string, at time.Time) error { return t.setNumber(name, at.UnixMicro()) }

// time returns a stored time, the zero time where there is none.
func (t *Tx) time(name string) (time.Time, error) {
	v, err := t.number(name)
	if err != nil || v == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(v), nil
}

// Heartbeats are the stored times of the heartbeats.
type Heartbeats struct {
	// Own is the receipt of the newest one at this replica, and Elsewhere that
	// at the others.
	Own, Elsewhere time.Time
	// Evaluation is the newest evaluation that one at this replica reported, in
	// Prometheus's clock.
	Evaluation time.Time
}

// Heartbeats returns the stored times of the heartbeats.
func (t *Tx) Heartbeats() (h Heartbeats, err error) {
	for name, to := range map[string]*time.Time{
		factHeartbeat: &h.Own, factHeartbeatElsewhere: &h.Elsewhere, factEvaluation: &h.Evaluation,
	} {
		if *to, err = t.time(name); err != nil {
			return h, err
		}
	}
	return h, nil
}

// SetHeartbeat stores the receipt of a heartbeat at this replica, and the
// evaluation that it reported.
func (t *Tx) SetHeartbeat(received, evaluated time.Time) error {
	return errors.Join(t.setTime(factHeartbeat, received), t.setTime(factEvaluation, evaluated))
}

// SetHeartbeatElsewhere stores the receipt of the newest heartbeat at another
// replica.
func (t *Tx) SetHeartbeatElsewhere(at time.Time) error {
	return t.setTime(factHeartbeatElsewhere, at)
}

// Outage returns the last outage.
func (t *Tx) Outage() (o state.Outage, err error) {
	if o.From, err = t.time(factOutageFrom); err != nil {
		return o, err
	}
	if o.To, err = t.time(factOutageTo); err != nil {
		return o, err
	}
	o.SeenAt, err = t.time(factOutageSeen)
	return o, err
}

// SetOutage stores the last outage.
func (t *Tx) SetOutage(o state.Outage) error {
	return errors.Join(t.setTime(factOutageFrom, o.From), t.setTime(factOutageTo, o.To), t.setTime(factOutageSeen, o.SeenAt))
}

// JournalPlace returns the identity of the shared journal and the place up to
// which it was read.
func (t *Tx) JournalPlace() (journal, place int64, err error) {
	if journal, err = t.number(factJournalIdentity); err == nil {
		place, err = t.number(factJournalRead)
	}
	return journal, place, err
}

// SetJournalPlace stores the place up to which the shared journal was read.
func (t *Tx) SetJournalPlace(journal, place int64) error {
	return errors.Join(t.setNumber(factJournalIdentity, journal), t.setNumber(factJournalRead, place))
}
