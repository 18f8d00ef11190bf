// Package fakeslack is Slack's Web API for tests. It refuses the same calls as
// Slack, with the same codes, keeps the messages of its channels, and fails on
// request. It is stricter where Slack would show something else than was meant.
//
// A [Workspace] is an http.Handler: serve it by an httptest.Server, or call it
// without a network through [Workspace.Client].
package fakeslack

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/fake/direct"
	"github.com/alertnative/preflight/internal/fake/web"
)

// Limits are the rates above which calls are refused with 429.
type Limits struct {
	Channel time.Duration // minimum time between two messages to a channel
	Updates int           // updates per minute in total
}

// Slack returns the limits that Slack documents.
func Slack() Limits { return Limits{Channel: time.Second, Updates: 50} }

// Channel is a channel as its members see it.
type Channel struct {
	ID       string
	Messages []Message

	archived, left bool
	posted         time.Time // the last message
}

// Message is a message in a channel.
type Message struct {
	TS        string
	Thread    string // the first message of its thread; "" for none
	Broadcast bool   // a reply that the channel shows too
	Text      string // as shown: the blocks, or the text without them
	Fallback  string // the text of notifications
	Blocks    int
	Mentions  []string // of people, as Slack writes them
	Notified  []string // the mentions that it was posted with: an edit notifies no person
	Sent      time.Time
	Edits     []Edit
}

// The calls of the API, their faults, and the edits of messages.
type (
	Call  = web.Call[string]
	Fault = web.Fault[string]
	Edit  = web.Edit
)

// Workspace is the API as one bot calls it.
type Workspace struct {
	*web.Log[string]
	token  string
	limits Limits

	mu       sync.Mutex
	channels map[string]*Channel
	updates  []time.Time // of the last minute
	refuses  func(channel string, m Message) string
	window   time.Duration // in which messages can be updated; 0 for ever
	last     int64         // the time of the last message, in microseconds
}

// New returns the API for a bot with that token in those channels.
func New(token string, limits Limits, channels ...string) *Workspace {
	w := &Workspace{Log: web.NewLog[string](reads), token: token, limits: limits, channels: map[string]*Channel{}}
	for _, id := range channels {
		w.channels[id] = &Channel{ID: id}
	}
	return w
}

// Client returns an HTTP client for the API that needs no network.
func (w *Workspace) Client() *http.Client { return direct.Client(w) }

// Messages returns the messages of a channel, oldest first.
func (w *Workspace) Messages(channel string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channels[channel]
	if c == nil {
		return nil
	}
	messages := slices.Clone(c.Messages)
	for i := range messages {
		messages[i].Edits = slices.Clone(messages[i].Edits)
	}
	return messages
}

// reads reports whether a method changes nothing.
func reads(method string) bool { return method == "auth.test" || method == "conversations.info" }

// Refusals returns the calls that were refused because of their content. A
// correct program makes none. Refusals for rates and for the state of the channel,
// injected faults and those of [Workspace.Refuse] are not included.
func (w *Workspace) Refusals() []Call {
	others := []string{"", rateLimited, "is_archived", "not_in_channel"}
	return slices.DeleteFunc(w.Calls(), func(c Call) bool { return c.Injected || slices.Contains(others, c.Error) })
}

// Refuse makes calls fail with the code that the function returns for a message.
// The empty code accepts it. A nil function accepts every message. The function
// must not call the workspace.
func (w *Workspace) Refuse(why func(channel string, m Message) string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses = why
}

// Archive archives a channel, or opens it again.
func (w *Workspace) Archive(channel string, archived bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.channels[channel].archived = archived
}

// Leave removes the bot from a channel, or invites it again.
func (w *Workspace) Leave(channel string, left bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.channels[channel].left = left
}

// Delete removes a message, as a person can.
func (w *Workspace) Delete(channel, ts string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channels[channel]
	c.Messages = slices.DeleteFunc(c.Messages, func(m Message) bool { return m.TS == ts })
}

// SetEditWindow sets the time within which messages can be updated; 0 for ever.
func (w *Workspace) SetEditWindow(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.window = d
}

// Revoke replaces the token of the bot.
func (w *Workspace) Revoke(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = token
}
