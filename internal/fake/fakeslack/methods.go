package fakeslack

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the texts, in characters.
const (
	maxText   = 40_000
	maxUpdate = 4_000
)

// known are the arguments of the methods. Slack ignores others.
var known = map[string][]string{
	"auth.test":          {},
	"conversations.info": {"channel", "include_locale", "include_num_members"},
	"chat.postMessage": {
		"channel", "text", "blocks", "thread_ts", "reply_broadcast", "mrkdwn", "unfurl_links", "unfurl_media", "parse", "link_names",
	},
	"chat.update": {"channel", "ts", "text", "blocks", "mrkdwn", "parse", "link_names"},
}

var timestamp = regexp.MustCompile(`^[0-9]{10}\.[0-9]{6}$`)

// call carries out a method.
func (w *Workspace) call(method, token string, fields url.Values) answer {
	allowed, ok := known[method]
	if !ok {
		return refuse("unknown_method")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case token == "":
		return refuse("not_authed")
	case token != w.token:
		return refuse("invalid_auth")
	case method == "auth.test":
		return answer{OK: true}
	}
	for name, values := range fields {
		if !slices.Contains(allowed, name) || len(values) != 1 {
			return invalid("invalid_arguments", fmt.Sprintf("argument %q of %s", name, method))
		}
	}
	c := w.channels[fields.Get("channel")]
	switch {
	case c == nil:
		return refuse("channel_not_found")
	case method == "conversations.info":
		return answer{OK: true, Channel: map[string]any{"id": c.ID, "is_channel": true, "is_archived": c.archived, "is_member": !c.left}}
	case c.archived:
		return refuse("is_archived")
	case c.left:
		return refuse("not_in_channel")
	}
	m, refusal := parse(method, fields)
	if refusal.Error != "" {
		return refusal
	}
	if w.refuses != nil {
		if code := w.refuses(c.ID, m); code != "" {
			a := refuse(code)
			a.injected = true
			return a
		}
	}
	m.Sent = time.Now()
	if method == "chat.update" {
		return w.update(c, m, fields.Get("ts"))
	}
	return w.post(c, m, fields.Get("reply_broadcast") == "true")
}

// parse reads the content of a message.
func parse(method string, fields url.Values) (Message, answer) {
	m := Message{Thread: fields.Get("thread_ts"), Fallback: fields.Get("text")}
	limit := maxText
	if method == "chat.update" {
		limit = maxUpdate
	}
	if utf8.RuneCountInString(m.Fallback) > limit {
		return m, refuse("msg_too_long")
	}
	shown, mentions, err := markup(m.Fallback)
	if err != nil {
		return m, invalid("invalid_arguments", err.Error())
	}
	m.Text, m.Mentions = shown, mentions
	if blocks := fields.Get("blocks"); blocks != "" {
		texts, mentions, refusal := parseBlocks(blocks)
		if refusal.Error != "" {
			return m, refusal
		}
		if m.Blocks = len(texts); m.Blocks > 0 {
			m.Text, m.Mentions = strings.Join(texts, "\n"), mentions
		}
	}
	if strings.TrimSpace(m.Text) == "" {
		return m, refuse("no_text")
	}
	if m.Blocks > 0 && strings.TrimSpace(m.Fallback) == "" { // notifications would be empty
		return m, invalid("no_text", "blocks without a text for notifications")
	}
	return m, answer{}
}

// post adds a message.
func (w *Workspace) post(c *Channel, m Message, broadcast bool) answer {
	if m.Thread != "" {
		switch root := c.find(m.Thread); {
		case !timestamp.MatchString(m.Thread):
			return invalid("invalid_thread_ts", m.Thread)
		case root == nil: // its first message was deleted: Slack posts to the channel
			m.Thread = ""
		case root.Thread != "": // the channel would not show it
			return invalid("cannot_reply_to_message", "a reply to a reply")
		}
		m.Broadcast = broadcast && m.Thread != ""
	}
	if wait := w.limits.Channel - m.Sent.Sub(c.posted); w.limits.Channel > 0 && wait > 0 {
		return tooMany(seconds(wait))
	}
	c.posted = m.Sent
	w.last = max(w.last+1, m.Sent.UnixMicro())
	m.TS = fmt.Sprintf("%d.%06d", w.last/1e6, w.last%1e6)
	m.Notified = m.Mentions
	c.Messages = append(c.Messages, m)
	return c.shown(m)
}

// update replaces a message.
func (w *Workspace) update(c *Channel, m Message, ts string) answer {
	old := c.find(ts)
	switch {
	case old == nil:
		return refuse("message_not_found")
	case w.window > 0 && m.Sent.Sub(old.Sent) > w.window:
		return refuse("edit_window_closed")
	}
	w.updates = slices.DeleteFunc(w.updates, func(t time.Time) bool { return m.Sent.Sub(t) >= time.Minute })
	if most := w.limits.Updates; most > 0 && len(w.updates) >= most {
		return tooMany(seconds(time.Minute - m.Sent.Sub(w.updates[0])))
	}
	w.updates = append(w.updates, m.Sent)
	old.Edits = append(old.Edits, Edit{Text: old.Text, At: m.Sent})
	old.Text, old.Fallback, old.Blocks, old.Mentions = m.Text, m.Fallback, m.Blocks, m.Mentions
	return c.shown(*old)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (c *Channel) find(ts string) *Message {
	i := slices.IndexFunc(c.Messages, func(m Message) bool { return m.TS == ts })
	if i < 0 {
		return nil
	}
	return &c.Messages[i]
}

func (c *Channel) shown(m Message) answer {
	message := map[string]any{"type": "message", "ts": m.TS, "text": m.Fallback}
	if m.Thread != "" {
		message["thread_ts"] = m.Thread
	}
	return answer{OK: true, Channel: c.ID, TS: m.TS, Text: m.Fallback, Message: message}
}
