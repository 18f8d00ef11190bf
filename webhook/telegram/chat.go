// Package telegram calls the Bot API: it sends and edits messages, and classifies each
// failure by its consequence for the message and the chat.
package telegram

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/webhook/config"
)

// Chat is a chat, or a topic in a forum.
type Chat struct {
	ID    string // the number of the chat, or @name of a channel
	Topic int    // the message thread in a forum; 0 for none
}

// ParseChats reads a list of chats, separated by commas, each the chat's id or
// the id and topic as chat:topic.
func ParseChats(list string) ([]Chat, error) {
	var chats []Chat
	seen := map[Chat]bool{}
	for i, text := range strings.Split(list, ",") {
		id, topic, ok := config.Chat(strings.TrimSpace(text))
		if !ok {
			return nil, fmt.Errorf("chat %d of the list is not a chat: %s", i+1, config.ChatForm)
		}
		c := Chat{ID: id, Topic: topic}
		if seen[c] {
			return nil, fmt.Errorf("chat %d of the list is there twice", i+1)
		}
		seen[c] = true
		chats = append(chats, c)
	}
	return chats, nil
}

// String writes the chat as [ParseChats] reads it.
func (c Chat) String() string {
	if c.Topic == 0 {
		return c.ID
	}
	return c.ID + ":" + strconv.Itoa(c.Topic)
}

// IsGroup reports whether the chat is a group, supergroup or channel, to which
// a bot may write less often than to a person.
func (c Chat) IsGroup() bool { return strings.HasPrefix(c.ID, "-") || strings.HasPrefix(c.ID, "@") }
