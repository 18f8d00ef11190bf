package stack_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
)

var coalescedBlind = regexp.MustCompile(`(?m)^preflight_webhook_notifications_coalesced_total\{reason="blind"\} (\d+)$`)

// held returns the number of notifications that the webhook held back because
// it had no recent evaluation of the alert.
func (p *pipeline) held() string {
	p.t.Helper()
	resp, err := http.Get(p.stack.URL(stack.Webhook) + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	m := coalescedBlind.FindSubmatch(text)
	if m == nil {
		p.t.Fatalf("no such metric in\n%s", text)
	}
	return string(m[1])
}

// Prometheus is killed while a P0 fires, and its alerts expire in Alertmanager.
// The chat shows that alerting is blind. The P0 stays open until Prometheus is
// back and evaluates it as resolved.
//
// Prometheus sends every 7s, and an alert expires 24s later: at the earliest
// 17s after its last evaluation. The webhook's last evaluation is at most 9s
// old.
func TestP0StaysOpenWithoutPrometheus(t *testing.T) {
	t.Parallel()
	p := startPipelineOf(t, impatient(quickSite()), stack.Config{
		PrometheusArgs: []string{"--rules.alert.resend-delay=6s"},
		WebhookArgs:    []string{"--watchdog.timeout=15s"},
	})
	p.redis.Stop()
	p.check(false)
	p.failure(0, "Database", "redis")

	p.stack.Kill(stack.Prometheus)
	p.eventually("the expiry is held back", func() (bool, any) { n := p.held(); return n == "1", n })
	expired := func() bool { return strings.Contains(p.bot.Messages(chatID)[0].Text, "no longer evaluated") }
	p.await("the P0 is shown as no longer evaluated", expired)
	m := p.bot.Messages(chatID)
	if len(m) != 2 || !strings.HasPrefix(m[1].Text, "🚨 P0: Alerting is blind") {
		t.Fatalf("Prometheus is dead, and the chat shows %+v", m)
	}

	if err := p.stack.Start(t.Context(), stack.Prometheus); err != nil {
		t.Fatal(err)
	}
	p.await("the heartbeat is back", func() bool { return len(p.shown(2, "✅ P0 resolved: Alerting is blind")) == 1 })
	p.eventually("the P0 is sent again", func() (bool, any) { n := p.held(); return n == "2", n })
	p.await("the P0 is shown as before", func() bool { return !expired() })
	p.evaluated(5)
	if m := p.bot.Messages(chatID); len(m) != 3 {
		t.Fatalf("the P0 still fires, and the chat shows %+v", m)
	}

	p.redis.Start()
	first := p.bot.Messages(chatID)[0]
	p.recovery(first)
	over := func(m fakebot.Message) bool {
		return m.ReplyTo == first.ID && strings.Contains(m.Text, "resolved after")
	}
	if m := p.bot.Messages(chatID); len(m) != 4 || !over(m[3]) {
		t.Fatalf("the P0 is resolved, and the chat shows %+v", m)
	}
	if refused := p.bot.Refusals(); len(refused) != 0 {
		t.Errorf("the Bot API refused %+v", refused)
	}
}
