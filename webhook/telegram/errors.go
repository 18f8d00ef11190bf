package telegram

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-telegram/bot"
)

// Kind is the class of a failure.
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
	// ChatGone: the bot can't write to this chat.
	ChatGone
	// TopicGone: the chat has no such topic, or it is closed.
	TopicGone
	// MessageGone: there is no such message to edit, or it can't be edited.
	MessageGone
	// Refused: for a reason that the answer does not show for certain. The
	// content, the topic or the chat can be at fault.
	Refused
	// Unauthorized: the token is not, or no longer, one of a bot.
	Unauthorized

	notModified
)

// Error is a failed call. Its text holds neither the token nor an address.
type Error struct {
	Kind        Kind
	Description string
	RetryAfter  time.Duration
	MigrateTo   string
}

func (e *Error) Error() string { return "telegram: " + e.Description }

// Definite reports whether Telegram answered and will not accept the call later.
func (e *Error) Definite() bool {
	return e.Kind != Unreachable && e.Kind != Ambiguous && e.Kind != RateLimited
}

// Advice returns what to do about a failure.
func (e *Error) Advice() string {
	switch e.Kind {
	case Unreachable:
		return "check --telegram.api-url and the connection to it"
	case Ambiguous:
		return "look whether the chat shows the message"
	case RateLimited:
		return "try again later"
	case Unauthorized:
		return "check TELEGRAM_BOT_TOKEN and --telegram.api-url"
	case Migrated:
		return "set the id of the chat to " + e.MigrateTo
	case TopicGone:
		return "check that the chat has this topic and that it is open"
	default:
		return "check the id of the chat, and that the bot is in the chat and may write there"
	}
}

// classify returns the class of the library's error.
func classify(err error, o *outcome) *Error {
	var rate *bot.TooManyRequestsError
	var migrate *bot.MigrateError
	description, refused := o.refusal()
	switch description := cmp.Or(description, err.Error()); { // the library's error repeats the description
	case errors.As(err, &rate):
		wait := time.Duration(max(rate.RetryAfter, 1)) * time.Second
		return &Error{Kind: RateLimited, Description: "too many requests, retry after " + wait.String(), RetryAfter: wait}
	case errors.As(err, &migrate) && migrate.MigrateToChatID >= 0: // no supergroup has such an id
		return &Error{Kind: Refused, Description: description}
	case errors.As(err, &migrate):
		return &Error{Kind: Migrated, Description: "the group became a supergroup", MigrateTo: strconv.Itoa(migrate.MigrateToChatID)}
	case errors.Is(err, bot.ErrorForbidden):
		return &Error{Kind: ChatGone, Description: description}
	case errors.Is(err, bot.ErrorConflict):
		return &Error{Kind: Refused, Description: description}
	case errors.Is(err, bot.ErrorBadRequest):
		return &Error{Kind: badRequest(strings.ToLower(description)), Description: description}
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		return &Error{Kind: Unauthorized, Description: "the bot token is not accepted (" + description + ")"}
	}
	e := &Error{Kind: Ambiguous, Description: "no answer: " + cause(err)}
	switch {
	case refused && o.status/100 == 4, o.status == http.StatusRequestEntityTooLarge:
		e.Kind, e.Description = Refused, cmp.Or(description, status(o.status))
	case o.status/100 == 3, o.status/100 == 4: // not an answer of Telegram, which accepted nothing
		e.Kind, e.Description = Unreachable, "no usable answer, "+status(o.status)
	case o.status != 0:
		e.Description = "no usable answer, " + status(o.status)
	case !o.written.Load():
		e.Kind, e.Description = Unreachable, "no connection: "+cause(err)
	}
	return e
}

// badRequest classifies the answers with status 400 by their descriptions:
// Telegram has no codes for them.
func badRequest(description string) Kind {
	for _, known := range []struct {
		text string
		kind Kind
	}{
		{"message is not modified", notModified},
		{"message to edit not found", MessageGone},
		{"message can't be edited", MessageGone},
		{"message_id_invalid", MessageGone},
		{"message thread not found", TopicGone},
		{"topic_closed", TopicGone},
		{"topic_deleted", TopicGone},
		{"chat not found", ChatGone},
		{"group chat was deactivated", ChatGone},
		{"have no rights to send", ChatGone},
		{"not enough rights to send", ChatGone},
		{"chat_write_forbidden", ChatGone},
		{"user not found", ChatGone},
		{"peer_id_invalid", ChatGone},
	} {
		if strings.Contains(description, known.text) {
			return known.kind
		}
	}
	return Refused
}

// cause describes a failed connection without the addresses that the error
// quotes: the address holds the token, and a proxy's address can hold a
// password.
func cause(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.As(err, &dns):
		return "the host of the Bot API is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return "timeout"
	case strings.Contains(err.Error(), "proxy"):
		return "the proxy of the environment does not work"
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return "TLS handshake failed"
	case errors.As(err, &op):
		return op.Op + " failed"
	default:
		return "connection lost"
	}
}
