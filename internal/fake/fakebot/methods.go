package fakebot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/alertnative/preflight/internal/markup"
)

const notModified = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"

// maxRaw limits a text before parsing, in bytes.
const maxRaw = 32 << 10

// maxLength limits a text after parsing, in UTF-16 code units.
const maxLength = 4096

var known = map[string][]string{
	"getMe":   {},
	"getChat": {"chat_id"},
	"sendMessage": {
		"chat_id", "message_thread_id", "text", "parse_mode", "link_preview_options", "disable_web_page_preview", "disable_notification",
		"reply_parameters", "reply_markup",
	},
	"editMessageText": {"chat_id", "message_id", "text", "parse_mode", "link_preview_options", "reply_markup"},
}

// call carries out a method.
func (b *Bot) call(method string, chat int64, fields map[string]string) answer {
	allowed, ok := known[method]
	if !ok {
		return refuse(http.StatusNotFound, "Not Found: method not found")
	}
	for name := range fields {
		if !slices.Contains(allowed, name) {
			return badRequest(fmt.Sprintf("unknown field %q of %s", name, method))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if method == "getMe" {
		return answer{OK: true, Result: map[string]any{"id": 1, "is_bot": true, "first_name": "fake", "username": "fake_bot"}}
	}
	c := b.chats[chat]
	switch {
	case c == nil:
		return badRequest("chat not found")
	case c.blocked:
		return refuse(http.StatusForbidden, "Forbidden: bot was blocked by the user")
	case c.migratedTo != 0:
		a := badRequest("group chat was upgraded to a supergroup chat")
		a.Parameters = &parameters{MigrateToChatID: c.migratedTo}
		return a
	}
	if method == "getChat" {
		return answer{OK: true, Result: c.about()}
	}
	now := time.Now()
	if wait := b.tooSoon(c, now); wait > 0 {
		return tooMany(int((wait + time.Second - 1) / time.Second))
	}
	m, problem := parseMessage(fields)
	if problem != "" {
		return badRequest(problem)
	}
	m.Sent = now
	m.Topic, _ = strconv.Atoi(fields["message_thread_id"])
	m.ID, _ = strconv.Atoi(fields["message_id"])
	if old := c.find(m.ID); old != nil {
		m.Topic = old.Topic
	}
	if b.refuses != nil {
		if why := b.refuses(chat, m); why != "" {
			a := badRequest(why)
			a.injected = true
			return a
		}
	}
	var a answer
	if method == "sendMessage" {
		a = c.send(m, fields)
	} else {
		a = c.edit(m, fields)
	}
	if a.OK {
		c.calls = append(c.calls, now)
		b.recent = append(b.recent, now)
	}
	return a
}

func tooMany(seconds int) answer {
	a := refuse(http.StatusTooManyRequests, fmt.Sprintf("Too Many Requests: retry after %d", seconds))
	a.Parameters = &parameters{RetryAfter: seconds}
	return a
}

// tooSoon returns the time that the call has to wait to keep the limits.
func (b *Bot) tooSoon(c *Chat, now time.Time) time.Duration {
	c.calls = slices.DeleteFunc(c.calls, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	b.recent = slices.DeleteFunc(b.recent, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	var wait time.Duration
	if n := len(c.calls); n > 0 {
		wait = b.limits.Chat - now.Sub(c.calls[n-1])
	}
	if g := b.limits.Group; c.ID < 0 && g > 0 && len(c.calls) >= g {
		wait = max(wait, time.Minute-now.Sub(c.calls[len(c.calls)-g]))
	}
	if g := b.limits.Global; g > 0 && len(b.recent) >= g {
		wait = max(wait, time.Second-now.Sub(b.recent[0]))
	}
	return wait
}

// parseMessage checks the parameters that both methods share.
func parseMessage(fields map[string]string) (Message, string) {
	raw := fields["text"]
	m := Message{HTML: raw, Silent: fields["disable_notification"] == "true"}
	if len(raw) > maxRaw {
		return m, "message is too long"
	}
	switch fields["parse_mode"] {
	case "":
		m.Text = raw
	case "HTML":
		parsed, err := markup.Parse(raw)
		if err != nil {
			return m, "can't parse entities: " + err.Error()
		}
		m.Text, m.Entities = parsed.Shown, parsed.Entities
	default:
		return m, "unsupported parse_mode"
	}
	m.Text = strings.TrimSpace(strings.ReplaceAll(m.Text, "\x00", ""))
	switch {
	case m.Text == "":
		return m, "message text is empty"
	case len(utf16.Encode([]rune(m.Text))) > maxLength:
		return m, "message is too long"
	}
	var problem string
	m.Buttons, problem = parseButtons(fields["reply_markup"])
	return m, problem
}

func parseButtons(markup string) ([]Button, string) {
	if markup == "" {
		return nil, ""
	}
	var keyboard struct {
		Rows [][]struct {
			Text string `json:"text"`
			URL  string `json:"url"`
		} `json:"inline_keyboard"`
	}
	if err := json.Unmarshal([]byte(markup), &keyboard); err != nil {
		return nil, "object expected as reply markup"
	}
	var buttons []Button
	for i, row := range keyboard.Rows {
		for _, b := range row {
			if b.Text == "" {
				return nil, "text buttons are unallowed in the inline keyboard"
			}
			if u, err := url.Parse(b.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(u.Hostname(), ".") {
				return nil, fmt.Sprintf("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
			}
			buttons = append(buttons, Button{b.Text, b.URL, i})
		}
	}
	return buttons, ""
}

func (c *Chat) send(m Message, fields map[string]string) answer {
	if fields["message_thread_id"] != "" && !slices.Contains(c.Topics, m.Topic) {
		return badRequest("message thread not found")
	}
	if r := fields["reply_parameters"]; r != "" {
		var reply struct {
			MessageID int  `json:"message_id"`
			Allow     bool `json:"allow_sending_without_reply"`
		}
		if err := json.Unmarshal([]byte(r), &reply); err != nil {
			return badRequest("can't parse reply parameters JSON object")
		}
		switch found := c.find(reply.MessageID) != nil; {
		case found:
			m.ReplyTo = reply.MessageID
		case !reply.Allow:
			return badRequest("message to be replied not found")
		}
	}
	c.nextID++
	m.ID = c.nextID
	c.Messages = append(c.Messages, m)
	return c.shown(m)
}

func (c *Chat) edit(m Message, fields map[string]string) answer {
	old := c.find(m.ID)
	if old == nil {
		return badRequest("message to edit not found")
	}
	if old.Text == m.Text && old.HTML == m.HTML && slices.Equal(old.Buttons, m.Buttons) {
		return refuse(http.StatusBadRequest, notModified)
	}
	old.Edits = append(old.Edits, Edit{Text: old.Text, At: m.Sent})
	old.Text, old.HTML, old.Entities, old.Buttons = m.Text, m.HTML, m.Entities, m.Buttons
	return c.shown(*old)
}

func (c *Chat) find(id int) *Message {
	i := slices.IndexFunc(c.Messages, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Messages[i]
}

func (c *Chat) shown(m Message) answer {
	return answer{OK: true, Result: map[string]any{
		"message_id": m.ID, "date": m.Sent.Unix(), "text": m.Text, "chat": c.about(),
	}}
}

func (c *Chat) about() map[string]any {
	if c.ID < 0 {
		return map[string]any{"id": c.ID, "type": "supergroup", "title": "fake", "is_forum": len(c.Topics) > 0}
	}
	return map[string]any{"id": c.ID, "type": "private", "first_name": "fake"}
}
