package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/site"
)

// up runs the pipeline until it is stopped.
type up struct {
	name                                             string
	generated, data, ports, telegramURL, config, env string
	every                                            time.Duration
	generatedSet, configSet, allReceivers            bool
	prometheus                                       prometheus
}

func newUp(app *kingpin.Application) *up {
	u := &up{name: "up"}
	cmd := app.Command(u.name, "Run the pipeline on the files of a site; Ctrl-C stops it.")
	cmd.Flag("generated", "Folder with the files of a site, as preflight-gen writes them. The checker runs for the shipped site, and for another one only with --config.file.").
		Default("generated").IsSetByUser(&u.generatedSet).StringVar(&u.generated)
	cmd.Flag("all-receivers", "Keep all of Alertmanager's integrations. Without it only the webhook is notified.").BoolVar(&u.allReceivers)
	cmd.Flag("data", "Folder for the data and logs of all parts.").Default("data/stack").StringVar(&u.data)
	cmd.Flag("ports", "default: the default ports of the programs; random: free ports.").Default("default").EnumVar(&u.ports, "default", "random")
	cmd.Flag("telegram.api-url", "The Bot API to send to.").StringVar(&u.telegramURL)
	cmd.Flag("config.file", "The checker's configuration.").Default("preflight.yml").IsSetByUser(&u.configSet).StringVar(&u.config)
	cmd.Flag("env", "The environment to check.").Default("paper").StringVar(&u.env)
	cmd.Flag("every", "Interval of the checker's runs; 0: the interval of the shipped site.").Default("0s").DurationVar(&u.every)
	u.prometheus.flag(cmd)
	return u
}

func (u *up) run(ctx context.Context, out *output) error {
	var c cleanup
	err := u.serve(ctx, out, &c)
	if ctx.Err() == nil {
		return errors.Join(err, c.run())
	}
	out.printf("\nStopping …\n")
	if err := c.run(); err != nil {
		return err
	}
	out.printf("Stopped. Data and logs stay in %s.\n", u.data)
	return nil
}

func (u *up) serve(ctx context.Context, out *output, c *cleanup) error {
	if u.every == 0 {
		u.every = site.With("").Timing.Run
	}
	cfg, err := u.stack(out)
	if err != nil {
		return err
	}
	done := out.waiting("starting")
	began := time.Now()
	s, err := stack.Up(ctx, cfg)
	done()
	if err != nil {
		return err
	}
	c.add(s.Down)
	out.printf("All of it runs after %.1f s.\n\n", time.Since(began).Seconds())
	for _, part := range s.Parts() {
		note := ""
		if !s.Scraped(part) {
			note = " (not scraped: no job of the site has its name or port)"
		}
		out.printf("%-13s %s%s\n", part, s.URL(part), note)
	}
	out.printf("data and logs %s\n\n", u.data)
	if len(s.LeftOut()) > 0 {
		out.printf("Removed, so that no other receiver is notified (--all-receivers keeps them; their secrets are read from %s):\n  %s\n\n",
			s.Secrets(), strings.Join(s.LeftOut(), ", "))
	}
	if u.generatedSet && !u.configSet {
		out.printf("The textfile collector reads %s. Ctrl-C stops everything.\n", s.TextfileDir())
		return s.Watch(ctx, nil)
	}
	return u.check(ctx, out, s)
}

// stack returns the configuration of the stack and prints notes on it.
func (u *up) stack(out *output) (stack.Config, error) {
	if info, err := os.Stat(u.generated); err != nil || !info.IsDir() {
		return stack.Config{}, wrongUsage("--generated: %s is no folder: generate the files of the site first", u.generated)
	}
	if _, err := os.Stat(u.config); u.configSet && err != nil {
		return stack.Config{}, wrongUsage("--config.file: %w", err)
	}
	programs, err := u.prometheus.programs()
	if err != nil {
		return stack.Config{}, err
	}
	if len(programs) > 0 {
		out.printf("Prometheus runs without its pages: make tools builds it with them, in minutes.\n")
	}
	cfg := stack.Config{
		Programs: programs,
		Dir:      u.data, Generated: u.generated, KeepAddresses: u.generatedSet, WebhookOnly: !u.allReceivers,
		DefaultPorts: u.ports == "default", WebhookOut: out, TelegramURL: u.telegramURL,
		Parts:   []string{stack.NodeExporter, stack.Webhook, stack.Alertmanager, stack.Prometheus},
		Started: func(part string) { out.describe("started " + part) },
	}
	if _, err := os.Stat(filepath.Join(u.generated, "webhook", "webhook.yml")); errors.Is(err, fs.ErrNotExist) {
		out.printf("The site has no webhook.yml: the webhook does not run.\n")
		cfg.Parts = []string{stack.NodeExporter, stack.Alertmanager, stack.Prometheus}
	} else if os.Getenv("TELEGRAM_BOT_TOKEN") == "" && os.Getenv("TELEGRAM_BOT_TOKEN_FILE") == "" {
		out.printf("TELEGRAM_BOT_TOKEN is not set: messages are printed here and not sent.\n")
		cfg.WebhookArgs = append(cfg.WebhookArgs, "--dry-run")
	}
	return cfg, nil
}

// check runs the checker repeatedly.
func (u *up) check(ctx context.Context, out *output, s *stack.Stack) error {
	checker := stack.Checker{Config: u.config, Env: u.env, Out: out}
	tick := time.NewTicker(u.every)
	defer tick.Stop()
	for {
		if _, err := s.Check(ctx, checker); err != nil {
			return err
		}
		out.printf("The next run is in %s; Ctrl-C stops everything.\n\n", u.every)
		if err := s.Watch(ctx, tick.C); err != nil {
			return fmt.Errorf("a part stopped: %w", err)
		}
	}
}
