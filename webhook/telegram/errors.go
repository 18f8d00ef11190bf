package telegram

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"

	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/httpcall"
)

// notModified means that a message has the content of an edit already.
const notModified transport.Kind = -1

// failure returns an error that no answer of Telegram described.
func failure(kind transport.Kind, description string) *transport.Error {
	return &transport.Error{Transport: transport.Telegram, Kind: kind, Description: description, Advice: advice(kind, "")}
}

// advice returns what to do about a failure.
func advice(kind transport.Kind, migrateTo string) string {
	switch kind {
	case transport.Unreachable:
		return "check --telegram.api-url and the connection to it"
	case transport.Ambiguous:
		return "look whether the chat shows the message"
	case transport.RateLimited:
		return "try again later"
	case transport.Unauthorized:
		return "check TELEGRAM_BOT_TOKEN and --telegram.api-url"
	case transport.Migrated:
		return "set the id of the chat to " + migrateTo
	case transport.TopicGone:
		return "check that the chat has this topic and that it is open"
	default:
		return "check the id of the chat, and that the bot is in the chat and may write there"
	}
}

// classify returns the class of the library's error.
func classify(err error, o *httpcall.Outcome) *transport.Error {
	var rate *bot.TooManyRequestsError
	var migrate *bot.MigrateError
	description, refused := refusal(o)
	switch description := cmp.Or(description, err.Error()); { // the library's error repeats the description
	case errors.As(err, &rate):
		wait := time.Duration(max(rate.RetryAfter, 1)) * time.Second
		return &transport.Error{Kind: transport.RateLimited, Description: "too many requests, retry after " + wait.String(), RetryAfter: wait}
	case errors.As(err, &migrate) && migrate.MigrateToChatID >= 0: // no supergroup has such an id
		return &transport.Error{Kind: transport.Refused, Description: description}
	case errors.As(err, &migrate):
		return &transport.Error{Kind: transport.Migrated, Description: "the group became a supergroup", MigrateTo: strconv.Itoa(migrate.MigrateToChatID)}
	case errors.Is(err, bot.ErrorForbidden):
		return &transport.Error{Kind: transport.ChatGone, Description: description}
	case errors.Is(err, bot.ErrorConflict):
		return &transport.Error{Kind: transport.Refused, Description: description}
	case errors.Is(err, bot.ErrorBadRequest):
		return &transport.Error{Kind: badRequest(strings.ToLower(description)), Description: description}
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		return &transport.Error{Kind: transport.Unauthorized, Description: "the bot token is not accepted (" + description + ")"}
	}
	e := &transport.Error{Kind: transport.Ambiguous, Description: "no answer: " + httpcall.Cause("the Bot API", err)}
	switch {
	case refused && o.Status/100 == 4, o.Status == http.StatusRequestEntityTooLarge:
		e.Kind, e.Description = transport.Refused, cmp.Or(description, httpcall.Status(o.Status))
	case o.Status/100 == 3, o.Status/100 == 4: // not an answer of Telegram, which accepted nothing
		e.Kind, e.Description = transport.Unreachable, "no usable answer, "+httpcall.Status(o.Status)
	case o.Status != 0:
		e.Description = "no usable answer, " + httpcall.Status(o.Status)
	case !o.Written():
		e.Kind, e.Description = transport.Unreachable, "no connection: "+httpcall.Cause("the Bot API", err)
	}
	return e
}

// badRequest classifies the answers with status 400 by their descriptions:
// Telegram has no codes for them.
func badRequest(description string) transport.Kind {
	for _, known := range []struct {
		text string
		kind transport.Kind
	}{
		{"message is not modified", notModified},
		{"message to edit not found", transport.MessageGone},
		{"message can't be edited", transport.MessageGone},
		{"message_id_invalid", transport.MessageGone},
		{"message thread not found", transport.TopicGone},
		{"topic_closed", transport.TopicGone},
		{"topic_deleted", transport.TopicGone},
		{"chat not found", transport.ChatGone},
		{"group chat was deactivated", transport.ChatGone},
		{"have no rights to send", transport.ChatGone},
		{"not enough rights to send", transport.ChatGone},
		{"chat_write_forbidden", transport.ChatGone},
		{"user not found", transport.ChatGone},
		{"peer_id_invalid", transport.ChatGone},
	} {
		if strings.Contains(description, known.text) {
			return known.kind
		}
	}
	return transport.Refused
}
