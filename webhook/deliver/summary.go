package deliver

import (
	"bytes"
	"database/sql"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	// listAtOnce is the maximum number of alerts that one call adds to a summary.
	// The acceptance of notifications waits for it.
	listAtOnce = 12_000
	// mostSummaries is the number of summaries in a minute after which one takes up
	// all groups, also those that it cannot name.
	mostSummaries = 5
)

// summarize plans a summary: a new one, or an edit that adds what is new and
// shows the present state. It returns nil if the message shows that.
func (p *planner) summarize(s step) (*call, error) {
	list, err := p.tx.Unlisted(p.chat, s.summary, p.ownOnly, p.urgentRanks(), listAtOnce)
	if err != nil {
		return nil, err
	}
	if s.into > 0 && p.divided.most(s.summary) == 0 {
		c, err := p.editSummary(s.into, list)
		if c != nil || err != nil && !errors.Is(err, errFull) {
			return c, err
		}
	}
	return p.newSummary(s.summary, list)
}

// shownBy returns the summary of the storm, or else the newest message that showed
// one of the alerts first.
func (p *planner) shownBy(list []spool.Unlisted) (id int64) {
	if p.storm != nil && p.storm.Summary > 0 {
		return p.storm.Summary
	}
	for _, u := range list {
		id = max(id, u.First)
	}
	return id
}

// rangBefore reports whether all alerts are the rest of groups that got messages
// of their own in the storm, after the alerts were received.
func (p *planner) rangBefore(list []spool.Unlisted) (bool, error) {
	if p.storm == nil {
		return false, nil
	}
	newest := map[string]time.Time{}
	for _, u := range list {
		newest[u.Group] = later(newest[u.Group], u.ChangedAt)
	}
	for group, received := range newest {
		if has, err := p.tx.HasOwnMessage(p.chat, group, later(p.storm.Began, received), p.now); !has || err != nil {
			return false, err
		}
	}
	return true, nil
}

// errFull means that a summary cannot name another group.
var errFull = errors.New("the summary is full")

// newSummary plans a summary of alerts.
func (p *planner) newSummary(kind message.Kind, list []spool.Unlisted) (*call, error) {
	switch {
	case len(list) > 0:
	case kind == message.SummaryReminder:
		return nil, p.tx.DropEmptyReminders(p.chat)
	default:
		return nil, errNothing
	}
	all := kind != message.SummaryStart
	if !all {
		n, err := p.tx.SummariesSince(p.chat, p.now.Add(-time.Minute), p.now)
		if err != nil {
			return nil, err
		}
		all = n >= mostSummaries
	}
	began := p.now
	if p.storm != nil {
		began = p.storm.Began
	}
	for _, u := range list {
		began = sooner(began, u.ChangedAt)
	}
	c, lines, err := p.format(message.Summary{Kind: kind, All: all, Since: began}, nil, list)
	if err != nil {
		return nil, err
	}
	c.content.Silent = p.silentSummary(spool.Added(lines))
	switch {
	case kind == message.SummaryEnds:
		c.content.Silent = true
		if c.content.ReplyTo, err = p.tx.MessageID(p.shownBy(list)); err != nil {
			return nil, err
		}
	case kind == message.SummaryReminder:
		if c.content.Silent, err = p.tx.SilentReminders(p.chat, silentRepeats); err != nil {
			return nil, err
		}
	}
	if kind == message.SummaryStart && !c.content.Silent {
		if c.content.Silent, err = p.rangBefore(spool.Added(lines)); err != nil {
			return nil, err
		}
	}
	c.rings = !c.content.Silent
	if c.Content, err = encode(c.content); err != nil {
		return nil, err
	}
	if mentions(kind) { // a later edit has none
		c.content.Mentions = p.formatter.Mentions()
	}
	c.Chat, c.Kind, c.Part, c.Parts, c.Listed = p.chat, kind, 1, 1, []state.Listed{}
	if err := p.tx.AddMessage(&c.Message, p.now); err != nil {
		return nil, err
	}
	if err := p.tx.SetBegan(c.ID, began); err != nil {
		return nil, err
	}
	return c, p.tx.SetLines(&c.Message, lines, p.now)
}

// editSummary plans an edit of a summary. It returns nil if the message cannot be
// edited any more or shows the present state, and errFull if it cannot name the
// groups of the list.
func (p *planner) editSummary(id int64, list []spool.Unlisted) (*call, error) {
	m, err := p.tx.StartEdit(p.chat, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known, err := p.tx.Lines(id)
	if err != nil {
		return nil, err
	}
	began, err := p.tx.Began(id)
	if err != nil {
		return nil, err
	}
	all := m.Kind != message.SummaryStart
	c, lines, err := p.format(message.Summary{Kind: m.Kind, All: all, Since: began}, known, list)
	if err != nil {
		return nil, err
	}
	added := spool.Added(lines)
	if len(list) > 0 && len(added) == 0 {
		return nil, errors.Join(errFull, p.tx.Unsent(m))
	}
	rank := c.Rank
	c.Message, c.edits = *m, true
	c.Rank, c.Part, c.Parts, c.Listed = rank, 1, 1, []state.Listed{}
	if c.Content, err = encode(c.content); err != nil {
		return nil, err
	}
	before, err := p.tx.Content(id)
	if err != nil {
		return nil, err
	}
	if len(added) == 0 && bytes.Equal(before, c.Content) {
		return nil, p.tx.Edited(m)
	}
	return c, p.tx.SetLines(&c.Message, lines, p.now)
}

// format writes a summary of known lines and other alerts. It returns the lines
// that the summary has.
func (p *planner) format(s message.Summary, known []spool.Line, list []spool.Unlisted) (*call, []spool.Line, error) {
	s.Known = len(known)
	lines := spool.ListOf(known, list)
	if most := p.divided.most(s.Kind); most > 0 && len(known) == 0 {
		lines = lines[:min(most, len(lines))]
	}
	c := &call{}
	c.Rank = spool.LowestRank
	for i := range lines {
		l := &lines[i]
		l.Truncated = p.tx.Truncated(l.Group)
		s.Lines = append(s.Lines, l.Line)
		c.Rank = min(c.Rank, l.Rank)
	}
	m, n, err := p.formatter.Summarize(s)
	if err != nil {
		return nil, nil, err
	}
	lines = lines[:n]
	c.lines = n
	c.content = transport.Message{Document: m.Document}
	c.minimum, c.nameless = p.formatter.MinimumOf(s)
	added := spool.Added(lines)
	c.summarized = len(added)
	for _, u := range added {
		c.ambiguous = max(c.ambiguous, u.Ambiguous)
		c.note(u.Notification, u.ChangedAt, func() string { return p.formatter.Scale().Of(u.Labels).Name })
	}
	return c, lines, nil
}

// silentSummary reports whether none of the alerts asks for a sound. One that is
// not urgent and was resolved before it was delivered asks for none, as in a
// digest.
func (p *planner) silentSummary(list []spool.Unlisted) bool {
	for _, u := range list {
		if u.Resolved && u.Rank >= p.urgentRanks() {
			continue
		}
		if u.Notify == state.Loud && u.Ambiguous < silentRepeats {
			return false
		}
	}
	return true
}

// recordSummary stores whether the chat shows a summary, and returns the event for
// other replicas.
func (w *worker) recordSummary(tx *spool.Tx, c *call, o outcome, now time.Time) (sent, ambiguous *state.SentEvent, err error) {
	m := &c.Message
	edited := c.Edits != ""
	switch {
	case o.failure == nil && c.unnamed(o.form):
		c.summarized = 0
		if err = tx.EmptySummary(m); err == nil {
			sent, err = tx.SummaryEvent(m, o.id)
		}
		return sent, nil, errors.Join(err, tx.Sent(m, o.id, now), tx.NoteSummary(m, now), tx.FullSummary(m))
	case o.failure == nil:
		id := o.id
		if edited {
			id = c.Edits
		}
		if sent, err = tx.SummaryEvent(m, id); err != nil {
			return nil, nil, err
		}
		if edited {
			err = errors.Join(tx.Summarized(m, now), tx.Edited(m))
		} else {
			err = errors.Join(tx.Sent(m, id, now), tx.NoteSummary(m, now))
		}
		return sent, nil, errors.Join(err, tx.SetContent(m))
	case edited && o.failure.Kind == transport.MessageGone:
		return nil, nil, errors.Join(tx.Unsent(m), tx.LeaveSummary(m))
	case edited && refusedEdit(c, o.failure):
		return nil, nil, errors.Join(tx.EditRefused(m), tx.FullSummary(m))
	case o.failure.Kind == transport.Ambiguous && !edited:
		if ambiguous, err = tx.SummaryEvent(m, ""); err == nil {
			err = errors.Join(tx.Ambiguous(m), tx.Unsent(m))
		}
		return nil, ambiguous, err
	default:
		return nil, nil, tx.Unsent(m)
	}
}
