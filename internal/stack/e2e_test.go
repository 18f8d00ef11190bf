package stack_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/webhook/history"
)

const (
	botToken = "12345:AAtestTESTtestTESTtestTESTtestTEST12"
	chatID   = 4242
)

// pipeline is the whole stack with a Bot API that refuses the same calls as
// Telegram. PostgreSQL is also the history database.
type pipeline struct {
	*loop
	bot *fakebot.Bot
}

func startPipeline(t *testing.T) *pipeline {
	t.Helper()
	return startPipelineOf(t, quickSite(), stack.Config{})
}

// startPipelineOf starts the stack with extra arguments of the programs.
func startPipelineOf(t *testing.T, s preflight.Site, cfg stack.Config) *pipeline {
	t.Helper()
	p := &pipeline{newLoop(t), fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: chatID})}
	server := httptest.NewServer(p.bot)
	t.Cleanup(server.Close)
	cfg.TelegramURL = server.URL
	cfg.WebhookEnv = []string{
		"TELEGRAM_BOT_TOKEN=" + botToken, fmt.Sprintf("TELEGRAM_CHAT_ID=%d", chatID),
		"DATABASE_URL=" + p.postgres.DSN(),
	}
	p.startSite(s, cfg)
	p.check(true)
	p.eventuallyHas(`arbitrage_preflight_ready_for_live{env="paper"} == 1`)
	return p
}

// shown returns the messages since the n-th that contain all the texts.
func (p *pipeline) shown(n int, texts ...string) []fakebot.Message {
	var out []fakebot.Message
	for _, m := range p.bot.Messages(chatID)[n:] {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(m.Text, text) }) {
			out = append(out, m)
		}
	}
	return out
}

// await waits until the condition on the chat holds.
func (p *pipeline) await(what string, holds func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	if err := p.bot.Wait(ctx, holds); err != nil {
		var shown []string
		for _, m := range p.bot.Messages(chatID) {
			shown = append(shown, m.Text)
		}
		log, err := os.ReadFile(filepath.Join(p.dir, "log", stack.Webhook+".log"))
		p.t.Fatalf("timeout: %s; the chat shows:\n%s\nthe webhook's log (%v):\n%s", what, strings.Join(shown, "\n---\n"), err, log)
	}
}

// failure waits for the P0 message with these texts after the first n messages.
// No other message may follow over some evaluations.
func (p *pipeline) failure(n int, texts ...string) fakebot.Message {
	p.t.Helper()
	p.await(fmt.Sprintf("a P0 message with %q", texts), func() bool { return len(p.shown(n, append(texts, "🚨 P0")...)) == 1 })
	p.evaluated(5)
	if got := p.shown(n); len(got) != 1 {
		p.t.Fatalf("the chat has %d messages, want one: %+v", len(got), got)
	}
	m := p.shown(n)[0]
	if m.Silent {
		p.t.Errorf("a P0 without sound: %+v", m)
	}
	return m
}

// recovery runs a passing check. It waits until the message is marked as
// resolved and has a silent reply. It returns the number of messages.
func (p *pipeline) recovery(failure fakebot.Message) int {
	p.t.Helper()
	p.check(true)
	p.await("the resolution", func() bool {
		for _, m := range p.bot.Messages(chatID) {
			if m.ReplyTo == failure.ID && m.Silent && strings.Contains(m.Text, "✅") {
				return true
			}
		}
		return false
	})
	p.await("the mark on the first message", func() bool {
		for _, m := range p.bot.Messages(chatID) {
			if m.ID == failure.ID && len(m.Edits) == len(failure.Edits)+1 && strings.HasPrefix(m.Text, "✅") {
				return true
			}
		}
		return false
	})
	return len(p.bot.Messages(chatID))
}

func TestFailureReachesChat(t *testing.T) {
	t.Parallel()
	p := startPipeline(t)
	if got := p.bot.Messages(chatID); len(got) != 0 {
		t.Fatalf("a message while everything passes: %+v", got)
	}

	p.redis.Stop()
	p.check(false)
	first := p.failure(0, "Database", "redis", "connection refused", "7/8 PASS, 1 FAIL")

	// Missing results resolve nothing.
	p.stack.Kill(stack.NodeExporter)
	p.eventuallyHas(`up{job="node_exporter"} == 0`)
	p.evaluated(5)
	if got := p.bot.Messages(chatID); len(got) != 1 || len(got[0].Edits) != 0 {
		t.Fatalf("node_exporter died, and the chat shows %+v", got)
	}
	if err := p.stack.Start(t.Context(), stack.NodeExporter); err != nil {
		t.Fatal(err)
	}
	p.redis.Start()
	n := p.recovery(first)

	// The history database itself fails. The message comes while it is down.
	p.postgres.Stop()
	p.check(false)
	second := p.failure(n, "Database", "postgres", "Migrations", "history", "connection refused", "6/8 PASS, 2 FAIL")
	p.postgres.Start()
	n = p.recovery(second)

	// Two checks fail at once.
	p.check(false, "REDIS_URL=")
	third := p.failure(n, "Environment", "REDIS_URL", "Database", "redis", "6/8 PASS, 2 FAIL")
	p.recovery(third)

	// The history has each alert once, although its database was down.
	store, err := history.Open(p.postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	want := []string{"Database/postgres", "Database/redis", "Database/redis", "Environment/REDIS_URL", "Migrations/history"}
	p.eventually("the whole history", func() (bool, any) {
		records, err := store.List(t.Context(), history.Filter{Env: "paper"})
		if err != nil {
			return false, err
		}
		var received []string
		for _, r := range records {
			if len(r.Deliveries) == 1 && r.Deliveries[0].DeliveredAt != nil && r.Deliveries[0].ResolvedAt != nil && r.EndsAt != nil {
				received = append(received, r.Labels["check"]+"/"+r.Labels["target"])
			}
		}
		slices.Sort(received)
		return slices.Equal(received, want), records
	})

	if refused := p.bot.Refusals(); len(refused) != 0 {
		t.Errorf("the Bot API refused %+v", refused)
	}
}
