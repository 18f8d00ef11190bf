package pipelinetest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/telegram"
)

// service is the webhook, which reads webhook.yml as its command does.
type service struct {
	registry *registry
	stop     func() error
}

// webhookAddr returns the address of the webhook, "" for a site without one.
func (o options) webhookAddr() string {
	u, err := url.Parse(o.site.Webhook.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

func (p *Pipeline) startWebhook() error {
	file := p.options.webhook
	if file == nil {
		return errors.New("the site has no Webhook.URL")
	}
	registry := newRegistry(p.options.vocabulary.used)
	config := webhook.Config{
		Registry: registry, Spool: p.options.spool, Log: slog.New(slog.DiscardHandler), LevelSounds: true,
	}
	if file.Watchdog {
		config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
	}
	var err error
	if config.Formatter, err = message.New(message.Options{Language: p.options.language(), Severities: file.Severities, Remedies: file.Remedies}); err != nil {
		return err
	}
	if err := p.options.receivers(&config.Settings); err != nil {
		return err
	}
	client := p.network.client()
	if config.Chats, err = p.options.defaultChats(file.DefaultChat); err != nil {
		return err
	}
	if config.Transports, err = transports(config.Settings, client); err != nil {
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
	var tokens []string
	if !p.options.site.Webhook.Token.Empty() {
		tokens = []string{webhookToken}
	}
	addr := p.options.webhookAddr()
	p.network.serve(addr, s.Handler(webhook.HandlerOptions{
		Tokens:  func() []string { return tokens },
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

// transports returns the transports of the chats.
func transports(s webhook.Settings, client *http.Client) (map[string]webhook.Transport, error) {
	chats := slices.Clone(s.Chats)
	for _, r := range s.Receivers {
		chats = append(chats, r.Chats...)
	}
	all := map[string]webhook.Transport{}
	var errs []error
	for _, chat := range chats {
		name, err := chat.Service(), error(nil)
		switch {
		case all[name] != nil:
		case name == slack.Name:
			all[name], err = slack.New(slack.Options{Token: slackToken, URL: "http://" + slackHost, HTTP: client})
		default:
			all[name], err = telegram.New(telegram.Options{Token: botToken, URL: "http://" + telegramHost, HTTP: client})
		}
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// receivers sets the receivers of webhook.yml, and how the messages in their chats
// look. Templates are files of the webhook's host, which a story does not have.
func (o options) receivers(s *webhook.Settings) error {
	s.Formatters = map[string]*message.Formatter{}
	for _, r := range o.webhook.Receivers {
		out := webhook.Receiver{Name: r.Name, Sound: r.Sound}
		location, err := time.LoadLocation(r.TimeZone)
		if err != nil {
			return err
		}
		look, err := message.New(message.Options{
			Language: cmp.Or(o.Language, r.Language, o.language()), Location: location, Mentions: r.Mentions,
			Severities: o.webhook.Severities, Remedies: o.webhook.Remedies,
		})
		if err != nil {
			return err
		}
		for _, c := range r.Chats {
			chats, err := o.receiverChats(c)
			if err != nil {
				return err
			}
			for _, chat := range chats {
				if s.Formatters[chat.String()] == nil {
					s.Formatters[chat.String()] = look
				}
			}
			out.Chats = append(out.Chats, chats...)
		}
		s.Receivers = append(s.Receivers, out)
	}
	return nil
}
