// Package fakebot is a Telegram Bot API for tests. It refuses the same calls as
// Telegram, with the same texts, keeps the messages of its chats, and fails on
// request.
//
// A [Bot] is an http.Handler: serve it by an httptest.Server, or call it
// without a network through [Bot.Client].
package fakebot

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/fake/direct"
	"github.com/alertnative/preflight/internal/fake/web"
)

// Limits are the rates above which calls are refused with 429.
type Limits struct {
	Chat   time.Duration // minimum time between two calls to a chat
	Group  int           // calls per minute to a group, supergroup or channel
	Global int           // calls per second in total
}

// Telegram returns the limits that Telegram documents.
func Telegram() Limits { return Limits{Chat: time.Second, Group: 20, Global: 30} }

// Chat is a chat as its members see it.
type Chat struct {
	ID       int64 // negative for groups and channels
	Topics   []int // its message threads, if it is a forum
	Messages []Message

	blocked    bool
	migratedTo int64
	nextID     int
	calls      []time.Time // successful calls of the last minute
}

// Message is a message in a chat.
type Message struct {
	ID      int
	Topic   int
	Text    string // as shown, without formatting
	HTML    string // as sent
	Silent  bool
	ReplyTo int
	Buttons []Button
	Sent    time.Time
	Edits   []Edit
	// Entities is the number of formatted parts. Telegram drops formatting
	// beyond 100.
	Entities int
}

// Button is an inline keyboard button.
type Button struct {
	Text, URL string
	Row       int // of the keyboard, from 0
}

// The calls of the API, their faults, and the edits of messages.
type (
	Call  = web.Call[int64]
	Fault = web.Fault[int64]
	Edit  = web.Edit
)

// Bot is the API of one bot.
type Bot struct {
	*web.Log[int64]
	token  string
	limits Limits

	mu      sync.Mutex
	chats   map[int64]*Chat
	recent  []time.Time // successful calls of the last second
	refuses func(chat int64, m Message) string
}

// New returns the API of a bot with that token in those chats.
func New(token string, limits Limits, chats ...Chat) *Bot {
	b := &Bot{Log: web.NewLog[int64](reads), token: token, limits: limits, chats: map[int64]*Chat{}}
	for _, c := range chats {
		b.chats[c.ID] = &c
	}
	return b
}

// Client returns an HTTP client for the API that needs no network.
func (b *Bot) Client() *http.Client { return direct.Client(b) }

// Messages returns the messages of a chat, oldest first.
func (b *Bot) Messages(chat int64) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.chats[chat]
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
func reads(method string) bool { return method == "getMe" || method == "getChat" }

// Refusals returns the calls that were refused because of their content. A
// correct program makes none. Refusals for rates, injected faults and those of
// [Bot.Refuse] are not included.
func (b *Bot) Refusals() []Call {
	return slices.DeleteFunc(b.Calls(), func(c Call) bool {
		return c.Injected || c.Status != http.StatusBadRequest || c.Error == notModified
	})
}

// Refuse sets a function that decides about each message. The bot answers with status
// 400 and the description that the function returns, and accepts the message if that
// is empty. A nil function accepts every message. The function must not call the
// bot.
func (b *Bot) Refuse(why func(chat int64, m Message) string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses = why
}

// Block makes calls to the chat fail with 403, or succeed again.
func (b *Bot) Block(chat int64, blocked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chats[chat].blocked = blocked
}

// AddChat adds a chat that has the bot.
func (b *Bot) AddChat(c Chat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chats[c.ID] = &c
}

// AddTopic opens a topic of a forum.
func (b *Bot) AddTopic(chat int64, topic int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chats[chat].Topics = append(b.chats[chat].Topics, topic)
}

// Delete removes a message, as a person of the chat can.
func (b *Bot) Delete(chat int64, id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.chats[chat]
	c.Messages = slices.DeleteFunc(c.Messages, func(m Message) bool { return m.ID == id })
}

// Remove makes the chat unknown.
func (b *Bot) Remove(chat int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.chats, chat)
}

// Migrate turns a group into a supergroup with another id, which numbers its
// messages anew.
func (b *Bot) Migrate(from, to int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chats[from].migratedTo = to
	b.chats[to] = &Chat{ID: to}
}

// ChatIDs returns the ids of all chats.
func (b *Bot) ChatIDs() []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.chats))
}
