package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/stack/system"
)

// demo shows a failure and its resolution on a pipeline of its own.
type demo struct {
	stay       bool
	language   string
	prometheus prometheus
}

func newDemo(app *kingpin.Application) *demo {
	d := &demo{}
	cmd := app.Command("demo", "Show in a minute what happens when Redis fails and returns. It needs no account. This is the default.").Default()
	cmd.Flag("stay", "Keep running after the story, until Ctrl-C.").BoolVar(&d.stay)
	cmd.Flag("language", "Language of the messages.").Default("en").EnumVar(&d.language, "en", "ko")
	d.prometheus.flag(cmd)
	return d
}

func (d *demo) run(ctx context.Context, out *output) error {
	var c cleanup
	err := d.play(ctx, out, &c)
	interrupted := ctx.Err() != nil
	if interrupted {
		out.printf("\nStopping …\n")
	}
	if interrupted || err == nil {
		err = c.run()
	} else {
		err = errors.Join(err, c.run())
	}
	if interrupted && err == nil {
		out.printf("Stopped. Nothing is left: no process, and no file of the demo.\n")
		if !d.stay {
			return errInterrupted
		}
	}
	return err
}

func (d *demo) play(ctx context.Context, out *output, c *cleanup) error {
	root, err := servers.Root()
	if err != nil {
		return err
	}
	began := time.Now()
	dir, err := os.MkdirTemp("", "preflight-demo-")
	if err != nil {
		return err
	}
	c.add(func() error { return os.RemoveAll(dir) })
	// PostgreSQL does not run as root, and its user must reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	programs, err := d.prometheus.programs()
	if err != nil {
		return err
	}
	out.printf("Starting Redis, PostgreSQL, node_exporter, Alertmanager, Prometheus and the webhook on free ports.\n" +
		"The demo does not contact Upbit or Binance: it runs strict local fakes instead.\n")
	chat := newChat(out)
	p := pipeline{dir: dir, cleanup: c, out: out}
	if err := p.start(ctx, stack.Config{
		Dir: filepath.Join(dir, "stack"), Generated: filepath.Join(root, "generated"), WebhookOnly: true, Programs: programs,
		WebhookArgs: []string{"--dry-run", "--language=" + d.language}, WebhookOut: chat,
	}); err != nil {
		return err
	}
	out.printf("All of it runs after %.1f s.\n\n", time.Since(began).Seconds())
	if len(programs) == 0 {
		out.printf("  Prometheus    %s/alerts\n", p.stack.URL(stack.Prometheus))
	} else {
		out.printf("  Prometheus    without its pages, which --real adds after minutes of compiling\n")
	}
	out.printf("  Alertmanager  %s\n", p.stack.URL(stack.Alertmanager))

	check := stack.Checker{Config: p.system.Config(), Env: "paper", Out: indent(out), Vars: p.system.Vars()}
	for _, step := range story(p.redis) {
		if err := step.play(ctx, out, p.stack, check, chat); err != nil {
			return err
		}
	}
	out.printf("\nThat is the pipeline: the checker only wrote metrics. The messages above are those that Telegram would show.\n")
	if !d.stay {
		return nil
	}
	out.printf("Everything still runs. Ctrl-C stops and removes it.\n")
	return p.stack.Watch(ctx, nil)
}

// pipeline is a ready system with the stack that monitors it.
type pipeline struct {
	dir     string
	cleanup *cleanup
	out     *output

	mu       sync.Mutex
	ready    int // number of running servers and parts
	redis    *servers.Redis
	postgres *servers.Postgres
	system   *system.System
	stack    *stack.Stack
}

// start starts everything concurrently. cleanup stops it.
func (p *pipeline) start(ctx context.Context, cfg stack.Config) error {
	defer p.out.waiting("starting")()
	cfg.Started = p.started
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := p.startDatabases(ctx); err != nil {
			return err
		}
		ready, err := system.New(ctx, filepath.Join(p.dir, "system"), p.redis.URL(), p.postgres.DSN())
		if err != nil {
			return err
		}
		p.system = ready
		p.atEnd(ready.Close)
		return nil
	})
	g.Go(func() error {
		s, err := stack.Up(ctx, cfg)
		if err != nil {
			return err
		}
		p.stack = s
		p.atEnd(s.Down)
		return nil
	})
	return g.Wait()
}

func (p *pipeline) startDatabases(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		redis, err := servers.StartRedis(ctx, servers.Config{Dir: filepath.Join(p.dir, "redis")})
		if err != nil {
			return err
		}
		p.redis = redis
		p.atEnd(redis.Close)
		p.started("Redis")
		return nil
	})
	g.Go(func() error {
		postgres, err := servers.StartPostgres(ctx, servers.Config{Dir: filepath.Join(p.dir, "postgres")})
		if err != nil {
			return err
		}
		p.postgres = postgres
		p.atEnd(postgres.Close)
		p.started("PostgreSQL")
		return nil
	})
	return g.Wait()
}

func (p *pipeline) atEnd(f func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanup.add(f)
}

// started shows the number of running parts.
func (p *pipeline) started(name string) {
	p.mu.Lock()
	p.ready++
	what := fmt.Sprintf("started %s, %d of 6", name, p.ready)
	p.mu.Unlock()
	p.out.describe(what)
}
