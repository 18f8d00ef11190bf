package spool

import (
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// The names of the stored facts.
const (
	factHeartbeat          = "watchdog_at"
	factHeartbeatElsewhere = "watchdog_elsewhere_at"
	factOutageFirst        = "blind_first_at"
	factOutageFrom         = "blind_from"
	factOutageTo           = "blind_to"
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

// Heartbeats returns the newest evaluations that heartbeats reported, to this
// replica and to the others.
func (t *Tx) Heartbeats() (own, elsewhere time.Time, err error) {
	if own, err = t.time(factHeartbeat); err != nil {
		return own, elsewhere, err
	}
	elsewhere, err = t.time(factHeartbeatElsewhere)
	return own, elsewhere, err
}

// SetHeartbeat stores the newest evaluation that a heartbeat reported to this
// replica.
func (t *Tx) SetHeartbeat(at time.Time) error { return t.setTime(factHeartbeat, at) }

// SetHeartbeatElsewhere stores the newest evaluation that a heartbeat reported to
// another replica.
func (t *Tx) SetHeartbeatElsewhere(at time.Time) error {
	return t.setTime(factHeartbeatElsewhere, at)
}

// Outage returns the last outage.
func (t *Tx) Outage() (o state.Outage, err error) {
	if o.First, err = t.time(factOutageFirst); err != nil {
		return o, err
	}
	if o.From, err = t.time(factOutageFrom); err != nil {
		return o, err
	}
	o.To, err = t.time(factOutageTo)
	return o, err
}

// SetOutage stores the last outage.
func (t *Tx) SetOutage(o state.Outage) error {
	return errors.Join(t.setTime(factOutageFirst, o.First), t.setTime(factOutageFrom, o.From), t.setTime(factOutageTo, o.To))
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
