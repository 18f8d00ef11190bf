package stack_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
)

// An alert of a rule that fails expires in Alertmanager, which sends a
// resolution. The chat shows that the alert is no longer evaluated. When the
// rule is evaluated again, the chat shows the alert as before. When the rule is
// removed, the alert ends for that reason.
func TestAnExpiryIsShownInTheChat(t *testing.T) {
	t.Parallel()
	p := startPipelineOf(t, quickSite(), stack.Config{PrometheusArgs: []string{
		"--web.enable-lifecycle",
		"--rules.alert.resend-delay=10s", // an alert expires after four of them
	}})
	file := filepath.Join(p.dir, "generated", "prometheus", "rules", "preflight.yml")
	rules, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p.redis.Stop()
	p.check(false)
	first := p.failure(0, "Database", "redis")

	p.reload(file, inRule(t, string(rules), "PreflightCheckFailed", func(rule string) string {
		const failing = "expr: up + on () up" // many series match many
		return rule[:strings.Index(rule, "expr: ")] + failing + rule[strings.Index(rule, "\n        labels:"):]
	}))
	p.eventuallyHas(`increase(prometheus_rule_evaluation_failures_total[1m]) > 0`)
	p.await("the expiry", func() bool { return strings.Contains(p.message(first.ID).Text, "no longer evaluated") })

	p.reload(file, string(rules))
	p.await("the alert as before", func() bool {
		m := p.message(first.ID)
		return strings.HasPrefix(m.Text, "🚨") && !strings.Contains(m.Text, "no longer evaluated")
	})
	if n := len(p.shown(0, "PreflightCheckFailed", "Database")); n > 1 {
		t.Errorf("the chat has %d messages about the alert", n)
	}

	p.reload(file, inRule(t, string(rules), "PreflightCheckFailed", func(string) string { return "" }))
	p.await("the end", func() bool {
		m := p.message(first.ID)
		return strings.HasPrefix(m.Text, "✅") && strings.Contains(m.Text, "its rule was removed")
	})
	if refused := p.bot.Refusals(); len(refused) != 0 {
		t.Errorf("the Bot API refused %+v", refused)
	}
}

// message returns a message of the chat.
func (p *pipeline) message(id int) fakebot.Message {
	for _, m := range p.bot.Messages(chatID) {
		if m.ID == id {
			return m
		}
	}
	p.t.Fatalf("the chat has no message %d", id)
	return fakebot.Message{}
}

// reload writes a file of rules and makes Prometheus read it.
func (p *pipeline) reload(file, rules string) {
	p.t.Helper()
	if err := os.WriteFile(file, []byte(rules), 0o644); err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.Post(p.stack.URL(stack.Prometheus)+"/-/reload", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("Prometheus answers the reload with %s", resp.Status)
	}
}

// inRule returns the rules with one alerting rule changed.
func inRule(t *testing.T, rules, alert string, change func(string) string) string {
	t.Helper()
	const item = "\n      - "
	begin := strings.Index(rules, item+"alert: "+alert+"\n")
	if begin < 0 {
		t.Fatalf("no rule %s in\n%s", alert, rules)
	}
	end := len(rules)
	if n := strings.Index(rules[begin+len(item):], item); n >= 0 {
		end = begin + len(item) + n
	}
	return rules[:begin] + change(rules[begin:end]) + rules[end:]
}
