package pipelinetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

// channels are the ids of the channels of Slack, by their notation in the site.
type channels map[string]string

// add adds a channel. A variable gets an id that no other channel has.
func (c channels) add(notation string) {
	switch {
	case notation == "" || c[notation] != "":
	case config.IsVariable(notation):
		c[notation] = fmt.Sprintf("CSTORY%d", len(c))
	default:
		c[notation] = notation
	}
}

// ids returns the ids of all channels.
func (c channels) ids() []string { return slices.Sorted(maps.Values(c)) }

// name returns the notation of a channel.
func (c channels) name(id string) string {
	for _, notation := range slices.Sorted(maps.Keys(c)) {
		if c[notation] == id {
			return notation
		}
	}
	return id
}

// receiverChats returns the chats of an entry of webhook.yml.
func (a *addressed) receiverChats(c config.ReceiverChat) ([]transport.Chat, error) {
	service, address := c.Place()
	if service != slack.Name {
		return telegram.ParseChats(address)
	}
	chat, err := slack.ParseChat(a.channels[address])
	return []transport.Chat{chat}, err
}

// defaultChats returns the default chats of webhook.yml. For a variable, it
// returns a chat of the site.
func (a *addressed) defaultChats(list string) (chats []transport.Chat, err error) {
	if _, unset := config.Variable(list); unset || list == "" {
		if list = fmt.Sprint(firstChat); len(a.chats) == 0 && len(a.channels) > 0 {
			list = config.Slack + ":" + a.channels.ids()[0]
		}
	}
	for text := range strings.SplitSeq(list, ",") {
		var chat transport.Chat
		id, isChannel := config.Channel(text)
		if isChannel {
			chat, err = slack.ParseChat(id)
		} else {
			var parsed []transport.Chat
			if parsed, err = telegram.ParseChats(text); err == nil {
				chat = parsed[0]
			}
		}
		if err != nil {
			return nil, err
		}
		chats = append(chats, chat)
	}
	return chats, nil
}
