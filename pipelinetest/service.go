package pipelinetest

import (
	"context"
	"log/slog"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// service is the webhook, configured as its command does.
type service struct {
	registry *registry
	stop     func() error
}

// webhookAddr is where the webhook listens.
func webhookAddr(e codegen.Endpoints) string {
	u, err := url.Parse(e.Webhook)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.Port() == "" {
		return u.Host + ":80"
	}
	return u.Host
}

func (p *Pipeline) startWebhook() error {
	registry := newRegistry(p.options.vocabulary.used)
	config := webhook.Config{
		Registry: registry,
		Spool:    p.options.spool, Log: slog.New(slog.DiscardHandler),
	}
	if slices.ContainsFunc(p.options.Pack.Routing.Receivers, func(r rules.Receiver) bool { return r.Path == api.WatchdogPath }) {
		config.WatchdogTimeout = webhook.DefaultWatchdogTimeout
	}
	var err error
	if config.Formatter, err = message.New(message.Options{Language: p.options.language()}); err != nil {
		return err
	}
	client := p.network.client()
	if config.Sender, err = telegram.New(telegram.Options{Token: botToken, URL: "http://" + telegramHost, HTTP: client}); err != nil {
		return err
	}
	if config.Chats, err = telegram.ParseChats("-100"); err != nil {
		return err
	}
	for i := range p.managers {
		am, err := webhook.NewAlertmanager("http://"+p.managerAddr(i), client)
		if err != nil {
			return err
		}
		config.Alertmanagers = append(config.Alertmanagers, am)
	}
	s, err := webhook.Open(p.t.Context(), config)
	if err != nil {
		return err
	}
	token := ""
	if p.options.endpoints.WebhookTokenFile != "" {
		token = webhookToken
	}
	addr := webhookAddr(p.options.endpoints)
	p.network.serve(addr, s.Handler(webhook.HandlerOptions{
		Token:   func() string { return token },
		Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Reload:  func() error { return nil },
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	p.mu.Lock()
	p.service = &service{registry: registry, stop: func() error {
		p.network.unplug(addr)
		cancel()
		<-done
		client.CloseIdleConnections()
		return s.Close()
	}}
	p.mu.Unlock()
	return nil
}
