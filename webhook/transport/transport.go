// Package transport describes the services that show messages in chats.
//
// A [Transport] sends and edits a [Document], a text without the markup of a
// service. Its [Capabilities] describe how package deliver uses it, and each failed
// call is an [Error] of one of a few kinds. So package deliver knows no service,
// and a further one is a package of its own.
package transport

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Transport shows messages in the chats of one service. Errors are of type
// [*Error]. It is safe for concurrent use.
type Transport interface {
	// Capabilities returns the abilities and limits of the service in a chat.
	Capabilities(Chat) Capabilities
	// Send posts a message and returns its id, which only this transport reads.
	Send(context.Context, Chat, Message) (id string, err error)
	// Edit replaces a message. It succeeds if the message has that content already.
	Edit(ctx context.Context, chat Chat, id string, m Message) error
	// Check asks whether the chat takes messages, and changes nothing.
	Check(context.Context, Chat) error
}

// Message is the content of one call.
type Message struct {
	Document Document
	// Plain asks for the text of the document alone: without formatting and
	// buttons, whose addresses stand below the text.
	Plain bool
	// Silent asks that no phone rings. A service without silent messages leaves
	// out the mentions.
	Silent bool
	// ReplyTo is the id of a message in the chat; "" for none. The message is sent
	// also if that one is gone.
	ReplyTo string
	// Mentions are the people that a new message with a sound notifies, as the
	// service writes them. An edit has none.
	Mentions []string
}

// Mentioning returns the document with the mentions of a message with a sound below
// the text. It leaves them out if both are longer than most.
func (m Message) Mentioning(most int) Document {
	d := m.Document
	if m.Silent || len(m.Mentions) == 0 {
		return d
	}
	line := Line{Spans: []Span{{Text: strings.Join(m.Mentions, " ")}}}
	d.Lines = append(slices.Clone(d.Lines), Line{}, line)
	if d.Length() > most {
		return m.Document
	}
	return d
}

// Capabilities are the abilities and limits of a service in a chat.
type Capabilities struct {
	Edits   bool // a message can be replaced
	Replies bool // a message can refer to another one, in a thread or by a quote
	Silent  bool // a message can come without a sound
	Buttons bool // a message can have buttons that open an address
	// Text is the length of the longest text, see [Document.Length]. It is at
	// least [MinText].
	Text  int
	Rates Rates
}

// MinText is the shortest text that every transport takes, in UTF-16 code units.
// The parts of a message are cut to lengths that fit into it.
const MinText = 4000

// Rates limit the rate of calls. Zero means no limit.
type Rates struct {
	Chat   time.Duration // between two calls to the chat
	Group  int           // calls a minute to the chat
	Global int           // calls a second to all chats of the service
	Edits  int           // edits a minute in all chats of the service
}
