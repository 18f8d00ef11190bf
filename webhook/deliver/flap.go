package deliver

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/telegram"
)

// flapping plans the message about an alert that begins to flap. It returns nil if
// none of the instances is of such an alert.
func (p *planner) flapping(fresh []spool.View) (*call, error) {
	flaps, err := p.tx.NewFlaps(p.chat)
	if err != nil || len(flaps) == 0 {
		return nil, err
	}
	for _, v := range fresh {
		for _, f := range flaps {
			if f.Instance != v.ID {
				continue
			}
			before, err := p.tx.UnshownOfFlap(p.chat, v.ID)
			if err != nil {
				return nil, err
			}
			return p.writeFlap(message.Flapping, &f, v, p.mine(before))
		}
	}
	return nil, nil
}

// flapsOf returns the episodes of an alert up to its newest one.
func flapsOf(f *spool.Flap, newest spool.View) message.Flaps {
	return message.Flaps{Times: f.Times, For: max(0, newest.ChangedAt.Sub(f.Since)), Over: f.Over}
}

// writeFlap plans a new message about an alert that flaps. It shows the newest
// instance, and stands for the others.
func (p *planner) writeFlap(kind message.Kind, f *spool.Flap, newest spool.View, others []spool.View) (*call, error) {
	n := message.Notice{Kind: kind, Now: p.now, Items: items([]spool.View{newest}), Flaps: flapsOf(f, newest)}
	if kind == message.Alert {
		n.Flaps = message.Flaps{}
	}
	if f.Message != 0 && kind == message.Flap && !newest.Firing() {
		n.Flaps.Over = true
	}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	d := draft{notice: n, messages: messages[:1], list: []spool.View{newest}, group: newest.Scope(), silent: quiet([]spool.View{newest})}
	if d.replyTo, err = p.tx.MessageID(f.Message); err != nil {
		return nil, err
	}
	if newest.Shown == spool.ShownNothing {
		d.news = d.list
	}
	for _, v := range others {
		d.covers = append(d.covers, state.Listed{ID: v.ID, Resolved: true})
	}
	d.silent = d.silent || !newest.Firing()
	c, err := p.write(d)
	if c != nil {
		c.flap = f.Message
	}
	return c, err
}

// flapCall plans a call about an alert that flaps. The chat has a message about it.
func (p *planner) flapCall(d spool.Due) (*call, error) {
	f, err := p.tx.FlapOf(p.chat, d.ID)
	if err != nil || f == nil {
		return nil, err
	}
	views, err := p.tx.FlapViews(p.chat, d.ID)
	if err != nil {
		return nil, err
	}
	if len(views) == 0 { // its instances were removed
		return nil, p.tx.EndFlap(p.chat, d.ID)
	}
	newest := views[len(views)-1]
	switch d.Class {
	case spool.DueFlap:
		c, err := p.writeFlap(message.Flap, f, newest, nil)
		if c != nil {
			c.rings = true
		}
		return c, err
	case spool.DueFlapFires:
		c, err := p.writeFlap(message.Alert, f, newest, nil)
		if c != nil {
			c.rings, c.flapOver = d.Urgent(p.urgentRanks()), true
		}
		return c, err
	case spool.DueFlapOver:
		c, err := p.writeFlap(message.Flap, f, newest, nil)
		if c != nil {
			c.flapOver = true
		}
		return c, err
	default:
		return p.editFlap(f, newest, views)
	}
}

// editFlap plans an edit of the message about an alert that flaps. Views are the
// instances whose present state it then shows.
func (p *planner) editFlap(f *spool.Flap, newest spool.View, views []spool.View) (*call, error) {
	m, err := p.tx.StartEdit(p.chat, f.Message)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, p.tx.EndFlap(p.chat, f.Message)
	}
	if err != nil {
		return nil, err
	}
	edited, err := p.formatter.Edit(message.Notice{Kind: m.Kind, Now: p.now, Items: items([]spool.View{newest}), Flaps: flapsOf(f, newest), Part: m.Part, Parts: m.Parts})
	if err != nil {
		return nil, err
	}
	c := &call{Message: *m, content: outgoing(edited), edits: true, flap: f.Message}
	c.Listed = nil
	for _, v := range views {
		c.Listed = append(c.Listed, state.Listed{ID: v.ID, Resolved: !v.Firing()})
	}
	p.attribute(c, views)
	c.Content, err = json.Marshal(c.content)
	return c, err
}

// flapState plans the edit of a message about an alert that flaps or did.
func (p *planner) flapState(m *spool.Message) (*call, error) {
	f, err := p.tx.FlapOf(p.chat, m.ID)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, p.tx.DropEdit(m.ID)
	}
	views, err := p.tx.FlapViews(p.chat, m.ID)
	if err != nil {
		return nil, err
	}
	if len(views) == 0 {
		return nil, p.tx.DropEdit(m.ID)
	}
	newest := views[len(views)-1]
	if f.Over { // other messages show what is pending
		views = nil
	}
	return p.editFlap(f, newest, views)
}

// recordFlap stores the outcome of a call about an alert that flaps, and returns
// the event for other replicas.
func (w *worker) recordFlap(tx *spool.Tx, c *call, o outcome, now time.Time) (sent, ambiguous *state.SentEvent, err error) {
	m := &c.Message
	switch {
	case c.Edits != 0 && o.failure == nil:
		if sent, err = tx.SentEvent(m, c.Edits); err != nil {
			return nil, nil, err
		}
		return sent, nil, errors.Join(tx.ShowFlap(m, now), tx.Edited(m))
	case c.Edits != 0 && (o.failure.Kind == telegram.MessageGone || refusedEdit(c, o.failure)):
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
			err = tx.BeginFlap(m, m.Listed[0].ID)
		case message.Flap:
			err = tx.FlapReplied(m, c.flap)
		}
		if c.flapOver {
			err = errors.Join(err, tx.EndFlap(m.Chat, c.flap))
			if sent != nil {
				sent.FlapOver = true
			}
		}
		return sent, nil, err
	case c.Edits == 0 && o.failure.Kind == telegram.Ambiguous:
		if err = tx.Ambiguous(m); err == nil {
			ambiguous, err = tx.SentEvent(m, 0)
		}
		return nil, ambiguous, errors.Join(err, tx.Unsent(m))
	default:
		return nil, nil, tx.Unsent(m)
	}
}
