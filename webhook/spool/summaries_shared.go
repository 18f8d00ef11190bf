package spool

import (
	"database/sql"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// listedIn returns the alerts that a summary adds to those that the chat shows.
func (t *Tx) listedIn(m *Message) ([]state.ListedEvent, error) {
	rows, err := t.query(unshownKeys, m.ID, m.Chat, m.Kind == message.SummaryReminder, m.Kind)
	return collect(rows, err, func(rows *sql.Rows) (l state.ListedEvent, err error) {
		var shows Shown
		l.Cluster = new(string)
		err = rows.Scan(l.Cluster, &l.Chat, &l.Group, &l.Fingerprint, &l.StartsAt, &l.Episode, &shows)
		l.Resolved, l.News = shows == ShownResolved, m.Kind == message.SummaryStart
		return l, err
	})
}

// SummaryEvent returns the event of a summary that the chat shows, with the alerts
// that were added to it. Call it before [Tx.Summarized].
func (t *Tx) SummaryEvent(m *Message, id string) (*state.SentEvent, error) {
	e, err := t.SentEvent(m, id)
	if e == nil || err != nil {
		return nil, err
	}
	s, err := t.Storm(m.Chat)
	if s != nil {
		e.Storm = s.Began.UnixMicro()
	}
	return e, err
}

// summarizedElsewhere records a summary of another replica, or what it added to
// one.
func (t *Tx) summarizedElsewhere(chat string, e state.SentEvent, at time.Time) error {
	m := &Message{Chat: chat, Group: e.Group, Kind: e.Kind, Rank: e.Rank, Part: e.Part, Parts: e.Parts}
	var err error
	if m.ID, err = t.messageIn(chat, e.ID(), e.Kind); err != nil {
		return err
	}
	if m.ID == 0 {
		if _, err := t.exec(deleteQueued, chat); err != nil {
			return err
		}
		if m.ID, err = t.insert(insertMessage, chat, m.Group, m.Kind, m.Rank, 0, m.Part, m.Parts, "", "[]", "sending", at.UnixMicro()); err != nil {
			return err
		}
		if err := t.setSent(m.ID, e.ID(), at); err != nil {
			return err
		}
		if e.Storm != 0 {
			if err := t.SetBegan(m.ID, time.UnixMicro(e.Storm)); err != nil {
				return err
			}
		}
		if err := t.NoteSummary(m, at); err != nil {
			return err
		}
	} else if err := t.EditedElsewhere(chat, e.ID()); err != nil {
		return err
	}
	lines, err := t.Lines(m.ID)
	if err != nil {
		return err
	}
	var list []Unlisted
	for _, l := range e.Listed {
		id, err := t.Find(l.InstanceKey, chat)
		if err != nil {
			return err
		}
		if id == 0 {
			continue
		}
		rows, err := t.query(listedByID, id)
		some, bad, err := collectGood(rows, err, scanUnlisted)
		if err == nil {
			err = t.setAsideInstances(bad)
		}
		if err != nil {
			return err
		}
		for i := range some {
			some[i].Resolved = l.Resolved
		}
		list = append(list, some...)
	}
	if err := t.SetLines(m, ListOf(lines, list), at); err != nil {
		return err
	}
	if _, err := t.exec(endedMeanwhile, m.ID); err != nil {
		return err
	}
	return t.Summarized(m, at)
}
