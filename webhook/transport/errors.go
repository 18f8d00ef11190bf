package transport

import "time"

// Kind is the class of a failure, by its consequence for the message and the chat.
type Kind int

const (
	// Unreachable: nothing was sent; a retry cannot repeat a message.
	Unreachable Kind = iota
	// Ambiguous: the message was sent, and no answer arrived: the chat may show it.
	Ambiguous
	// RateLimited: the chat takes no call before RetryAfter.
	RateLimited
	// Migrated: the chat has another id now, MigrateTo.
	Migrated
	// ChatGone: the chat takes no messages from this program.
	ChatGone
	// TopicGone: the chat has no such topic, or it is closed.
	TopicGone
	// MessageGone: there is no such message to edit, or it can't be edited.
	MessageGone
	// Refused: for a reason that the answer does not show for certain. The
	// content, the topic or the chat can be at fault.
	Refused
	// Unauthorized: the credentials are not, or no longer, accepted.
	Unauthorized
)

// Error is a failed call. Its text holds neither credentials nor an address.
type Error struct {
	Transport   string // the name of the service
	Kind        Kind
	Description string
	Advice      string        // what to do about it
	RetryAfter  time.Duration // of [RateLimited]
	EditsOnly   bool          // the limit of a [RateLimited] call holds for edits alone
	MigrateTo   string        // of [Migrated]
}

func (e *Error) Error() string {
	if e.Transport == "" {
		return e.Description
	}
	return e.Transport + ": " + e.Description
}

// Definite reports whether the service answered and will not accept the call later.
func (e *Error) Definite() bool {
	return e.Kind != Unreachable && e.Kind != Ambiguous && e.Kind != RateLimited
}
