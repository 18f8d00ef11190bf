package transporttest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/alertnative/preflight/webhook/transport"
)

// Memory is a transport that keeps the messages of one chat, for tests. The zero
// value is ready.
type Memory struct {
	mu       sync.Mutex
	messages []Message
	failures []Failure
	ids      int
}

// Chat is the chat of a [Memory].
var Chat = transport.Chat{Transport: "memory", ID: "chat"}

// Service returns the transport as a service that [Run] tests.
func (m *Memory) Service() Service {
	return Service{
		Transport: m, Chat: Chat, Unknown: transport.Chat{Transport: "memory", ID: "unknown"}, Secret: "secret",
		Messages: m.Messages, Delete: m.Delete, Fail: m.Fail,
	}
}

// Messages returns the messages, oldest first.
func (m *Memory) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// Delete removes a message.
func (m *Memory) Delete(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages = slices.DeleteFunc(m.messages, func(shown Message) bool { return shown.ID == id })
}

// Fail makes the next call fail.
func (m *Memory) Fail(f Failure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures = append(m.failures, f)
}

// Capabilities returns all abilities.
func (*Memory) Capabilities(transport.Chat) transport.Capabilities {
	return transport.Capabilities{
		Edits: true, Replies: true, Silent: true, Buttons: true, Text: transport.MinText,
		Rates: transport.Rates{Global: 1_000_000},
	}
}

// Send adds a message.
func (m *Memory) Send(_ context.Context, chat transport.Chat, content transport.Message) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := strconv.Itoa(m.ids + 1)
	err := m.call(chat, func() {
		m.ids++
		shown := Message{ID: id, Text: text(content), Rings: !content.Silent}
		if m.find(content.ReplyTo) != nil {
			shown.ReplyTo = content.ReplyTo
		}
		m.messages = append(m.messages, shown)
	})
	return id, err
}

// Edit replaces a message.
func (m *Memory) Edit(_ context.Context, chat transport.Chat, id string, content transport.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	shown := m.find(id)
	if shown == nil {
		return failed(transport.MessageGone)
	}
	content.Mentions = nil
	return m.call(chat, func() { shown.Text = text(content) })
}

// Check asks whether the chat is known.
func (m *Memory) Check(_ context.Context, chat transport.Chat) error {
	if chat != Chat {
		return failed(transport.ChatGone)
	}
	return nil
}

func (m *Memory) find(id string) *Message {
	i := slices.IndexFunc(m.messages, func(shown Message) bool { return shown.ID == id })
	if i < 0 {
		return nil
	}
	return &m.messages[i]
}

// call carries out a call, or fails as was asked.
func (m *Memory) call(chat transport.Chat, do func()) error {
	if chat != Chat {
		return failed(transport.ChatGone)
	}
	if len(m.failures) == 0 {
		do()
		return nil
	}
	f := m.failures[0]
	m.failures = m.failures[1:]
	switch f {
	case Unanswered, Unavailable:
		do()
		return failed(transport.Ambiguous)
	case TooMany:
		return failed(transport.RateLimited)
	case Unauthorized:
		return failed(transport.Unauthorized)
	case Refused:
		return failed(transport.Refused)
	default:
		return failed(transport.Unreachable)
	}
}

func failed(kind transport.Kind) *transport.Error {
	e := &transport.Error{Transport: Chat.Transport, Kind: kind, Description: "the call fails", Advice: "look at the test"}
	if kind == transport.RateLimited {
		e.RetryAfter = Wait
	}
	return e
}

func text(m transport.Message) string {
	shown := m.Document.String()
	if m.Plain {
		shown = m.Document.Plain()
	}
	if m.Silent || len(m.Mentions) == 0 {
		return shown
	}
	return shown + "\n" + strings.Join(m.Mentions, " ")
}
