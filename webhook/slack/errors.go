package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/slack-go/slack"

	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/httpcall"
)

// Kinds of failures that do not leave this package.
const (
	threadGone   transport.Kind = -1 - iota // a message takes no replies
	missingScope                            // the bot may not make this call
)

// Waits for the limits whose answers name none.
const (
	unnamedWait = 10 * time.Second
	fullWait    = time.Minute // the workspace takes no more messages
)

// failure returns an error that no answer of Slack described.
func failure(kind transport.Kind, description string) *transport.Error {
	return &transport.Error{Transport: Name, Kind: kind, Description: description, Advice: advice(kind)}
}

// advice returns what to do about a failure.
func advice(kind transport.Kind) string {
	switch kind {
	case transport.Unreachable:
		return "check --slack.api-url and the connection to it"
	case transport.Ambiguous:
		return "look whether the channel shows the message"
	case transport.RateLimited:
		return "try again later"
	case transport.Unauthorized, missingScope:
		return "check SLACK_BOT_TOKEN, and that the app is installed with the scope chat:write"
	default:
		return "check the id of the channel, and invite the bot to it"
	}
}

// kinds are the classes of Slack's codes. Those that are not here are [transport.Refused].
var kinds = map[string]transport.Kind{
	"invalid_auth": transport.Unauthorized, "not_authed": transport.Unauthorized, "token_revoked": transport.Unauthorized,
	"token_expired": transport.Unauthorized, "account_inactive": transport.Unauthorized, "org_login_required": transport.Unauthorized,
	"no_permission": transport.Unauthorized, "not_allowed_token_type": transport.Unauthorized, "team_access_not_granted": transport.Unauthorized,
	"missing_scope": missingScope,

	"channel_not_found": transport.ChatGone, "is_archived": transport.ChatGone, "not_in_channel": transport.ChatGone,
	"access_denied": transport.ChatGone, "messages_tab_disabled": transport.ChatGone, "restricted_action": transport.ChatGone,
	"restricted_action_read_only_channel": transport.ChatGone, "restricted_action_thread_only_channel": transport.ChatGone,
	"restricted_action_non_threadable_channel": threadGone, "restricted_action_thread_locked": threadGone,
	"cannot_reply_to_message": threadGone, "thread_not_found": threadGone,

	"message_not_found": transport.MessageGone, "edit_window_closed": transport.MessageGone, "cant_update_message": transport.MessageGone,
	"is_inactive": transport.MessageGone,

	"rate_limited": transport.RateLimited, "ratelimited": transport.RateLimited, "message_limit_exceeded": transport.RateLimited,

	// Slack may have posted the message before these.
	"fatal_error": transport.Ambiguous, "internal_error": transport.Ambiguous, "request_timeout": transport.Ambiguous,
	"service_unavailable": transport.Ambiguous,
}

// classify returns the class of the library's error.
func classify(err error, o *httpcall.Outcome) *transport.Error {
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return rateLimited(limited.RetryAfter)
	}
	if o.Status == http.StatusTooManyRequests {
		return rateLimited(unnamedWait)
	}
	if code, ok := refusal(o); ok {
		return refused(code)
	}
	e := &transport.Error{Kind: transport.Ambiguous, Description: "no answer: " + httpcall.Cause("Slack's API", err)}
	switch {
	case o.Status == http.StatusRequestEntityTooLarge:
		e.Kind, e.Description = transport.Refused, httpcall.Status(o.Status)
	case o.Status/100 == 3, o.Status/100 == 4: // not an answer of Slack, which accepted nothing
		e.Kind, e.Description = transport.Unreachable, "no usable answer, "+httpcall.Status(o.Status)
	case o.Status != 0:
		e.Description = "no usable answer, " + httpcall.Status(o.Status)
	case !o.Written():
		e.Kind, e.Description = transport.Unreachable, "no connection: "+httpcall.Cause("Slack's API", err)
	}
	return e
}

// refused returns the error for a code of Slack.
func refused(code string) *transport.Error {
	kind, known := kinds[code]
	if !known {
		kind = transport.Refused
	}
	switch {
	case code == "message_limit_exceeded":
		return rateLimited(fullWait)
	case kind == transport.RateLimited:
		return rateLimited(unnamedWait)
	case kind == transport.Unauthorized:
		code = "the bot token is not accepted (" + code + ")"
	}
	return &transport.Error{Kind: kind, Description: code}
}

func rateLimited(wait time.Duration) *transport.Error {
	wait = max(wait, time.Second)
	return &transport.Error{Kind: transport.RateLimited, Description: "too many requests, retry after " + wait.String(), RetryAfter: wait}
}

// refusal returns the code of an answer that refuses the call.
func refusal(o *httpcall.Outcome) (code string, ok bool) {
	var answer struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	err := json.Unmarshal(o.Body.Bytes(), &answer)
	return answer.Error, err == nil && answer.OK != nil && !*answer.OK && answer.Error != ""
}
