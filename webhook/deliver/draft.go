package webhook

import (
	"encoding/json"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// draft is a notice that was formatted, about to be written down.
type draft struct {
	notice   message.Notice
	messages []message.Message
	group    string
	list     []viewed // what the items of the notice are
	news     []viewed // those of it that the chat waits for
	silent   bool
	replyTo  int
}

// write stores all parts, the first one as being sent, and returns its call.
func (p planner) write(d draft) (*call, error) {
	var first *call
	rank := lowestRank
	for _, v := range d.list {
		rank = min(rank, v.rank)
	}
	news := map[int64]bool{}
	for _, v := range d.news {
		news[v.id] = true
	}
	for _, m := range d.messages {
		c := &call{part: m.Part, kind: d.notice.Kind, content: outgoing(m)}
		c.content.Silent, c.content.ReplyTo = d.silent, d.replyTo
		for _, i := range m.Items {
			v := d.list[i]
			c.listed = append(c.listed, listed{ID: v.id, Resolved: !v.firing(), News: news[v.id]})
		}
		if first != nil {
			c.batch = first.message
		}
		if err := p.insert(c, d.group, rank, m.Parts); err != nil {
			return nil, err
		}
		if first == nil {
			first = c
			first.batch = first.message
		}
	}
	p.tells(first, d.news)
	return first, nil
}

// tells notes on whose behalf the call is made, for the log and the metrics.
func (p planner) tells(c *call, news []viewed) {
	seen := map[int64]bool{}
	for _, v := range news {
		if c.waiting.IsZero() || v.receivedAt.Before(c.waiting) {
			c.waiting = v.receivedAt
			c.severity = p.formatter.Scale().Of(v.alert.Labels).Name
		}
		if !seen[v.notification] && len(seen) < 20 {
			seen[v.notification] = true
			c.notifications = append(c.notifications, v.notification)
		}
	}
}

func (p planner) insert(c *call, group string, rank, parts int) error {
	content, err := json.Marshal(c.content)
	if err != nil {
		return err
	}
	list, err := json.Marshal(c.listed)
	if err != nil {
		return err
	}
	state := "sending"
	if c.part > 1 {
		state = "queued"
	}
	r, err := p.tx.Exec(`INSERT INTO messages (chat, group_key, kind, rank, batch, part, parts, content, instances, state, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.chat, group, c.kind, rank, c.batch, c.part, parts, string(content), string(list), state, p.now.UnixMicro())
	if err != nil {
		return err
	}
	if c.message, err = r.LastInsertId(); err != nil || c.part > 1 {
		return err
	}
	_, err = p.tx.Exec(`UPDATE messages SET batch = id WHERE id = ?`, c.message)
	return err
}

func outgoing(m message.Message) telegram.Message {
	out := telegram.Message{HTML: m.HTML, Plain: m.Text()}
	for _, b := range m.Buttons {
		out.Buttons = append(out.Buttons, telegram.Button(b))
	}
	return out
}
