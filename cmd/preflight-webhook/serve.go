package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

const defaultSpool = "data/spool.db"

// serve runs the receiver.
type serve struct {
	format    format
	web       *web.FlagConfig
	maxBody   *int64
	spool     *string
	spoolSet  bool
	retention *time.Duration
	apis      apis
	watchdog  *time.Duration
	managers  *[]string
	servers   *[]string
	rates     *bool
	dryRun    *bool

	printer *printer // instead of the services, for a dry run

	tokens atomic.Pointer[[]string] // bearer tokens of incoming notifications
}

func newServe(app *kingpin.Application) *serve {
	cmd := app.Command("serve", "Receive and deliver; this is the default.").Default()
	s := &serve{
		format:    newFormat(cmd),
		web:       kingpinflag.AddFlags(cmd, ":9917"),
		maxBody:   cmd.Flag("web.max-body", "Largest notification accepted, in bytes.").Default("33554432").Int64(),
		retention: cmd.Flag("spool.retention", "How long alerts are kept after their resolution.").Default("720h").Duration(),
		apis:      apiFlags(cmd),
		rates:     cmd.Flag("telegram.rate-limit", "Keep the rate limits of Telegram and Slack. Use --no-telegram.rate-limit with a fake Bot API.").Default("true").Bool(),
		managers:  cmd.Flag("alertmanager.url", "Alertmanager whose API confirms which alerts still fire. Repeat the flag for each member of a cluster. With several clusters: NAME=URL, with the NAME of the receivers' URLs (cluster=NAME).").PlaceHolder("URL").Strings(),
		servers:   cmd.Flag("prometheus.url", "Prometheus whose API confirms the ends of alerts. Repeat the flag for each server. With several clusters of Alertmanagers: NAME=URL.").PlaceHolder("URL").Strings(),
		watchdog:  cmd.Flag("watchdog.timeout", "Alert the chats if no Watchdog notification reported an evaluation for this duration; 0 disables it.").Default(webhook.DefaultHeartbeatTimeout.String()).Duration(),
		dryRun:    cmd.Flag("dry-run", "Print the messages instead of sending them. Needs no variables; keeps no spool without --spool.").Bool(),
	}
	s.spool = cmd.Flag("spool", "Local database of accepted notifications and delivered messages.").Default(defaultSpool).IsSetByUser(&s.spoolSet).String()
	return s
}

func (s *serve) run(ctx context.Context, log *slog.Logger, stdout io.Writer) error {
	c := webhook.Config{
		Spool: *s.spool, Log: log, Retention: *s.retention,
		LevelSounds: *s.format.config != "", AwaitHeartbeat: *s.format.config == "",
	}
	if !*s.rates {
		c.Rates = deliver.Rates{Global: 1_000_000}
	}
	if *s.dryRun && !s.spoolSet {
		c.Spool = spool.InMemory
	}
	file, err := readConfig(*s.format.config)
	if err != nil {
		return usage("%w", err)
	}
	var bot string
	if c.Settings, bot, err = s.settings(file, log, stdout); err != nil {
		return err
	}
	if err := errors.Join(s.askable(&c), s.readTokens()); err != nil {
		return err
	}
	if dsn, err := secret("DATABASE_URL"); err != nil {
		return err
	} else if dsn != "" {
		store, err := history.Open(dsn)
		if err != nil {
			return usage("DATABASE_URL: %w", err)
		}
		defer store.Close()
		c.Archive = store
		shared, err := lease.Open(dsn, bot)
		if err != nil {
			return usage("DATABASE_URL: %w", err)
		}
		defer shared.Close()
		c.Replicas = shared
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	c.Registry = registry
	log.Info("starting", "version", version.Info(), "config", *s.format.config, "spool", c.Spool, "chats", len(c.Chats), "dry_run", *s.dryRun)
	service, err := webhook.Open(ctx, c)
	if err != nil {
		return err
	}
	exposed, err := s.exposed()
	if err != nil {
		return errors.Join(err, service.Close())
	}
	s.warnUnprotected(exposed, log)
	reload := func() error {
		err := s.reload(service, log, stdout)
		s.warnUnprotected(exposed, log)
		return err
	}
	server := &http.Server{
		Handler: service.Handler(webhook.HandlerOptions{
			Tokens: func() []string { return *s.tokens.Load() }, Exposed: exposed, MaxBody: *s.maxBody, Reload: reload,
			Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}),
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 5 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return errors.Join(s.listen(ctx, server, service, reload, log), service.Close())
}

// askable sets the servers whose APIs are asked about alerts.
func (s *serve) askable(c *webhook.Config) error {
	for _, address := range *s.managers {
		am, err := webhook.NewAlertmanager(address, nil)
		if err != nil {
			return usage("--alertmanager.url: %w", err)
		}
		c.Alertmanagers = append(c.Alertmanagers, am)
	}
	for _, address := range *s.servers {
		p, err := webhook.NewPrometheus(address, nil)
		if err != nil {
			return usage("--prometheus.url: %w", err)
		}
		c.Prometheuses = append(c.Prometheuses, p)
	}
	return nil
}

// settings returns the part of the configuration that a reload replaces, and the
// bot's id.
func (s *serve) settings(file config.File, log *slog.Logger, stdout io.Writer) (c webhook.Settings, bot string, err error) {
	if file.Watchdog {
		c.HeartbeatTimeout = *s.watchdog
	}
	var defaultErr, receiverErr error
	c.Receivers, receiverErr = receivers(file, *s.format.config, *s.dryRun)
	c.Chats, defaultErr = s.defaultChats(file)
	c.Transports, bot, err = s.transports(c, stdout)
	if err := join(err, defaultErr, receiverErr); err != nil {
		return c, "", err
	}
	spellOnce(c.Chats, c.Receivers)
	if c.Formatter, err = s.format.formatter(file, templateFailed(log)); err != nil {
		return c, "", err
	}
	c.Formatters, err = s.format.formatters(file, c.Receivers, templateFailed(log))
	return c, bot, err
}

// templateFailed logs an alert that a template of --templates cannot write.
func templateFailed(log *slog.Logger) func(error) {
	return func(err error) {
		log.Error("template failed: the built-in template writes this alert: fix the template in --templates", "err", err)
	}
}

// defaultChats returns the default chats.
func (s *serve) defaultChats(file config.File) ([]transport.Chat, error) {
	if name, isVariable := config.Variable(file.DefaultChat); isVariable && *s.dryRun {
		if value, err := secret(name); err != nil || value == "" {
			return []transport.Chat{dryChat}, nil
		}
	}
	return chats(file, *s.format.config)
}

// transports returns the transports of all chats, and the bot's id.
func (s *serve) transports(c webhook.Settings, stdout io.Writer) (transports map[string]webhook.Transport, bot string, err error) {
	all := slices.Clone(c.Chats)
	for _, r := range c.Receivers {
		all = append(all, r.Chats...)
	}
	if !*s.dryRun {
		return connect(all, s.apis)
	}
	if s.printer == nil {
		s.printer = &printer{out: stdout}
	}
	transports = map[string]webhook.Transport{}
	for _, chat := range all {
		transports[chat.Service()] = s.printer
	}
	return transports, "dry-run", nil
}

func (s *serve) readTokens() error {
	list, err := tokens()
	if err == nil {
		s.tokens.Store(&list)
	}
	return err
}

// reload reads the configuration, the secrets' files and the templates. It
// applies all of them or none.
func (s *serve) reload(service *webhook.Service, log *slog.Logger, stdout io.Writer) error {
	file, err := readConfig(*s.format.config)
	if err != nil {
		return err
	}
	next, _, err := s.settings(file, log, stdout)
	if err != nil {
		return err
	}
	list, err := tokens()
	if err != nil {
		return err
	}
	if err := service.SetSettings(next); err != nil {
		return err
	}
	s.tokens.Store(&list)
	return nil
}

// listen serves until ctx is done. Then it stops the server first and the
// delivery second.
func (s *serve) listen(ctx context.Context, server *http.Server, service *webhook.Service, reload func() error, log *slog.Logger) error {
	delivering, stop := context.WithCancel(context.WithoutCancel(ctx))
	delivered := make(chan struct{})
	go func() { service.Run(delivering); close(delivered) }()

	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe(server, s.web, log) }()
	var err error
	for done := false; !done; {
		select {
		case err = <-failed:
			done = true
		case <-hangup:
			_ = service.Reload(reload) // it logs the error
		case <-ctx.Done():
			log.Info("stopping")
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			err = server.Shutdown(grace)
			cancel()
			done = true
		}
	}
	stop()
	<-delivered
	return err
}
