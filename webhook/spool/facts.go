package spool

import (
	"errors"
	"time"
)

// The names of the stored facts. Those of heartbeats and of the outage hold the
// newest of all clusters.
const (
	factHeartbeat          = "watchdog_at"
	factEvaluation         = "watchdog_evaluated_at"
	factHeartbeatElsewhere = "watchdog_elsewhere_at"
	factOutageFrom         = "blind_from"
	factOutageTo           = "blind_to"
	factOutageSeen         = "outage_seen_at"
	factJournalRead        = "journal_read"
	factJournalIdentity    = "journal_identity"
	factJournalEntry       = "journal_entry"
	factJournalEntryHash   = "journal_entry_hash"
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

// JournalEntry is an entry of the shared journal that was read: its place, and a
// hash of the event. Another event in this place means that the journal was
// restored to an earlier time.
type JournalEntry struct{ Place, Hash int64 }

// JournalEntry returns the last entry of another replica that was read, or zero.
func (t *Tx) JournalEntry() (e JournalEntry, err error) {
	if e.Place, err = t.number(factJournalEntry); err == nil {
		e.Hash, err = t.number(factJournalEntryHash)
	}
	return e, err
}

// SetJournalEntry stores the last entry of another replica that was read.
func (t *Tx) SetJournalEntry(e JournalEntry) error {
	return errors.Join(t.setNumber(factJournalEntry, e.Place), t.setNumber(factJournalEntryHash, e.Hash))
}
