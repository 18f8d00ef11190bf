package stack_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/routing"
)

// impatient makes TargetDown and Alertmanager wait for seconds instead of
// minutes. It removes the promises about these times.
func impatient(s preflight.Site) preflight.Site {
	quicken := func(r *routing.Routing) {
		for i := range r.Promises {
			p := &r.Promises[i]
			p.Gather, p.Within, p.Again, p.NotAgain = "", "", "", ""
		}
		r.Route.GroupWait, r.Route.GroupInterval, r.Route.RepeatInterval = "1s", "1s", "1h"
		for i := range r.Route.Routes {
			route := &r.Route.Routes[i]
			route.GroupWait, route.GroupInterval, route.RepeatInterval = "1s", "1s", "1h"
			if route.Receiver == "watchdog" {
				route.RepeatInterval = "1s"
			}
		}
	}
	quicken(&s.Routing)
	for i, p := range s.Packs {
		if p.Name == "pipeline" {
			quicken(&p.Routing)
			p.Routing.Route.GroupWait, p.Routing.Route.GroupInterval, p.Routing.Route.RepeatInterval = "", "", ""
			s.Packs[i] = p.With(preflight.Override{Alert: "TargetDown", For: "2s"})
		}
	}
	return s
}

// The webhook is killed: Alertmanager itself delivers the alert and its
// resolution. The external receiver of the heartbeat still gets it.
func TestAlertmanagerDeliversAlertOfDeadWebhook(t *testing.T) {
	t.Parallel()
	bot := fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: chatID})
	api := httptest.NewServer(bot)
	t.Cleanup(api.Close)
	beats := make(chan string, 1000)
	heart := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { beats <- r.Method + " " + r.URL.Path }))
	t.Cleanup(heart.Close)
	s := impatient(quickSite())
	for _, p := range s.Packs {
		for i := range p.Routing.Receivers {
			if r := &p.Routing.Receivers[i]; r.Watchdog {
				r.Webhook = append(r.Webhook, routing.Webhook{URL: routing.Secret("heartbeat_url")})
			}
		}
	}
	l := &loop{t: t}
	l.startSite(s, stack.Config{
		Parts:       []string{stack.Webhook, stack.Alertmanager, stack.Prometheus},
		WebhookEnv:  []string{"TELEGRAM_BOT_TOKEN=" + botToken, fmt.Sprintf("TELEGRAM_CHAT_ID=%d", chatID)},
		TelegramURL: api.URL,
		// Prometheus drops alerts that fire before it knows of Alertmanager.
		PrometheusArgs: []string{"--rules.alert.resend-delay=5s"},
		Secrets: map[string]string{
			"telegram_bot_token": botToken, "telegram_fallback_chat_id": fmt.Sprint(chatID), "heartbeat_url": heart.URL + "/ping/secret",
		},
	})
	beat := func() {
		t.Helper()
		select {
		case got := <-beats:
			if got != "POST /ping/secret" {
				t.Errorf("the heartbeat is %s", got)
			}
		case <-time.After(time.Minute):
			t.Fatal("no heartbeat")
		}
	}
	beat()
	l.eventuallyHas(`up{job="webhook"} == 1`)
	own := func(mark, text string) func() bool {
		return func() bool {
			return slices.ContainsFunc(bot.Messages(chatID), func(m fakebot.Message) bool {
				return strings.HasPrefix(m.Text, mark) && strings.Contains(m.Text, "by Alertmanager without the webhook") && strings.Contains(m.Text, text)
			})
		}
	}
	await := func(what string, holds func() bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := bot.Wait(ctx, holds); err != nil {
			t.Fatalf("timeout: %s; the chat shows %+v", what, bot.Messages(chatID))
		}
	}
	if m := bot.Messages(chatID); len(m) != 0 {
		t.Fatalf("a message while everything passes: %+v", m)
	}

	l.stack.Kill(stack.Webhook)
	await("the webhook is down", own("❗", "P1: Target down\nwebhook at "+strings.TrimPrefix(l.stack.URL(stack.Webhook), "http://")+" does not answer Prometheus\nRecommended Actions:\ncheck that"))
	for len(beats) > 0 {
		<-beats
	}
	beat()
	if err := l.stack.Start(t.Context(), stack.Webhook); err != nil {
		t.Fatal(err)
	}
	await("it is back", own("✅", "P1: Target down\nwebhook at "))
	if refused := bot.Refusals(); len(refused) != 0 {
		t.Errorf("the Bot API refused %+v", refused)
	}
}
