package stack_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/rules"
)

// impatient makes the pack's alert on dead targets, and Alertmanager, wait for
// seconds where they wait for minutes.
func impatient(pack codegen.Pack) codegen.Pack {
	quick := rules.Timing{GroupWait: time.Second, GroupInterval: time.Second, Repeat: time.Hour}
	for _, g := range pack.Groups {
		for i, a := range g.Alerts {
			if a.Name == "TargetDown" {
				g.Alerts[i].For = "1s"
			}
		}
	}
	waits := func(receiver string) rules.Timing {
		t := quick
		if receiver == rules.ReceiverWatchdog {
			t.Repeat = time.Second
		}
		return t
	}
	pack.Routing.Default.Timing = quick
	for i, r := range pack.Routing.Routes {
		pack.Routing.Routes[i].Timing = waits(r.Receiver)
	}
	for i, p := range pack.Routing.Promises {
		pack.Routing.Promises[i].Timing = waits(p.Receiver)
	}
	return pack
}

// The webhook dies: Alertmanager tells it, and its end, by itself, and what
// expects the heartbeat goes on getting it.
func TestWhenTheWebhookIsDeadAlertmanagerTellsItself(t *testing.T) {
	t.Parallel()
	bot := fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: chatID})
	api := httptest.NewServer(bot)
	t.Cleanup(api.Close)
	beats := make(chan string, 1000)
	heart := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { beats <- r.Method + " " + r.URL.Path }))
	t.Cleanup(heart.Close)
	secrets := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(secrets, name)
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l := &loop{t: t}
	l.startPack(impatient(quickPack()), stack.Config{
		Parts:       []string{stack.Webhook, stack.Alertmanager, stack.Prometheus},
		WebhookArgs: []string{"--telegram.api-url=" + api.URL},
		WebhookEnv:  []string{"TELEGRAM_BOT_TOKEN=" + botToken, fmt.Sprintf("TELEGRAM_CHAT_ID=%d", chatID)},
		Fallback: rules.Fallback{
			APIURL: api.URL, BotTokenFile: file("token", botToken), ChatIDFile: file("chat", fmt.Sprint(chatID)),
		},
		HeartbeatURLFile: file("heartbeat", heart.URL+"/ping/secret"),
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
				return strings.HasPrefix(m.Text, mark) && strings.Contains(m.Text, "Alertmanager tells this itself") && strings.Contains(m.Text, text)
			})
		}
	}
	await := func(what string, holds func() bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := bot.Wait(ctx, holds); err != nil {
			t.Fatalf("never told: %s; the chat shows %+v", what, bot.Messages(chatID))
		}
	}
	if m := bot.Messages(chatID); len(m) != 0 {
		t.Fatalf("told although all is well: %+v", m)
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
