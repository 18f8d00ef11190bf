package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// dryChat stands for the default chat if its variable is not set.
var dryChat = telegram.Chat{ID: "dry-run"}

// printer prints messages instead of sending them.
type printer struct {
	mu   sync.Mutex
	out  io.Writer
	last int
}

func (p *printer) Send(_ context.Context, chat telegram.Chat, m telegram.Message) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	sound := "with sound"
	if m.Silent {
		sound = "silent"
	}
	about := fmt.Sprintf("message %d to %s, %s", p.last, chat, sound)
	if m.ReplyTo != 0 {
		about += fmt.Sprintf(", reply to %d", m.ReplyTo)
	}
	return p.last, p.print(about, m)
}

func (p *printer) Edit(_ context.Context, chat telegram.Chat, id int, m telegram.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.print(fmt.Sprintf("message %d to %s, edited", id, chat), m)
}

// Check accepts every chat.
func (*printer) Check(context.Context, telegram.Chat) error { return nil }

func (p *printer) print(about string, m telegram.Message) error {
	text := m.Plain
	if text == "" {
		text = message.Plain(m.HTML)
	}
	_, err := fmt.Fprintf(p.out, "--- %s ---\n%s\n\n", about, text)
	return err
}
