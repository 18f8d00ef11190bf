package webhook_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

// printer is a chat on standard output.
type printer struct{ sent chan struct{} }

func (p printer) Send(_ context.Context, chat transport.Chat, m transport.Message) (string, error) {
	fmt.Printf("to %s, silent: %t\n%s\n", chat, m.Silent, m.Document.Plain())
	p.sent <- struct{}{}
	return "1", nil
}

func (printer) Edit(context.Context, transport.Chat, string, transport.Message) error { return nil }

func (printer) Capabilities(transport.Chat) transport.Capabilities {
	return transport.Capabilities{Edits: true, Silent: true, Text: transport.MinText}
}

func (printer) Check(context.Context, transport.Chat) error { return nil }

// A site with own severities, whose webhook takes one notification.
func Example() {
	formatter, err := message.New(message.Options{Severities: config.Severities{
		Label: "severity", Levels: []config.Level{{Name: "page", Icon: "🚨", Urgent: true}, {Name: "ticket", Icon: "🎫"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	chat := printer{make(chan struct{})}
	service, err := webhook.Open(context.Background(), webhook.Config{
		Spool: spool.InMemory, Settings: webhook.Settings{Chats: []transport.Chat{{ID: "-100"}}, Transports: map[string]webhook.Transport{transport.Telegram: chat}, Formatter: formatter},
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), LevelSounds: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { service.Run(ctx); close(stopped) }()

	handler := service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()})
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, api.AlertsPath, strings.NewReader(`{
		"version": "4", "groupKey": "{}:{alertname=\"LatencyHigh\"}", "status": "firing",
		"alerts": [{"status": "firing", "startsAt": "2026-03-03T22:30:00Z",
			"labels": {"alertname": "LatencyHigh", "severity": "ticket", "env": "prod", "source": "api"},
			"annotations": {"title": "API slow", "summary": "one request in a hundred takes over 500ms"}}]}`)))
	<-chat.sent
	stop()
	<-stopped
	fmt.Println("answered", answer.Code)
	if err := service.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// to -100, silent: true
	// 🎫 TICKET: API slow
	//
	// Source: API
	// Time: 2026-03-03 22:30:00 UTC
	// Environment: prod
	//
	// Alerts:
	//   - LatencyHigh: one request in a hundred takes over 500ms
	// answered 200
}
