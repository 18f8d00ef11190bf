package deliver

import (
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// call is one call of a transport that brings a chat nearer to the present state.
// It is stored before it is made.
type call struct {
	spool.Message
	content   transport.Message
	minimum   string // replaces the content if it is refused also as plain text
	nameless  string // replaces the minimum if that is refused too
	ambiguous int    // the calls without an answer that may have shown it
	severity  string

	rings      bool  // about an urgent alert, with a sound
	edits      bool  // brings a message that names many alerts up to date
	summarized int   // alerts that a summary newly shows
	lines      int   // of a summary
	flap       int64 // the message about an alert that flaps, which the call concerns
	flapOver   bool  // afterwards that alert no longer flaps

	notifications []int64   // that brought its news
	waiting       time.Time // the time since which the oldest change waits
}

// planner chooses the next call for a chat, in a transaction.
type planner struct {
	tx        *spool.Tx
	chat      string
	topics    []string // other topics of the chat
	now       time.Time
	formatter *message.Formatter
	ownOnly   bool // leave out alerts that only other replicas received
	budget    budget
	storm     *spool.Storm // nil for none
	rang      time.Time    // the last call about an urgent alert
	edited    time.Time    // the last edit of a summary
	flapped   flapEdits
	editsFrom time.Time // edits wait until then
	divided   divisions
	others    *spool.Others
}

// next plans and stores the most urgent call. It returns nil if the chat shows
// the present state, or if no call is possible yet. Wake is the time at which
// one may be, or zero.
func (p *planner) next() (c *call, wake time.Time, err error) {
	if p.storm, err = p.tx.Storm(p.chat); err != nil {
		return nil, wake, err
	}
	if p.storm != nil && p.storm.Began.After(p.now) { // the clock was set back
		p.storm.Began = p.now
		if err := p.tx.SetStorm(p.chat, *p.storm); err != nil {
			return nil, wake, err
		}
	}
	if p.storm != nil {
		p.rang = later(p.rang, p.storm.Rang)
	}
	var last spool.Due
	for again := 0; again < 2; {
		dues, next, err := p.dues()
		if err != nil {
			return nil, wake, err
		}
		p.flapped.order(dues)
		s, ok, wake, err := p.choose(dues)
		if !next.IsZero() {
			wake = sooner(wake, next)
		}
		if !ok || err != nil {
			return nil, wake, err
		}
		err = p.tx.Try(func() (err error) {
			c, err = p.plan(s)
			return err
		})
		if err != nil && spool.IsItem(err) {
			c, err = nil, p.setAside(s, err)
		}
		if c != nil || err != nil {
			return c, wake, err
		}
		// It needs no call, and was marked as done.
		if s.due == last {
			again++
		} else {
			last, again = s.due, 0
		}
	}
	return nil, wake, fmt.Errorf("%w: what is done stays due", spool.ErrDamaged)
}

// dues returns the calls that are due, and when the next one will be, or zero. They
// are without edits while these have to wait.
func (p *planner) dues() (dues spool.Dues, next time.Time, err error) {
	dues, next, err = p.tx.Dues(p.chat, p.ownOnly, p.urgentRanks(), p.now)
	if err != nil || !p.editsFrom.After(p.now) {
		return dues, next, err
	}
	others := slices.DeleteFunc(slices.Clone(dues), func(d spool.Due) bool {
		return d.Class == spool.DueEdit || d.Class == spool.DueSummaryEdit || d.Class == spool.DueFlapEdit
	})
	if len(others) < len(dues) {
		next = sooner(next, p.editsFrom)
	}
	return others, next, nil
}

// setAside sets aside a call that cannot be planned.
func (p *planner) setAside(s step, reason error) error {
	if s.summary == "" {
		return p.tx.SetAsideDue(p.chat, s.due, reason)
	}
	return p.tx.SetAsideSummary(p.chat, s.summary, reason)
}

// plan plans and stores a call. It returns nil if no call is needed.
func (p *planner) plan(s step) (*call, error) {
	if s.summary != "" {
		return p.summarize(s)
	}
	switch due := s.due; due.Class {
	case spool.DuePart:
		return p.part(due.ID)
	case spool.DueAlert:
		c, err := p.alert(due, s.first)
		if c != nil {
			c.rings = due.Urgent(p.urgentRanks())
		}
		return c, err
	case spool.DueReminder:
		return p.reminder(due.Group)
	case spool.DueResolution:
		return p.resolution(due.Group)
	case spool.DueEdit:
		return p.edit(due.ID)
	case spool.DueSummaryEdit:
		return p.editSummary(due.ID, nil)
	case spool.DueFlap, spool.DueFlapFires, spool.DueFlapEdit, spool.DueFlapOver:
		return p.flapCall(due)
	default:
		return p.digest()
	}
}

// urgentRanks returns the number of urgent ranks.
func (p *planner) urgentRanks() int { return p.formatter.Scale().Urgent() }

// mine leaves out the alerts that another replica delivers.
func (p *planner) mine(list []spool.View) []spool.View {
	return slices.DeleteFunc(list, func(v spool.View) bool { return p.ownOnly && !v.Own && pending(v) })
}

// pending reports whether the chat does not show the present state of an instance.
func pending(v spool.View) bool {
	return v.Shown == spool.ShownNothing || v.Shown == spool.ShownFiring && !v.Firing()
}

// open returns the firing instances of a group, and the resolved instances that
// the chat does not show as resolved.
func (p *planner) open(group string) (open, resolved []spool.View, err error) {
	if open, err = p.tx.OpenViews(p.chat, group); err != nil {
		return nil, nil, err
	}
	resolved, err = p.tx.ResolvedViews(p.chat, group)
	return p.mine(open), p.mine(resolved), err
}

// alert plans a message about the instances of a group that newly fire, and the
// urgent ones that were resolved before they were delivered. If all fit in one
// message, it also lists the instances that the chat already shows. With
// firstOnly a longer message has only its first part.
func (p *planner) alert(due spool.Due, firstOnly bool) (*call, error) {
	group := due.Group
	if err := p.tx.DropGroupParts(p.chat, group); err != nil { // this message lists their alerts
		return nil, err
	}
	if firstOnly && due.Alerts > perMessage {
		return p.firstPart(due)
	}
	open, resolved, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var fresh, others []spool.View
	for _, v := range open {
		switch {
		case v.Shown == spool.ShownNothing && v.Flaps: // another message shows it
		case v.Shown == spool.ShownNothing:
			fresh = append(fresh, v)
		default:
			others = append(others, v)
		}
	}
	for _, v := range resolved {
		if v.Shown == spool.ShownNothing && (v.Rank < p.urgentRanks() || v.Closed == message.Note) {
			fresh = append(fresh, v)
		}
	}
	if c, err := p.flapping(fresh); c != nil || err != nil {
		return c, err
	}
	n := message.Notice{Kind: message.Alert, Now: p.now, Truncated: p.tx.Truncated(group)}
	list := append(fresh, others...)
	n.Items = items(list)
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	if len(messages) > 1 && len(others) > 0 {
		list, n.More = fresh, len(others)
		n.Items = items(list)
		if messages, err = p.formatter.Format(n); err != nil {
			return nil, err
		}
	}
	if firstOnly && len(messages) > 1 {
		return p.firstPart(due)
	}
	return p.write(draft{notice: n, messages: messages, group: group, list: list, news: fresh, silent: quiet(fresh)})
}

// firstPart plans a message about the most urgent instances of a group, which a
// summary lists the rest of.
func (p *planner) firstPart(due spool.Due) (*call, error) {
	fresh, err := p.tx.FreshViews(p.chat, due.Group, p.ownOnly, p.urgentRanks(), 2*perMessage)
	if err != nil {
		return nil, err
	}
	d, err := p.fitting(message.Notice{Kind: message.Alert, Now: p.now, Truncated: p.tx.Truncated(due.Group)}, fresh, due.Alerts)
	if err != nil {
		return nil, err
	}
	d.group, d.news, d.silent = due.Group, d.list, quiet(d.list)
	return p.write(d)
}

// fitting formats a notice as one message about instances, as many as fit. The
// message has the number of the others, if the notice is about more.
func (p *planner) fitting(n message.Notice, list []spool.View, all int) (draft, error) {
	for {
		n.Items, n.More = items(list), max(0, all-len(list))
		messages, err := p.formatter.Format(n)
		if err != nil || len(messages) <= 1 || len(list) == 1 {
			return draft{notice: n, messages: messages, list: list}, err
		}
		var some []spool.View
		for _, i := range messages[0].Items {
			some = append(some, list[i])
		}
		if len(some) == len(list) {
			some = some[1:]
		}
		list = some
	}
}

// reminder plans a message about every firing instance of a group.
func (p *planner) reminder(group string) (*call, error) {
	open, err := p.stillOpen(group)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, p.tx.DropReminder(p.chat, group)
	}
	notify, ambiguous, err := p.tx.Reminder(p.chat, group)
	if err != nil {
		return nil, err
	}
	n := message.Notice{Kind: message.Reminder, Now: p.now, Truncated: p.tx.Truncated(group), Items: items(open)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	silent := notify != state.Loud || ambiguous >= silentRepeats
	return p.write(draft{notice: n, messages: messages, group: group, list: open, silent: silent, ambiguous: ambiguous})
}

// stillOpen returns the firing instances that a reminder of a group shows.
func (p *planner) stillOpen(group string) ([]spool.View, error) {
	if group == spool.MovedGroup {
		return p.tx.MovedViews(p.chat)
	}
	open, _, err := p.open(group)
	return open, err
}

// resolution plans a reply to the newest message that showed the resolved
// instances.
func (p *planner) resolution(group string) (*call, error) {
	open, resolved, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var over, firing []spool.View
	var first int64
	for _, v := range resolved {
		if v.Shown == spool.ShownFiring {
			over = append(over, v)
			first = max(first, v.First)
		}
	}
	for _, v := range open {
		if v.Shown == spool.ShownFiring {
			firing = append(firing, v)
		}
	}
	n := message.Notice{Kind: message.Resolution, Now: p.now, Truncated: p.tx.Truncated(group), Items: items(over), Firing: items(firing)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	reply, err := p.tx.MessageID(first)
	if err != nil {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, group: group, list: over, news: over, silent: true, replyTo: reply})
}

// digest plans a message about the instances that were resolved before they were
// delivered and are not urgent.
func (p *planner) digest() (*call, error) {
	list, err := p.tx.DigestViews(p.chat, p.urgentRanks())
	if err != nil {
		return nil, err
	}
	list = p.mine(list)
	n := message.Notice{Kind: message.Digest, Now: p.now, Items: items(list)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, list: list, news: list, silent: true})
}

// part plans the next part of a message of which a part was sent.
func (p *planner) part(id int64) (*call, error) {
	m, err := p.tx.SendPart(p.chat, id)
	if err != nil {
		return nil, err
	}
	list, err := p.tx.ListedViews(p.chat, m.Listed)
	if err != nil {
		return nil, err
	}
	c := &call{Message: *m}
	c.minimum, c.nameless = p.formatter.Minimum(items(list))
	if c.content, err = decode(m.Content); err != nil {
		return nil, err
	}
	for _, v := range list {
		c.ambiguous = max(c.ambiguous, v.Ambiguous)
	}
	c.content.Silent = c.content.Silent || c.ambiguous >= silentRepeats
	return c, nil
}

// edit plans an edit that shows the present state in a message that was sent
// before.
func (p *planner) edit(id int64) (*call, error) {
	m, err := p.tx.StartEdit(p.chat, id)
	if err != nil {
		return nil, err
	}
	switch m.Kind {
	case message.Flapping:
		return p.flapState(m)
	case message.Flap: // about a moment
		return nil, p.tx.DropEdit(id)
	}
	list, err := p.tx.ListedViews(p.chat, m.Listed)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, p.tx.DropEdit(id)
	}
	edited, err := p.formatter.Edit(message.Notice{Kind: m.Kind, Now: p.now, Part: m.Part, Parts: m.Parts, Items: items(list)})
	return &call{Message: *m, content: transport.Message{Document: edited.Document}}, err
}

func items(list []spool.View) []message.Item {
	items := make([]message.Item, len(list))
	for i, v := range list {
		items[i] = message.Item{
			Alert: v.Alert, Resolved: !v.Firing() && v.Closed != message.Note, Closed: v.Closed,
			Stale: v.Stale(), AgainAt: v.ResumedAt, Cluster: v.Cluster, Silence: v.Silence,
		}
	}
	return items
}

// silentRepeats is the number of calls without an answer after which a message
// is repeated silently: the chat may show and have rung each of them.
const silentRepeats = 2

// quiet reports whether none of the instances asks for a sound.
func quiet(list []spool.View) bool {
	return !slices.ContainsFunc(list, func(v spool.View) bool { return v.Notify == state.Loud && v.Ambiguous < silentRepeats })
}
