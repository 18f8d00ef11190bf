package webhook_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

// site is a real Alertmanager and a pair of real Prometheus servers, which post
// to a webhook in this process.
type site struct {
	*world
	metrics *httptest.Server
	halves  []*half
	chats   []telegram.Chat // a person without rates if it is left out
	rates   deliver.Rates
	timeout time.Duration // of the heartbeats; 0 for none

	mu     sync.Mutex
	failed [2]bool // as each half scrapes it
}

type half struct {
	url   string
	rules string // file
}

const (
	rule       = `{alert: Check, expr: 'check_failed == 1', labels: {priority: P0}, annotations: {summary: 'redis is down', resolve_within: 17s, evaluated_at: '{{ (now | toTime).Format "2006-01-02T15:04:05.000Z07:00" }}'}}`
	failing    = `{alert: Check, expr: 'label_replace(check_failed, "a", "$1", "b", "(") == 1', labels: {priority: P0}}`
	alwaysNone = `{alert: Other, expr: 'vector(1) == 0'}`
)

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{world: &world{t: t, logs: new(logs), bot: fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: person})}}
	s.metrics = httptest.NewServer(http.HandlerFunc(s.expose))
	t.Cleanup(s.metrics.Close)
	reserve := func() string {
		port, err := proc.ReservePort()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(port.Release)
		return port.Addr()
	}
	am := reserve()
	for range 2 {
		s.halves = append(s.halves, &half{url: "http://" + reserve(), rules: filepath.Join(t.TempDir(), "rules.yml")})
	}
	s.receive()
	hook := httptest.NewServer(s.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()}))
	t.Cleanup(hook.Close)
	s.run("alertmanager", "http://"+am, "--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address="+am,
		"--config.file="+s.file("alertmanager.yml", `
route: {receiver: chat, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: chat, webhook_configs: [{url: '`+hook.URL+`/api/v1/alerts?notify=loud&cluster=main'}]}]
`))
	for i, h := range s.halves {
		s.write(h, rule)
		s.run("prometheus", h.url, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+strings.TrimPrefix(h.url, "http://"), "--web.enable-lifecycle",
			"--rules.alert.resend-delay=5s", "--config.file="+s.file("prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['%s']
scrape_configs: [{job_name: check, metrics_path: /%d, static_configs: [{targets: ['%s']}]}]
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
`, h.rules, i, strings.TrimPrefix(s.metrics.URL, "http://"), am)))
	}
	return s
}

// receive starts the webhook.
func (s *site) receive() {
	t := s.t
	client, err := telegram.New(telegram.Options{Token: token, URL: "http://telegram.test", HTTP: s.bot.Client()})
	if err != nil {
		t.Fatal(err)
	}
	formatter, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.chats == nil {
		s.chats, s.rates = []telegram.Chat{{ID: fmt.Sprint(person)}}, deliver.Rates{Global: 1_000_000}
	}
	s.registry = prometheus.NewPedanticRegistry()
	s.config = webhook.Config{
		Spool: filepath.Join(t.TempDir(), "spool.db"), Settings: webhook.Settings{
			Chats: s.chats, Transports: map[string]webhook.Transport{transport.Telegram: client}, Formatter: formatter, HeartbeatTimeout: s.timeout,
		},
		Log: slog.New(slog.NewTextHandler(s.logs, nil)), Registry: s.registry, Rates: s.rates, AwaitHeartbeat: true,
	}
	for _, h := range s.halves {
		p, err := webhook.NewPrometheus(h.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.config.Prometheuses = append(s.config.Prometheuses, p)
	}
	if s.service, err = webhook.Open(t.Context(), s.config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.service.Run(ctx); close(done) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := s.service.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (s *site) run(name, url string, args ...string) *proc.Process {
	s.t.Helper()
	path, err := servers.Find(name)
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := proc.Start(s.t.Context(), proc.Spec{Name: name, Path: path, Args: args, Log: filepath.Join(s.t.TempDir(), "log"), Ready: proc.HTTP(url + "/-/ready")})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = p.Stop() })
	return p
}

func (s *site) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *site) write(h *half, rule string) {
	s.t.Helper()
	if err := os.WriteFile(h.rules, []byte("groups: [{name: g, rules: ["+rule+"]}]"), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// reload gives every half another rule.
func (s *site) reload(rule string) {
	s.t.Helper()
	for _, h := range s.halves {
		s.write(h, rule)
		resp, err := http.Post(h.url+"/-/reload", "", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			s.t.Fatal(resp.Status)
		}
	}
}

func (s *site) expose(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := 0
	if s.failed[strings.TrimPrefix(r.URL.Path, "/")[0]-'0'] {
		v = 1
	}
	fmt.Fprintf(w, "# TYPE check_failed gauge\ncheck_failed{target=\"redis\"} %d\n", v)
}

func (s *site) fails(first, second bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = [2]bool{first, second}
}

// bothFire reports whether the alert fires in both halves.
func (s *site) bothFire() bool {
	for _, h := range s.halves {
		resp, err := http.Get(h.url + "/api/v1/alerts")
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), `"state":"firing"`) {
			return false
		}
	}
	return true
}

// await waits until the first line of the chat's n-th message has a text, and a
// condition holds.
func (s *site) await(n int, text string, also func() bool) {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		m := s.bot.Messages(person)
		if len(m) == n && (n == 0 || strings.Contains(m[n-1].Text, text)) && (also == nil || also()) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("no message %d with %q in the chat: %v\n%s", n, text, m, s.logs)
		}
	}
}

// Real servers: a pair of which one half sees nothing, a rule that fails, and one
// that a reload removes.
func TestEndsOfRealServers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	received := func() float64 { return s.metric("preflight_webhook_notifications_received_total", "accepted") }

	s.fails(true, true)
	s.await(1, "🚨 P0: Check", s.bothFire)
	s.fails(true, false) // it stays so for several sendings of both halves
	s.await(1, "🚨 P0: Check", func() bool { return received() >= 8 })
	s.fails(false, false)
	s.await(2, "resolved after", nil)
	if m := s.bot.Messages(person); strings.Contains(m[1].Text, "not verified") {
		t.Errorf("the chat shows %v", m)
	}

	s.fails(true, true)
	s.await(3, "🚨 P0: Check", s.bothFire)
	s.reload(failing)
	s.await(3, "no longer evaluated", nil)
	s.reload(rule)
	s.await(3, "redis is down", func() bool { return !strings.Contains(s.bot.Messages(person)[2].Text, "no longer evaluated") })
	s.reload(alwaysNone)
	s.await(4, "ended, its rule was removed", nil)
	if n := s.metric("preflight_webhook_ends_total", "rule_removed"); n != 1 {
		t.Errorf("%v ended so", n)
	}
}
