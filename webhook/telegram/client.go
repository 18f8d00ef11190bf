package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/httpcall"
)

// Options configure a client.
type Options struct {
	Token string
	// URL of the Bot API; https://api.telegram.org when empty.
	URL string
	// HTTP makes the calls. If it is nil, a client with the proxy of the
	// environment does.
	HTTP *http.Client
}

// Client calls the Bot API for one bot. It is safe for concurrent use.
type Client struct {
	bot   *bot.Bot
	token string
}

var tokenForm = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

// New makes a client. It does not connect yet.
func New(o Options) (*Client, error) {
	if o.URL == "" {
		o.URL = "https://api.telegram.org"
	}
	if err := httpcall.CheckURL("the Bot API", o.URL); err != nil {
		return nil, err
	}
	if !tokenForm.MatchString(o.Token) {
		return nil, errors.New("the bot token is not of the form 123456:ABC-DEF")
	}
	b, err := bot.New(o.Token,
		bot.WithSkipGetMe(),
		bot.WithServerURL(strings.TrimSuffix(o.URL, "/")),
		bot.WithHTTPClient(httpcall.Timeout, httpcall.NewClient(o.HTTP)),
		// The library's default writes to the standard logger, with the URL.
		bot.WithErrorsHandler(func(error) {}),
	)
	if err != nil {
		return nil, errors.New("the bot token is empty")
	}
	return &Client{bot: b, token: o.Token}, nil
}

// Send posts a message and returns its id, a number. Errors are of type
// [*transport.Error].
func (c *Client) Send(ctx context.Context, chat Chat, m transport.Message) (string, error) {
	p := &bot.SendMessageParams{
		ChatID:              chat.ID,
		MessageThreadID:     chat.Topic,
		DisableNotification: m.Silent,
		LinkPreviewOptions:  &models.LinkPreviewOptions{IsDisabled: bot.True()},
	}
	p.Text, p.ParseMode = text(m)
	if id, err := strconv.Atoi(m.ReplyTo); err == nil {
		p.ReplyParameters = &models.ReplyParameters{MessageID: id, AllowSendingWithoutReply: true}
	}
	if k := keyboard(m); k != nil {
		p.ReplyMarkup = k
	}
	var sent *models.Message
	err := c.call(ctx, func(ctx context.Context) (err error) {
		sent, err = c.bot.SendMessage(ctx, p)
		return err
	})
	if e, ok := err.(*transport.Error); ok && (e.Kind == transport.MessageGone || e.Kind == notModified) { // a new message cannot be gone
		e.Kind, e.Advice = transport.Refused, advice(transport.Refused, "")
	}
	if err != nil {
		return "", err
	}
	if sent == nil || sent.ID <= 0 {
		return "", failure(transport.Ambiguous, "the answer names no message")
	}
	return strconv.Itoa(sent.ID), nil
}

// Edit replaces a message. It succeeds where the message has that content already.
func (c *Client) Edit(ctx context.Context, chat Chat, id string, m transport.Message) error {
	number, err := strconv.Atoi(id)
	if err != nil {
		return failure(transport.MessageGone, "the message has no number of Telegram")
	}
	p := &bot.EditMessageTextParams{
		ChatID: chat.ID, MessageID: number,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: bot.True()},
	}
	m.Mentions = nil // an edit rings no phone
	p.Text, p.ParseMode = text(m)
	if k := keyboard(m); k != nil {
		p.ReplyMarkup = k
	}
	err = c.call(ctx, func(ctx context.Context) error {
		_, err := c.bot.EditMessageText(ctx, p)
		return err
	})
	if e, ok := err.(*transport.Error); ok && e.Kind == notModified {
		return nil
	}
	return err
}

// Check asks whether the bot knows the chat, and changes nothing.
func (c *Client) Check(ctx context.Context, chat Chat) error {
	return c.call(ctx, func(ctx context.Context) error {
		_, err := c.bot.GetChat(ctx, &bot.GetChatParams{ChatID: chat.ID})
		return err
	})
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
	e.Description = c.clean(e.Description)
	e.Transport, e.Advice = transport.Telegram, advice(e.Kind, e.MigrateTo)
	return e
}

// clean returns a description without the token. A proxy can write the colon of
// the token in another way, so the secret behind it is removed alone too.
func (c *Client) clean(description string) string {
	secrets := []string{c.token}
	if _, secret, _ := strings.Cut(c.token, ":"); len(secret) >= 8 { // a shorter one is a part of words
		secrets = append(secrets, secret)
	}
	return httpcall.Clean(description, secrets...)
}

// refusal returns the description of an answer that refuses the call.
func refusal(o *httpcall.Outcome) (description string, ok bool) {
	var answer struct {
		OK          *bool  `json:"ok"`
		Description string `json:"description"`
	}
	err := json.Unmarshal(o.Body.Bytes(), &answer)
	return answer.Description, err == nil && answer.OK != nil && !*answer.OK
}
