package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
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
		Spool: *s.spool, Log: log, Retention: *s.retention, HeartbeatTimeout: *s.watchdog,
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
	s.expect(file, &c)
	var bot string
	if c.Chats, c.Transports, bot, err = s.places(file, stdout); err != nil {
		return err
	}
	if c.Formatter, err = s.format.formatter(file, templateFailed(log)); err != nil {
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
		err := s.reload(service, file, log, stdout)
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

// expect sets whether a heartbeat is expected and whether levels decide sounds.
func (s *serve) expect(file config.File, c *webhook.Config) {
	c.LevelSounds = *s.format.config != ""
	c.AwaitHeartbeat = !c.LevelSounds
	if !file.Watchdog {
		c.HeartbeatTimeout = 0
	}
}

// templateFailed logs an alert that a template of --templates cannot write.
func templateFailed(log *slog.Logger) func(error) {
	return func(err error) {
		log.Error("template failed: the built-in template writes this alert: fix the template in --templates", "err", err)
	}
}

// places returns the chats, their transports and the bot's id.
func (s *serve) places(file config.File, stdout io.Writer) (list []transport.Chat, transports map[string]webhook.Transport, bot string, err error) {
	if *s.dryRun {
		if name, isVariable := config.Variable(file.DefaultChat); isVariable {
			if value, err := secret(name); err != nil || value == "" {
				file.DefaultChat = ""
			}
		}
		if list = []transport.Chat{{ID: "dry-run"}}; file.DefaultChat != "" {
			list, err = chats(file, *s.format.config)
		}
		p, printing := &printer{out: stdout}, map[string]webhook.Transport{}
		for _, c := range list {
			printing[c.Service()] = p
		}
		return list, printing, "dry-run", err
	}
	list, chatErr := chats(file, *s.format.config)
	if chatErr != nil { // report a missing token too
		_, _, err := connectTelegram(*s.apis.telegram)
		return nil, nil, "", join(err, chatErr)
	}
	transports, bot, err = connect(list, s.apis)
	return list, transports, bot, err
}

func (s *serve) readTokens() error {
	list, err := tokens()
	if err == nil {
		s.tokens.Store(&list)
	}
	return err
}

// reload reads the configuration, the secrets' files and the templates. It
// applies all of them or none. started is the configuration at the start.
func (s *serve) reload(service *webhook.Service, started config.File, log *slog.Logger, stdout io.Writer) error {
	file, err := readConfig(*s.format.config)
	if err != nil {
		return err
	}
	formatter, err := s.format.formatter(file, templateFailed(log))
	if err != nil {
		return err
	}
	_, transports, _, err := s.places(file, stdout)
	if err != nil {
		return err
	}
	if err := s.readTokens(); err != nil {
		return err
	}
	if file.DefaultChat != started.DefaultChat || file.Watchdog != started.Watchdog {
		log.Warn("default_chat or watchdog changed: restart the webhook to use the new value", "config", *s.format.config)
	}
	service.SetFormatter(formatter)
	if !*s.dryRun {
		for name, t := range transports {
			service.SetTransport(name, t)
		}
	}
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
