package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

// dryChat stands for the default chat if its variable is not set.
var dryChat = transport.Chat{ID: "dry-run"}

// printer prints messages instead of sending them.
type printer struct {
	mu   sync.Mutex
	out  io.Writer
	last int
}

func (p *printer) Send(_ context.Context, chat transport.Chat, m transport.Message) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	sound := "with sound"
	if m.Silent {
		sound = "silent"
	}
	about := fmt.Sprintf("message %d to %s, %s", p.last, chat, sound)
	if m.ReplyTo != "" {
		about += ", reply to " + m.ReplyTo
	}
	return strconv.Itoa(p.last), p.print(about, m)
}

func (p *printer) Edit(_ context.Context, chat transport.Chat, id string, m transport.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.print(fmt.Sprintf("message %s to %s, edited", id, chat), m)
}

// Capabilities returns those of Telegram.
func (*printer) Capabilities(chat transport.Chat) transport.Capabilities {
	return new(telegram.Client).Capabilities(chat)
}

// Check accepts every chat.
func (*printer) Check(context.Context, transport.Chat) error { return nil }

func (p *printer) print(about string, m transport.Message) error {
	d := m.Mentioning(message.MaxLength)
	text := d.String()
	if m.Plain {
		text = d.Plain()
	}
	_, err := fmt.Fprintf(p.out, "--- %s ---\n%s\n\n", about, text)
	return err
}
