package config

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	chatForm     = regexp.MustCompile(`^(-?[1-9][0-9]{0,15}|@[A-Za-z][A-Za-z0-9_]{3,31})(?::([1-9][0-9]{0,8}))?$`)
	channelForm  = regexp.MustCompile(`^[CGD][A-Z0-9]{2,20}$`)
	variableForm = regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*$`)
)

// ChatForm describes the notation of a chat of Telegram, and PlaceForm that of a chat
// of any transport.
const (
	ChatForm  = "write its number (-1001234567890), @name, or number:topic"
	PlaceForm = ChatForm + ", or slack: and the id of a channel (slack:C0123456789)"
)

// slackPrefix begins the notation of a channel of Slack.
const slackPrefix = "slack:"

// Channel returns the id of a channel of Slack, written slack:ID.
func Channel(text string) (id string, ok bool) {
	id, ok = strings.CutPrefix(text, slackPrefix)
	return id, ok && IsChannel(id)
}

// IsChannel reports whether a text is the id of a channel of Slack, a private one,
// or a conversation. A name is none: Slack takes it for new messages alone.
func IsChannel(id string) bool { return channelForm.MatchString(id) }

// Chat splits a chat of Telegram, written CHAT or CHAT:TOPIC, into its number
// or @name and its topic. The topic is 0 if there is none.
func Chat(text string) (id string, topic int, ok bool) {
	m := chatForm.FindStringSubmatch(text)
	if m == nil {
		return "", 0, false
	}
	topic, _ = strconv.Atoi(m[2]) // at most nine digits, or none
	return m[1], topic, true
}

// Spelling returns the notation of a chat that all its spellings share: Telegram
// ignores the case of a @name.
func Spelling(text string) string {
	if strings.HasPrefix(text, "@") {
		return strings.ToLower(text)
	}
	return text
}

// IsVariable reports whether a value is $NAME for an environment variable.
func IsVariable(value string) bool { return variableForm.MatchString(value) }
