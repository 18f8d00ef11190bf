package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/site"
)

// demo tells the story of a failure on a pipeline of its own.
type demo struct {
	stay     bool
	language string
}

// patience is how long a step may take before the demo gives up: scrape and
// evaluation are five seconds each.
const patience = time.Minute

func (d demo) run(ctx context.Context, w io.Writer) (err error) {
	out := &shared{out: w}
	dir, err := os.MkdirTemp("", "preflight-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL does not run as root, and its user must reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}

	fmt.Fprintln(out, "Starting Redis, PostgreSQL, node_exporter, Prometheus, Alertmanager and the webhook on free ports;\n"+
		"fakes on this machine stand for Upbit and Binance …")
	redis, postgres, err := startDatabases(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, redis.Close(), postgres.Close()) }()
	ready, err := system.New(ctx, dir+"/system", redis.URL(), postgres.DSN())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ready.Close()) }()
	chat := newChat(out)
	s, err := stack.Up(ctx, stack.Config{
		Dir: dir + "/stack", Site: site.Site(),
		WebhookArgs: []string{"--dry-run", "--language=" + d.language}, WebhookOut: chat,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Down()) }()
	fmt.Fprintf(out, "\n  Prometheus    %s/alerts\n  Alertmanager  %s\n", s.URL(stack.Prometheus), s.URL(stack.Alertmanager))

	check := stack.Checker{
		Config: ready.Config(), Env: "paper", Out: indent(out), Vars: ready.Vars(),
	}
	for _, step := range story(redis) {
		if err := step.tell(ctx, out, s, check, chat); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\nThat is the pipeline: the checker only wrote metrics. The messages above are what Telegram would show.")
	if !d.stay {
		return nil
	}
	fmt.Fprintln(out, "Everything still runs: look at the pages above. Ctrl-C stops and removes it.")
	return s.Watch(ctx, nil)
}

// step is a chapter of the story.
type step struct {
	title string
	act   func(context.Context) error // what happens; nil: nothing
	wait  string                      // why the message takes a while
	until string                      // what the message says; empty when none comes
}

func story(redis *servers.Redis) []step {
	return []step{
		{title: "1/3 All is well: the checker runs, and nobody is told anything."},
		{
			title: "2/3 Redis stops. The next run of the checker sees it.",
			act:   func(context.Context) error { return redis.Stop() },
			wait:  "Prometheus reads the result every 5 s and evaluates its rules every 5 s; then Alertmanager tells the webhook.",
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

// tell lets the step happen, runs the checker and waits for the message.
func (c step) tell(ctx context.Context, out io.Writer, s *stack.Stack, check stack.Checker, chat *chat) error {
	fmt.Fprintf(out, "\n%s\n\n", c.title)
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
	fmt.Fprintf(out, "\n  %s\n  Waiting for the message, about 10 s, a minute at most …\n\n", c.wait)
	began := time.Now()
	if err := chat.await(ctx, c.until); err != nil {
		return err
	}
	fmt.Fprintf(out, "  (the message came %.1f s after the run)\n", time.Since(began).Seconds())
	return nil
}

// startDatabases starts what the preflight looks at, both at once.
func startDatabases(ctx context.Context, dir string) (redis *servers.Redis, postgres *servers.Postgres, err error) {
	var g errgroup.Group
	g.Go(func() (err error) {
		redis, err = servers.StartRedis(ctx, servers.Config{Dir: dir + "/redis"})
		return err
	})
	g.Go(func() (err error) {
		postgres, err = servers.StartPostgres(ctx, servers.Config{Dir: dir + "/postgres"})
		return err
	})
	if err := g.Wait(); err != nil {
		if redis != nil {
			err = errors.Join(err, redis.Close())
		}
		if postgres != nil {
			err = errors.Join(err, postgres.Close())
		}
		return nil, nil, err
	}
	return redis, postgres, nil
}

// chat shows what the webhook prints, and tells when a message has come.
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

// await returns when a message that starts with the mark has been shown.
func (c *chat) await(ctx context.Context, mark string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no message came within %s", patience))
	defer cancel()
	for {
		c.mu.Lock()
		shown := strings.Contains(c.said.String(), mark)
		c.mu.Unlock()
		if shown {
			return pause(ctx, time.Second) // let the message come whole
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.changed:
		}
	}
}
