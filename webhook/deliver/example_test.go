package deliver_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// printer is a chat on standard output.
type printer struct{ sent chan struct{} }

func (p printer) Send(_ context.Context, chat transport.Chat, m transport.Message) (string, error) {
	fmt.Printf("to %s: %s\n", chat, m.Document)
	p.sent <- struct{}{}
	return "1", nil
}

func (printer) Edit(context.Context, transport.Chat, string, transport.Message) error { return nil }

func (printer) Capabilities(transport.Chat) transport.Capabilities {
	return transport.Capabilities{Edits: true, Text: transport.MinText}
}

func (printer) Check(context.Context, transport.Chat) error { return nil }

// The worker of a chat delivers an alert of the spool as soon as this process
// holds the lease.
func Example() {
	if err := run(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// to -100: 🚨 P0: Disk full
	//
	// Source: INFRA
	// Time: 2026-03-03 22:30:00 UTC
	//
	// Alerts:
	//   - DiskFull: 4% free
}

func run() error {
	formatter, err := message.New(message.Options{})
	if err != nil {
		return err
	}
	s, _, err := spool.Open(context.Background(), spool.InMemory)
	if err != nil {
		return err
	}
	defer s.Close()
	chat, holder := printer{make(chan struct{})}, lease.NewHolder()
	workers, err := deliver.New(deliver.Options{
		Spool: s, Holder: holder,
		Transport: func(string) transport.Transport { return chat }, Formatter: func(string) *message.Formatter { return formatter },
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	chats := state.Chats{Default: []string{"-100"}}
	if err := workers.SetChats([]transport.Chat{{ID: "-100"}}, chats); err != nil {
		return err
	}
	alert := template.Alert{
		Status: "firing", StartsAt: time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC),
		Labels:      template.KV{"alertname": "DiskFull", "priority": "P0", "source": "infra"},
		Annotations: template.KV{"title": "Disk full", "summary": "4% free"},
	}
	n := state.Arrival{ID: 1, At: time.Now(), Notify: state.Loud, Payload: state.Payload{GroupKey: "{}:{}"}}
	n.Alerts = template.Alerts{alert}
	if err := s.Do(func(tx *spool.Tx) error {
		applier := spool.Applier{Tx: tx, Chats: chats, Rank: func(labels template.KV) int { return formatter.Scale().Of(labels).Rank }}
		_, err := applier.Apply(n)
		return err
	}); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { workers.Run(ctx, context.Background()); close(stopped) }()
	holder.HoldAlone(ctx)
	<-chat.sent
	stop()
	<-stopped
	return nil
}
