package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

// apis are the addresses of the services.
type apis struct{ telegram, slack *string }

func apiFlags(cmd *kingpin.CmdClause) apis {
	return apis{
		telegram: cmd.Flag("telegram.api-url", "Address of the Bot API.").Default("https://api.telegram.org").String(),
		slack:    cmd.Flag("slack.api-url", "Address of Slack's Web API.").Default("https://slack.com/api").String(),
	}
}

// parseChats reads a list of chats, separated by commas.
func parseChats(list string) ([]transport.Chat, error) {
	var chats []transport.Chat
	for i, text := range strings.Split(list, ",") {
		chat, err := parseChat(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("chat %d of the list is not a chat: %s", i+1, config.PlaceForm)
		}
		if slices.ContainsFunc(chats, func(other transport.Chat) bool { return isOne(chat, other) }) {
			return nil, fmt.Errorf("chat %d of the list is there twice", i+1)
		}
		chats = append(chats, chat)
	}
	return chats, nil
}

// parseChat reads the notation of a chat.
func parseChat(text string) (transport.Chat, error) {
	if id, ok := config.Channel(text); ok {
		return slack.ParseChat(id)
	}
	chats, err := telegram.ParseChats(text)
	if err != nil {
		return transport.Chat{}, err
	}
	return chats[0], nil
}

// parseAddresses reads a list of chats of one transport, separated by commas.
func parseAddresses(service, list string) ([]transport.Chat, error) {
	if service != slack.Name {
		return telegram.ParseChats(list)
	}
	var chats []transport.Chat
	for text := range strings.SplitSeq(list, ",") {
		chat, err := slack.ParseChat(strings.TrimPrefix(strings.TrimSpace(text), slack.Name+":"))
		if err != nil {
			return nil, err
		}
		chats = append(chats, chat)
	}
	return chats, nil
}

// connect returns the transports of chats, and the id by which the replicas of this
// bot know each other. It makes no call.
func connect(chats []transport.Chat, a apis) (transports map[string]webhook.Transport, bot string, err error) {
	transports = map[string]webhook.Transport{}
	if len(chats) == 0 { // that is a mistake; report a missing token too
		chats = []transport.Chat{{}}
	}
	for _, c := range chats {
		name := c.Service()
		if transports[name] != nil {
			continue
		}
		var id string
		switch name {
		case slack.Name:
			transports[name], id, err = connectSlack(*a.slack)
		default:
			transports[name], id, err = connectTelegram(*a.telegram)
		}
		if err != nil {
			return nil, "", err
		}
		if bot == "" || name == transport.Telegram { // a bot of Telegram keeps its replicas when Slack is added
			bot = id
		}
	}
	return transports, bot, nil
}

// connectTelegram returns the client of the Bot API and the bot's id.
func connectTelegram(apiURL string) (client *telegram.Client, bot string, err error) {
	token, err := required("TELEGRAM_BOT_TOKEN", "is the bot's token from @BotFather")
	if err != nil {
		return nil, "", err
	}
	if client, err = telegram.New(telegram.Options{Token: token, URL: apiURL}); err != nil {
		return nil, "", usage("TELEGRAM_BOT_TOKEN or --telegram.api-url: %w", err)
	}
	bot, _, _ = strings.Cut(token, ":") // the bot's id is not secret
	return client, bot, nil
}

// connectSlack returns the client of the Web API and the bot's id.
func connectSlack(apiURL string) (client *slack.Client, bot string, err error) {
	token, err := required("SLACK_BOT_TOKEN", "is the bot token of the app in Slack, xoxb-…")
	if err != nil {
		return nil, "", err
	}
	if client, err = slack.New(slack.Options{Token: token, URL: apiURL}); err != nil {
		return nil, "", usage("SLACK_BOT_TOKEN or --slack.api-url: %w", err)
	}
	return client, client.Bot(), nil
}
