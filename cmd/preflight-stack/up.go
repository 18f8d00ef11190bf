package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/site"
)

// up runs the pipeline until it is stopped.
type up struct {
	data, ports, telegramURL, config, env string
	every                                 time.Duration
}

func (u up) run(ctx context.Context, w io.Writer) (err error) {
	out := &shared{out: w}
	shipped := site.With(u.config)
	if u.every == 0 {
		u.every = shipped.Timing.Run
	}
	cfg := stack.Config{
		Dir: u.data, Site: shipped, DefaultPorts: u.ports == "default", WebhookOut: out, TelegramURL: u.telegramURL,
	}
	if os.Getenv("TELEGRAM_BOT_TOKEN") == "" && os.Getenv("TELEGRAM_BOT_TOKEN_FILE") == "" {
		fmt.Fprintln(out, "TELEGRAM_BOT_TOKEN is not set: messages are printed here and not sent.")
		cfg.WebhookArgs = append(cfg.WebhookArgs, "--dry-run")
	}
	s, err := stack.Up(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Down()) }()
	fmt.Fprintf(out, "Prometheus    %s\nAlertmanager  %s\nwebhook       %s\nnode_exporter %s\ndata and logs %s\n\n",
		s.URL(stack.Prometheus), s.URL(stack.Alertmanager), s.URL(stack.Webhook), s.URL(stack.NodeExporter), u.data)
	checker := stack.Checker{Config: u.config, Env: u.env, Out: out}
	tick := time.NewTicker(u.every)
	defer tick.Stop()
	for {
		if _, err := s.Check(ctx, checker); err != nil {
			return err
		}
		fmt.Fprintf(out, "The next run is in %s; Ctrl-C stops everything.\n\n", u.every)
		if err := s.Watch(ctx, tick.C); err != nil {
			return err
		}
	}
}
