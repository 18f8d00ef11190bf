package config

import (
	"regexp"
	"strconv"
)

var (
	chatForm     = regexp.MustCompile(`^(-?[1-9][0-9]{0,15}|@[A-Za-z][A-Za-z0-9_]{3,31})(?::([1-9][0-9]{0,8}))?$`)
	variableForm = regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*$`)
)

// ChatForm describes the notation of a chat.
const ChatForm = "write its number (-1001234567890), @name, or number:topic"

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

// IsVariable reports whether a value is $NAME for an environment variable.
func IsVariable(value string) bool { return variableForm.MatchString(value) }
