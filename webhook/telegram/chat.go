// Package telegram is the transport of Telegram. It calls the Bot API: it sends and
// edits messages, and classifies each failure by its consequence for the message
// and the chat.
package telegram

import (
	"fmt"
	"strings"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/transport"
)

// Chat is a chat of Telegram. Its ID is the number of the chat or the @name of a
// channel, and its Topic the message thread in a forum.
type Chat = transport.Chat

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
		spelled := Chat{ID: config.Spelling(id), Topic: topic}
		if seen[spelled] {
			return nil, fmt.Errorf("chat %d of the list is there twice", i+1)
		}
		seen[spelled] = true
		chats = append(chats, c)
	}
	return chats, nil
}

// isGroup reports whether a chat is a group, supergroup or channel, to which a bot
// may write less often than to a person.
func isGroup(c Chat) bool { return strings.HasPrefix(c.ID, "-") || strings.HasPrefix(c.ID, "@") }
