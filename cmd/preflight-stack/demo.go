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

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/servers"
	"github.com/alertnative/preflight/internal/stack"
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

	fmt.Fprintln(out, "Starting Redis, PostgreSQL, node_exporter, Prometheus, Alertmanager and the webhook on free ports …")
	redis, postgres, err := startDatabases(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, redis.Close(), postgres.Close()) }()
	chat := newChat(out)
	s, err := stack.Up(ctx, stack.Config{
		Dir: dir + "/stack", Pack: codegen.Preflight(),
		WebhookArgs: []string{"--dry-run", "--language=" + d.language}, WebhookOut: chat,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Down()) }()
	fmt.Fprintf(out, "\n  Prometheus    %s/alerts\n  Alertmanager  %s\n", s.URL(stack.Prometheus), s.URL(stack.Alertmanager))

	check := stack.Checker{
		Config: "preflight.yml", Env: "paper", Out: indent(out),
		Vars: []string{"REDIS_URL=" + redis.URL(), "POSTGRES_DSN=" + postgres.DSN()},
	}
	story := []struct {
		title string
		act   func() error
		wait  string
		until string // what the message says; none when no message comes
	}{
		{"1/3 All is well: the checker runs, and nobody is told anything.", nil, "", ""},
		{"2/3 Redis stops. The next run of the checker sees it.", redis.Stop,
			"Prometheus reads the result every 5 s and evaluates its rules every 5 s; then Alertmanager tells the webhook.", "🚨"},
		{"3/3 Redis is back. The next run says so.", func() error { return redis.Start(ctx) },
			"The alert resolves on the good result: a quiet reply, and the first message is marked.", "edited"},
	}
	for _, step := range story {
		fmt.Fprintf(out, "\n%s\n\n", step.title)
		if step.act != nil {
			if err := step.act(); err != nil {
				return err
			}
		}
		if _, err := s.Check(ctx, check); err != nil {
			return err
		}
		if step.until == "" {
			continue
		}
		fmt.Fprintf(out, "\n  %s\n  Waiting for the message, about 10 s, a minute at most …\n\n", step.wait)
		began := time.Now()
		if err := chat.await(ctx, step.until); err != nil {
			return err
		}
		fmt.Fprintf(out, "  (the message came %.1f s after the run)\n", time.Since(began).Seconds())
	}
	fmt.Fprintln(out, "\nThat is the pipeline: the checker only wrote metrics. The messages above are what Telegram would show.")
	if !d.stay {
		return nil
	}
	fmt.Fprintln(out, "Everything still runs: look at the pages above. Ctrl-C stops and removes it.")
	return s.Watch(ctx, nil)
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
