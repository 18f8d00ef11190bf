// Package slack is the transport of Slack. It calls the Web API: it posts and updates
// messages, replies in threads, and classifies each failure by its consequence for
// the message and the channel.
//
// Slack has no silent messages: each member chooses which messages ring. A message
// with a sound mentions the people of the receiver, and a silent one
// names no person.
package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/httpcall"
)

// Name is the name of the transport.
const Name = "slack"

// Options configure a client.
type Options struct {
	Token string // of a bot: xoxb-…
	// URL of the Web API; https://slack.com/api when empty.
	URL string
	// HTTP makes the calls. If it is nil, a client with the proxy of the
	// environment does.
	HTTP *http.Client
}

// Client calls the Web API for one bot. It is safe for concurrent use.
type Client struct {
	api   *slack.Client
	token string
}

var tokenForm = regexp.MustCompile(`^(xoxe\.)?xoxb-[A-Za-z0-9-]+$`)

// New makes a client. It does not connect yet.
func New(o Options) (*Client, error) {
	if o.URL == "" {
		o.URL = "https://slack.com/api"
	}
	if err := httpcall.CheckURL("Slack's API", o.URL); err != nil {
		return nil, err
	}
	if !tokenForm.MatchString(o.Token) {
		return nil, errors.New("the token is not that of a bot, of the form xoxb-123-ABC")
	}
	api := slack.New(o.Token,
		slack.OptionAPIURL(strings.TrimSuffix(o.URL, "/")+"/"),
		slack.OptionHTTPClient(httpcall.NewClient(o.HTTP)),
	)
	return &Client{api, o.Token}, nil
}

// Bot returns an id of the bot that is not secret. It is the same for all tokens
// that name the workspace and the bot, as in xoxb-WORKSPACE-BOT-SECRET.
func (c *Client) Bot() string {
	if parts := strings.Split(c.token, "-"); len(parts) == 4 && isNumber(parts[1]) && isNumber(parts[2]) {
		return "slack-" + parts[1] + "-" + parts[2]
	}
	return "slack"
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ParseChat reads the id of a channel.
func ParseChat(id string) (transport.Chat, error) {
	if !config.IsChannel(id) {
		return transport.Chat{}, fmt.Errorf("%q is no channel of Slack: write its id, such as C0123456789, which the channel's details show", id)
	}
	return transport.Chat{Transport: Name, ID: id}, nil
}

// Send posts a message and returns its id. A reply goes to the thread of the message
// that it replies to; one with a sound is shown in the channel too. Errors are of
// type [*transport.Error].
func (c *Client) Send(ctx context.Context, chat transport.Chat, m transport.Message) (string, error) {
	options := append(content(m), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if m.ReplyTo != "" {
		options = append(options, slack.MsgOptionTS(rootOf(m.ReplyTo)))
		if !m.Silent {
			options = append(options, slack.MsgOptionBroadcast())
		}
	}
	var ts string
	var shown slack.Message
	err := c.call(ctx, func(ctx context.Context) (err error) {
		_, ts, shown, err = c.api.PostMessageWithResponseContext(ctx, chat.ID, options...)
		return err
	})
	switch e, _ := err.(*transport.Error); {
	case e != nil && e.Kind == threadGone: // nothing was posted
		m.ReplyTo = ""
		return c.Send(ctx, chat, m)
	case e != nil && e.Kind == transport.MessageGone: // a new message cannot be gone
		e.Kind, e.Advice = transport.Refused, advice(transport.Refused)
	case e != nil && e.Kind == missingScope:
		e.Kind = transport.Unauthorized
	case err == nil && ts == "":
		return "", failure(transport.Ambiguous, "the answer names no message")
	}
	if err != nil {
		return "", err
	}
	return idOf(ts, shown.ThreadTimestamp), nil
}

// Edit replaces a message.
func (c *Client) Edit(ctx context.Context, chat transport.Chat, id string, m transport.Message) error {
	ts, _, _ := strings.Cut(id, inThread)
	m.Silent = true // an edit mentions no person again
	err := c.call(ctx, func(ctx context.Context) error {
		_, _, _, err := c.api.UpdateMessageContext(ctx, chat.ID, ts, content(m)...)
		return err
	})
	if e, _ := err.(*transport.Error); e != nil {
		e.EditsOnly = e.Kind == transport.RateLimited
		switch e.Kind {
		case threadGone:
			e.Kind = transport.MessageGone
		case missingScope:
			e.Kind = transport.Unauthorized
		}
	}
	return err
}

// Check asks whether the bot knows the channel, and changes nothing.
func (c *Client) Check(ctx context.Context, chat transport.Chat) error {
	var channel *slack.Channel
	err := c.call(ctx, func(ctx context.Context) (err error) {
		channel, err = c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: chat.ID})
		return err
	})
	switch e, _ := err.(*transport.Error); {
	case e != nil && e.Kind == missingScope: // a bot may post without the right to ask
		return nil
	case err != nil:
		return err
	case channel.IsArchived:
		return failure(transport.ChatGone, "the channel is archived")
	}
	return nil
}

// inThread separates the time of a message, which identifies it, from that of the
// first message of its thread.
const inThread = "@"

// idOf returns the id of a message.
func idOf(ts, thread string) string {
	if thread == "" || thread == ts {
		return ts
	}
	return ts + inThread + thread
}

// rootOf returns the time of the first message of the thread in which replies to a
// message stand.
func rootOf(id string) string {
	if _, thread, ok := strings.Cut(id, inThread); ok {
		return thread
	}
	return id
}

// call makes one call and classifies its failure.
func (c *Client) call(ctx context.Context, do func(context.Context) error) error {
	ctx, o, cancel := httpcall.Begin(ctx)
	defer cancel()
	err := do(ctx)
	if err == nil {
		return nil
	}
	e := classify(err, o)
	e.Description = httpcall.Clean(e.Description, c.token)
	e.Transport, e.Advice = Name, advice(e.Kind)
	return e
}
