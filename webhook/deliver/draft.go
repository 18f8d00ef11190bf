package deliver

import (
	"errors"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// draft is a formatted notice that is not stored yet.
type draft struct {
	notice   message.Notice
	messages []message.Message
	group    string
	list     []spool.View // the items of the notice
	news     []spool.View // those of the list that the chat does not show yet
	silent   bool
	replyTo  string
	covers   []state.Listed // further instances that the first message stands for
	// ambiguous counts the calls without an answer that may have shown the notice.
	ambiguous int
}

// errNothing means that a call was due without an alert to show. Planning it
// again would repeat that for ever.
var errNothing = errors.New("no alert to show")

// write stores all parts, and returns the call of the first one.
func (p *planner) write(d draft) (*call, error) {
	if len(d.list) == 0 {
		return nil, errNothing
	}
	var first *call
	rank := spool.LowestRank
	for _, v := range d.list {
		rank = min(rank, v.Rank)
	}
	news := map[int64]bool{}
	for _, v := range d.news {
		news[v.ID] = true
	}
	for _, m := range d.messages {
		c := &call{content: transport.Message{Document: m.Document}}
		c.Message = spool.Message{Chat: p.chat, Group: d.group, Kind: d.notice.Kind, Rank: rank, Part: m.Part, Parts: m.Parts}
		c.content.Silent, c.content.ReplyTo = d.silent, d.replyTo
		if first == nil && mentions(d.notice.Kind) {
			c.content.Mentions = p.formatter.Mentions()
		}
		c.ambiguous = d.ambiguous
		var listed []message.Item
		for _, i := range m.Items {
			v := d.list[i]
			listed = append(listed, d.notice.Items[i])
			c.ambiguous = max(c.ambiguous, v.Ambiguous)
			c.Listed = append(c.Listed, state.Listed{ID: v.ID, Resolved: !v.Firing(), News: news[v.ID]})
		}
		if first == nil {
			c.Listed = append(c.Listed, d.covers...)
		}
		c.minimum, c.nameless = p.formatter.Minimum(listed)
		var err error
		if c.Content, err = encode(c.content); err != nil {
			return nil, err
		}
		if first != nil {
			c.Batch = first.ID
		}
		if err := p.tx.AddMessage(&c.Message, p.now); err != nil {
			return nil, err
		}
		if first == nil {
			first = c
		}
	}
	p.attribute(first, d.news)
	return first, nil
}

// mentions reports whether messages of a kind name the people of the chat's receiver.
func mentions(k message.Kind) bool {
	return k != message.Resolution && k != message.Digest && k != message.SummaryEnds
}

// attribute sets the notifications that caused a call, for the log and the
// metrics.
func (p *planner) attribute(c *call, news []spool.View) {
	for _, v := range news {
		c.note(v.Notification, v.ChangedAt, func() string { return p.formatter.Scale().Of(v.Alert.Labels).Name })
	}
}

// note adds a notification that caused the call.
func (c *call) note(notification int64, changed time.Time, severity func() string) {
	if c.waiting.IsZero() || changed.Before(c.waiting) {
		c.waiting, c.severity = changed, severity()
	}
	if len(c.notifications) < 20 && !slices.Contains(c.notifications, notification) {
		c.notifications = append(c.notifications, notification)
	}
}
