package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// patience is the timeout of a step. Scrape and evaluation take five seconds
// each.
const patience = time.Minute

// step is a chapter of the story.
type step struct {
	title string
	act   func(context.Context) error // changes the system; nil for no change
	wait  string                      // reason for the wait
	until string                      // text of the message; "" for no message
}

func story(redis *servers.Redis) []step {
	return []step{
		{title: "1/3 All is well: the checker runs, and no message comes."},
		{
			title: "2/3 Redis stops. The next run of the checker sees it.",
			act:   func(context.Context) error { return redis.Stop() },
			wait:  "Prometheus reads the result every 5 s and evaluates its rules every 5 s; then Alertmanager notifies the webhook.",
			until: "🚨",
		},
		{
			title: "3/3 Redis is back. The next run says so.",
			act:   redis.Start,
			wait:  "The alert resolves on the good result: a quiet reply, and the first message is marked.",
			until: "edited",
		},
	}
}

// play changes the system, runs the checker and waits for the message.
func (c step) play(ctx context.Context, out *output, s *stack.Stack, check stack.Checker, chat *chat) error {
	out.printf("\n%s\n\n", c.title)
	if c.act != nil {
		if err := c.act(ctx); err != nil {
			return err
		}
	}
	if _, err := s.Check(ctx, check); err != nil {
		return err
	}
	if c.until == "" {
		return nil
	}
	out.printf("\n  %s\n  Waiting for the message, about 10 s, a minute at most …\n\n", c.wait)
	began := time.Now()
	done := out.waiting("waiting for the message")
	err := chat.await(ctx, c.until)
	done()
	if err != nil {
		return err
	}
	out.printf("  (the message came %.1f s after the run)\n", time.Since(began).Seconds())
	return nil
}

// chat shows the messages that the webhook prints.
type chat struct {
	out     io.Writer
	mu      sync.Mutex
	said    strings.Builder
	changed chan struct{}
}

func newChat(out io.Writer) *chat {
	return &chat{out: indent(out), changed: make(chan struct{}, 1)}
}

func (c *chat) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.said.Write(p)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
	return c.out.Write(p)
}

// await returns after a message with the text.
func (c *chat) await(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no message came within %s", patience))
	defer cancel()
	for {
		c.mu.Lock()
		shown := strings.Contains(c.said.String(), text)
		c.mu.Unlock()
		if shown {
			return pause(ctx, time.Second) // wait for the whole message
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.changed:
		}
	}
}
