package deliver

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/telegram"
)

// call is one call of the Bot API that brings a chat nearer to the present state.
// It is stored before it is made.
type call struct {
	spool.Message
	content   telegram.Message
	minimum   string // replaces the content if Telegram refuses it also as plain text
	nameless  string // replaces the minimum if Telegram refuses that too
	ambiguous int    // the calls without an answer that may have shown it
	severity  string

	notifications []int64   // that brought its news
	waiting       time.Time // the time since which the oldest change waits
}

// planner chooses the next call for a chat, in a transaction.
type planner struct {
	tx        *spool.Tx
	chat      string
	now       time.Time
	formatter *message.Formatter
	ownOnly   bool // leave out alerts that only other replicas received
	others    *spool.Others
}

// next plans and stores the most urgent call. It returns nil if the chat shows
// the present state.
func (p planner) next() (*call, error) {
	var last spool.Due
	for again := 0; again < 2; {
		due, ok, err := p.mostUrgent()
		if err != nil || !ok {
			return nil, err
		}
		var c *call
		err = p.tx.Try(func() (err error) {
			c, err = p.plan(due)
			return err
		})
		if err != nil && spool.IsItem(err) {
			c, err = nil, p.tx.SetAsideDue(p.chat, due, err)
		}
		if c != nil || err != nil {
			return c, err
		}
		// It needs no call, and was marked as done.
		if due == last {
			again++
		} else {
			last, again = due, 0
		}
	}
	return nil, fmt.Errorf("%w: what is done stays due", spool.ErrDamaged)
}

func (p planner) mostUrgent() (spool.Due, bool, error) {
	if p.others != nil {
		return p.tx.MostUrgentOther(p.chat, p.ownOnly, p.urgentRanks(), *p.others)
	}
	return p.tx.MostUrgent(p.chat, p.ownOnly, p.urgentRanks())
}

// plan plans and stores a call that is due. It returns nil if no call is needed.
func (p planner) plan(due spool.Due) (*call, error) {
	switch due.Class {
	case spool.DuePart:
		return p.part(due.ID)
	case spool.DueAlert:
		return p.alert(due.Group)
	case spool.DueReminder:
		return p.reminder(due.Group)
	case spool.DueResolution:
		return p.resolution(due.Group)
	case spool.DueEdit:
		return p.edit(due.ID)
	default:
		return p.digest()
	}
}

// urgentRanks returns the number of urgent ranks.
func (p planner) urgentRanks() int { return p.formatter.Scale().Urgent() }

// mine leaves out the alerts that another replica delivers.
func (p planner) mine(list []spool.View) []spool.View {
	return slices.DeleteFunc(list, func(v spool.View) bool {
		undelivered := v.Shown == spool.ShownNothing || v.Shown == spool.ShownFiring && !v.Firing()
		return p.ownOnly && !v.Own && undelivered
	})
}

// open returns the firing instances of a group, and the resolved instances that
// the chat does not show as resolved.
func (p planner) open(group string) (open, resolved []spool.View, err error) {
	if open, err = p.tx.OpenViews(p.chat, group); err != nil {
		return nil, nil, err
	}
	resolved, err = p.tx.ResolvedViews(p.chat, group)
	return p.mine(open), p.mine(resolved), err
}

// alert plans a message about the instances of a group that newly fire, and the
// urgent ones that were resolved before they were delivered. If all fit in one
// message, it also lists the instances that the chat already shows.
func (p planner) alert(group string) (*call, error) {
	open, resolved, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var fresh, others []spool.View
	for _, v := range open {
		if v.Shown == spool.ShownNothing {
			fresh = append(fresh, v)
		} else {
			others = append(others, v)
		}
	}
	for _, v := range resolved {
		if v.Shown == spool.ShownNothing && (v.Rank < p.urgentRanks() || v.Closed == message.Note) {
			fresh = append(fresh, v)
		}
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
	return p.write(draft{notice: n, messages: messages, group: group, list: list, news: fresh, silent: quiet(fresh)})
}

// reminder plans a message about every firing instance of a group.
func (p planner) reminder(group string) (*call, error) {
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
func (p planner) stillOpen(group string) ([]spool.View, error) {
	if group == spool.MovedGroup {
		return p.tx.MovedViews(p.chat)
	}
	open, _, err := p.open(group)
	return open, err
}

// resolution plans a reply to the newest message that showed the resolved
// instances.
func (p planner) resolution(group string) (*call, error) {
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
func (p planner) digest() (*call, error) {
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
func (p planner) part(id int64) (*call, error) {
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
	if err := json.Unmarshal(m.Content, &c.content); err != nil {
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
func (p planner) edit(id int64) (*call, error) {
	m, err := p.tx.StartEdit(p.chat, id)
	if err != nil {
		return nil, err
	}
	list, err := p.tx.ListedViews(p.chat, m.Listed)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, p.tx.DropEdit(id)
	}
	edited, err := p.formatter.Edit(message.Notice{Kind: m.Kind, Now: p.now, Part: m.Part, Parts: m.Parts, Items: items(list)})
	return &call{Message: *m, content: outgoing(edited)}, err
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
