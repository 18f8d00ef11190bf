package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/transport"
)

// testChats sends a test message to every chat.
type testChats struct {
	name     string
	format   format
	apis     apis
	receiver *string
}

func newTestChats(app *kingpin.Application) *testChats {
	cmd := app.Command("test", "Send one test message to every chat. Exit status 1 if one does not arrive.")
	return &testChats{
		name: cmd.FullCommand(), format: newFormat(cmd), apis: apiFlags(cmd),
		receiver: receiverFlag(cmd, "Send it to the chats of this receiver of --config.file only."),
	}
}

// target is a chat to test.
type target struct {
	transport.Chat
	receivers []string // that name it
	formatter *message.Formatter
}

func (t target) String() string {
	if len(t.receivers) == 0 {
		return t.Chat.String()
	}
	return fmt.Sprintf("%s (%s)", t.Chat, strings.Join(t.receivers, ", "))
}

// run prints a line for each chat.
func (t *testChats) run(ctx context.Context, stdout io.Writer) error {
	file, err := readConfig(*t.format.config)
	if err != nil {
		return usage("%w", err)
	}
	list, chatErr := t.targets(file)
	var all []transport.Chat
	for _, target := range list {
		all = append(all, target.Chat)
	}
	transports, _, err := connect(all, t.apis)
	if err := join(err, chatErr); err != nil {
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
		if errors.As(send(ctx, transports[chat.Service()], chat.Chat, chat.formatter.Test()), &failure) {
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

// targets returns the chats to test, each once: those of a receiver, or all.
func (t *testChats) targets(file config.File) (list []target, err error) {
	path := *t.format.config
	if *t.receiver != "" {
		i, err := findReceiver(file, path, *t.receiver)
		if err != nil {
			return nil, err
		}
		if file.Receivers[i].Silences() {
			return nil, usage("--receiver: the receiver %q makes no messages: choose another one", *t.receiver)
		}
		file.Receivers = file.Receivers[i : i+1]
	}
	found, err := receivers(file, path, false)
	if err != nil {
		return nil, err
	}
	formatter, err := t.format.formatter(file, nil)
	if err != nil {
		return nil, err
	}
	looks, err := t.format.formatters(file, found, nil)
	if err != nil {
		return nil, err
	}
	add := func(chat transport.Chat, receiver ...string) {
		i := slices.IndexFunc(list, func(x target) bool { return x.Chat == chat })
		if i < 0 {
			i = len(list)
			list = append(list, target{Chat: chat, formatter: cmp.Or(looks[chat.String()], formatter)})
		}
		list[i].receivers = append(list[i].receivers, receiver...)
	}
	for _, r := range found {
		for _, chat := range r.Chats {
			add(chat, r.Name)
		}
	}
	if *t.receiver != "" {
		return list, nil
	}
	others, err := chats(file, path)
	spellOnce(others, found)
	for _, chat := range others {
		add(chat)
	}
	return list, err
}

// longestPause is the longest wait for a chat that its service asked for. A webhook
// that delivers to the chat at the same time uses its rates.
const longestPause = time.Minute

// send sends a message, once more if the service asks to wait.
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
