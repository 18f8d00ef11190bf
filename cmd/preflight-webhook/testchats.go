package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook/transport"
)

// testChats sends a test message to every chat.
type testChats struct {
	name   string
	format format
	apis   apis
}

func newTestChats(app *kingpin.Application) *testChats {
	cmd := app.Command("test", "Send one test message to every chat. Exit status 1 if one does not arrive.")
	return &testChats{name: cmd.FullCommand(), format: newFormat(cmd), apis: apiFlags(cmd)}
}

// run prints a line for each chat.
func (t *testChats) run(ctx context.Context, stdout io.Writer) error {
	file, err := readConfig(*t.format.config)
	if err != nil {
		return usage("%w", err)
	}
	formatter, err := t.format.formatter(file, nil)
	if err != nil {
		return err
	}
	list, err := chats(file, *t.format.config)
	if err != nil {
		_, _, tokenErr := connectTelegram(*t.apis.telegram)
		return join(tokenErr, err)
	}
	transports, _, err := connect(list, t.apis)
	if err != nil {
		return err
	}
	failed := 0
	for i, chat := range list {
		if i > 0 {
			pause(ctx, time.Second) // topics of one chat share its rate
		}
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %d of %d chats are not tested", len(list)-i, len(list))
		}
		result := "ok"
		var failure *transport.Error
		if errors.As(send(ctx, transports[chat.Service()], chat, formatter.Test()), &failure) {
			failed++
			result = failure.Description + ": " + failure.Advice
		}
		if _, err := fmt.Fprintf(stdout, "%s: %s\n", chat, result); err != nil {
			return err
		}
		if failure != nil && failure.Kind == transport.Unauthorized && len(transports) == 1 {
			return errors.New("the token is wrong: no chat can be tested")
		}
	}
	if failed > 0 {
		return fmt.Errorf("the test message did not arrive in %d of %d chats", failed, len(list))
	}
	return nil
}

// longestPause is the longest wait for a chat that Telegram asked for. A webhook
// that delivers to the chat at the same time uses its rates.
const longestPause = time.Minute

// send sends a message, once more if Telegram asks to wait.
func send(ctx context.Context, client transport.Transport, chat transport.Chat, text string) error {
	m := transport.Message{Document: transport.Text(text), Plain: true}
	_, err := client.Send(ctx, chat, m)
	var failure *transport.Error
	if errors.As(err, &failure) && failure.Kind == transport.RateLimited && failure.RetryAfter <= longestPause {
		pause(ctx, failure.RetryAfter)
		_, err = client.Send(ctx, chat, m)
	}
	return err
}

// pause waits, unless the context is done.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
