package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// Two real clusters, each of an Alertmanager and a Prometheus. One Prometheus is
// killed and started again: only its cluster is missed.
func TestHeartbeatsOfRealClusters(t *testing.T) {
	t.Parallel()
	s := &site{world: &world{t: t, logs: new(logs), bot: fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: person})}, timeout: 15 * time.Second}
	s.receive()
	hook := httptest.NewServer(s.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()}))
	t.Cleanup(hook.Close)
	var start func() *proc.Process
	var tokyo *proc.Process
	for _, cluster := range []string{"seoul", "tokyo"} {
		var addresses []string
		for range 2 {
			port, err := proc.ReservePort()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(port.Release)
			addresses = append(addresses, port.Addr())
		}
		am, p, data := addresses[0], addresses[1], t.TempDir()
		s.run("alertmanager", "http://"+am, "--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address="+am,
			"--config.file="+s.file("alertmanager.yml", `
route: {receiver: watchdog, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s}
receivers: [{name: watchdog, webhook_configs: [{url: '`+hook.URL+api.HeartbeatPath(cluster)+`', send_resolved: false}]}]
`))
		rules := s.file("rules.yml", `groups: [{name: g, rules: [{alert: Watchdog, expr: vector(1), annotations: {evaluated_at: '{{ (now | toTime).Format "2006-01-02T15:04:05.000Z07:00" }}'}}]}]`)
		config := s.file("prometheus.yml", fmt.Sprintf(`
global: {evaluation_interval: 1s}
rule_files: ['%s']
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
`, rules, am))
		start = func() *proc.Process {
			return s.run("prometheus", "http://"+p, "--storage.tsdb.path="+data, "--web.listen-address="+p, "--rules.alert.resend-delay=5s", "--config.file="+config)
		}
		tokyo = start()
	}
	beats := func(cluster string) float64 { return s.metric("preflight_webhook_watchdog_timestamp_seconds", cluster) }
	known := func() bool {
		logs := s.logs.String()
		return strings.Contains(logs, "cluster=tokyo") && strings.Contains(logs, "cluster=seoul")
	}
	s.await(0, "", known)
	if err := tokyo.Stop(); err != nil {
		t.Fatal(err)
	}
	died := beats("seoul")
	s.await(1, "no rule evaluation of the cluster tokyo known for 15s", nil)
	if got := beats("seoul"); got <= died {
		t.Errorf("the last heartbeat of seoul was at %v, and at %v when tokyo died", got, died)
	}
	start()
	s.await(2, "resolved: Alerting", func() bool { return strings.HasPrefix(s.bot.Messages(person)[0].Text, "✅") })
	if m := s.bot.Messages(person); m[1].ReplyTo != 1 {
		t.Errorf("the chat shows %v", m)
	}
}
