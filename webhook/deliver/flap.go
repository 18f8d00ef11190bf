package deliver

import (
	"bytes"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// flapEdits is when messages about alerts that flap were edited last. The zero value
// has none.
type flapEdits struct {
	last time.Time
	of   map[int64]time.Time // by message
}

// note notes an edit of a message.
func (e *flapEdits) note(id int64, now time.Time) {
	if e.of == nil {
		e.of = map[int64]time.Time{}
	}
	maps.DeleteFunc(e.of, func(_ int64, at time.Time) bool { return now.Sub(at) > time.Hour })
	e.last, e.of[id] = now, now
}

// order makes the message that was edited before the others the first to be edited
// again.
func (e *flapEdits) order(dues spool.Dues) {
	for i, d := range dues {
		if d.Class == spool.DueFlapEdit {
			dues[i].At = e.of[d.ID]
		}
	}
}

// flapping plans the message about the alerts that begin to flap. It returns nil if
// none of the instances is of such an alert.
func (p *planner) flapping(fresh []spool.View) (*call, error) {
	flaps, err := p.tx.NewFlaps(p.chat)
	if err != nil || len(flaps) == 0 {
		return nil, err
	}
	list := newestOf(flaps, fresh)
	if len(list) == 0 {
		return nil, nil
	}
	return p.writeFlap(message.Flapping, 0, flaps, list)
}

// newestOf returns the newest instances of alerts that flap, among others.
func newestOf(flaps []spool.Flap, views []spool.View) (list []spool.View) {
	for _, v := range views {
		if slices.ContainsFunc(flaps, func(f spool.Flap) bool { return f.Instance == v.ID }) {
			list = append(list, v)
		}
	}
	return list
}

// flapsOf returns the episodes up to the newest ones: those of the alert that has
// most of them.
func flapsOf(flaps []spool.Flap, newest []spool.View) (most message.Flaps) {
	most.Over = true
	for _, f := range flaps {
		for _, v := range newest {
			if v.ID != f.Instance {
				continue
			}
			most.Over = most.Over && f.Over
			if lasts := max(0, v.ChangedAt.Sub(f.Since)); f.Times > most.Times || f.Times == most.Times && lasts > most.For {
				most.Times, most.For = f.Times, lasts
			}
		}
	}
	return most
}

// writeFlap plans a new message about alerts that flap, with their newest
// instances, as many as fit. ID is the message that shows them; 0 for the message
// that is to show them, which stands for their earlier instances too.
func (p *planner) writeFlap(kind message.Kind, id int64, flaps []spool.Flap, newest []spool.View) (*call, error) {
	n := message.Notice{Kind: kind, Now: p.now}
	fires := func(v spool.View) bool { return v.Firing() }
	if kind != message.Alert {
		n.Flaps = flapsOf(flaps, newest)
		n.Flaps.Over = n.Flaps.Over || kind == message.Flap && !slices.ContainsFunc(newest, fires)
	}
	d, err := p.fitting(n, newest, 0)
	if err != nil {
		return nil, err
	}
	if d.replyTo, err = p.tx.MessageID(id); err != nil {
		return nil, err
	}
	asks := func(v spool.View) bool { // an urgent alert that was never shown asks for a sound too
		return fires(v) || id == 0 && v.Shown == spool.ShownNothing && v.Rank < p.urgentRanks()
	}
	d.group, d.news, d.silent = newest[0].Scope(), nil, quiet(slices.DeleteFunc(slices.Clone(d.list), func(v spool.View) bool { return !asks(v) }))
	for _, v := range d.list {
		if v.Shown == spool.ShownNothing {
			d.news = append(d.news, v)
		}
		if id != 0 {
			continue
		}
		before, err := p.tx.UnshownOfFlap(p.chat, v.ID)
		if err != nil {
			return nil, err
		}
		for _, b := range p.mine(before) {
			d.covers = append(d.covers, state.Listed{ID: b.ID, Resolved: true})
		}
	}
	c, err := p.write(d)
	if c != nil {
		c.flap = id
	}
	return c, err
}

// flapCall plans a call about alerts that flap. The chat has a message about them.
func (p *planner) flapCall(d spool.Due) (*call, error) {
	flaps, err := p.tx.FlapsOf(p.chat, d.ID)
	if err != nil || len(flaps) == 0 {
		return nil, err
	}
	views, err := p.tx.FlapViews(p.chat, d.ID)
	if err != nil {
		return nil, err
	}
	newest := newestOf(flaps, views)
	for _, f := range flaps {
		if !f.Over && len(newestOf([]spool.Flap{f}, newest)) == 0 { // its instances were removed
			if err := p.tx.EndFlap(p.chat, d.ID, f.Instance); err != nil {
				return nil, err
			}
		}
	}
	if len(newest) == 0 {
		return nil, nil
	}
	if d.Class == spool.DueFlapEdit {
		return p.editFlap(d.ID, flaps, newest, views)
	}
	kind := message.Flap
	if d.Class == spool.DueFlapFires {
		kind = message.Alert
	}
	list := p.concerned(d.Class, flaps, newest)
	if len(list) == 0 {
		return nil, nil
	}
	c, err := p.writeFlap(kind, d.ID, flaps, list)
	if c != nil {
		c.rings = d.Class != spool.DueFlapOver && d.Urgent(p.urgentRanks())
		c.flapOver = d.Class != spool.DueFlap
	}
	return c, err
}

// concerned returns the instances that a call of a class is about.
func (p *planner) concerned(class spool.Class, flaps []spool.Flap, newest []spool.View) (list []spool.View) {
	for _, v := range newest {
		f := flaps[slices.IndexFunc(flaps, func(f spool.Flap) bool { return f.Instance == v.ID })]
		lasts := !p.now.Before(f.DueAt)
		concerns := false
		switch class {
		case spool.DueFlap:
			concerns = v.Firing() && v.Shown == spool.ShownNothing && v.Rank < p.urgentRanks()
		case spool.DueFlapFires:
			concerns = v.Firing() && lasts && v.Held == nil && v.Suppressed == ""
		case spool.DueFlapOver:
			concerns = !v.Firing() && lasts
		}
		if concerns && !f.Over && (v.Own || !p.ownOnly) {
			list = append(list, v)
		}
	}
	return list
}

// editFlap plans an edit of the message about alerts that flap. Newest are their
// newest instances, and views those whose present state it then shows.
func (p *planner) editFlap(id int64, flaps []spool.Flap, newest, views []spool.View) (*call, error) {
	m, err := p.tx.StartEdit(p.chat, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, p.tx.EndFlap(p.chat, id)
	}
	if err != nil {
		return nil, err
	}
	edited, err := p.formatter.Edit(message.Notice{Kind: m.Kind, Now: p.now, Items: items(newest), Flaps: flapsOf(flaps, newest), Part: m.Part, Parts: m.Parts})
	if err != nil {
		return nil, err
	}
	c := &call{Message: *m, content: transport.Message{Document: edited.Document}, edits: true, flap: id}
	c.Listed = nil
	for _, v := range views {
		c.Listed = append(c.Listed, state.Listed{ID: v.ID, Resolved: !v.Firing()})
	}
	p.attribute(c, views)
	if c.Content, err = encode(c.content); err != nil {
		return nil, err
	}
	before, err := p.tx.Content(id)
	if err == nil && bytes.Equal(before, c.Content) && !slices.ContainsFunc(views, pending) {
		return nil, p.tx.Edited(m)
	}
	return c, err
}

// flapState plans the edit of a message about alerts that flap or did.
func (p *planner) flapState(m *spool.Message) (*call, error) {
	flaps, err := p.tx.FlapsOf(p.chat, m.ID)
	if err != nil {
		return nil, err
	}
	views, err := p.tx.FlapViews(p.chat, m.ID)
	if err != nil {
		return nil, err
	}
	newest := newestOf(flaps, views)
	if len(newest) == 0 {
		return nil, p.tx.DropEdit(m.ID)
	}
	// Other messages show what is pending of an alert that no longer flaps.
	views = slices.DeleteFunc(views, func(v spool.View) bool {
		return slices.ContainsFunc(flaps, func(f spool.Flap) bool {
			return f.Over && f.Fingerprint == v.Alert.Fingerprint && f.Cluster == v.Cluster
		})
	})
	return p.editFlap(m.ID, flaps, newest, views)
}

// recordFlap stores the outcome of a call about an alert that flaps, and returns
// the event for other replicas.
func (w *worker) recordFlap(tx *spool.Tx, c *call, o outcome, now time.Time) (sent, ambiguous *state.SentEvent, err error) {
	m := &c.Message
	switch {
	case c.Edits != "" && o.failure == nil:
		if sent, err = tx.SentEvent(m, c.Edits); err != nil {
			return nil, nil, err
		}
		return sent, nil, errors.Join(tx.ShowFlap(m, now), tx.Edited(m), tx.SetContent(m))
	case c.Edits != "" && (o.failure.Kind == transport.MessageGone || refusedEdit(c, o.failure)):
		return nil, nil, tx.LeaveFlap(m)
	case o.failure == nil:
		if err = tx.Sent(m, o.id, now); err != nil {
			return nil, nil, err
		}
		if sent, err = tx.SentEvent(m, o.id); err != nil {
			return nil, nil, err
		}
		switch m.Kind {
		case message.Flapping:
			err = tx.BeginFlap(m)
		case message.Flap:
			err = tx.FlapReplied(m, c.flap)
		}
		if c.flapOver {
			for _, l := range m.Listed {
				err = errors.Join(err, tx.EndFlap(m.Chat, c.flap, l.ID))
			}
			if sent != nil {
				sent.FlapOver = true
			}
		}
		return sent, nil, err
	case c.Edits == "" && o.failure.Kind == transport.Ambiguous:
		if err = tx.Ambiguous(m); err == nil {
			ambiguous, err = tx.SentEvent(m, "")
		}
		return nil, ambiguous, errors.Join(err, tx.Unsent(m))
	default:
		return nil, nil, tx.Unsent(m)
	}
}
