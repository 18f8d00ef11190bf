package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/notify"
	amwebhook "github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// newServer returns a webhook behind HTTP that delivers no message, and the path of its
// spool.
func newServer(t *testing.T, bearer string) (*httptest.Server, *webhook.Service, string) {
	t.Helper()
	formatter, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	spool := filepath.Join(t.TempDir(), "spool.db")
	service, err := webhook.Open(t.Context(), webhook.Config{
		Spool: spool, Settings: webhook.Settings{
			Chats: []transport.Chat{{ID: "7"}}, Transports: map[string]webhook.Transport{transport.Telegram: unreachable{}}, Formatter: formatter,
		},
		Log: slog.New(slog.DiscardHandler), Registry: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(service.Handler(webhook.HandlerOptions{
		Tokens: func() []string { return strings.Fields(bearer) }, MaxBody: 100_000, Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Reload: func() error { return errors.New("no template") },
	}))
	t.Cleanup(server.Close)
	return server, service, spool
}

func request(t *testing.T, method, url, bearer string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestWhatIsAcceptedAndWhatIsNot(t *testing.T) {
	t.Parallel()
	server, _, _ := newServer(t, "right")
	recorded, err := os.ReadFile("testdata/payloads/single/01.json")
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(recorded, &m); err != nil {
			t.Fatal(err)
		}
		f(m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	const alerts = api.AlertsPath
	for name, c := range map[string]struct {
		method, path, bearer string
		body                 []byte
		status               int
		text                 string
	}{
		"recorded":       {"POST", alerts + "?notify=loud", "right", recorded, 200, ""},
		"no notify":      {"POST", alerts, "right", recorded, 200, ""},
		"unknown notify": {"POST", alerts + "?notify=lout", "right", recorded, 200, ""},
		"unknown fields": {"POST", alerts, "right", change(func(m map[string]any) { m["later"] = []int{1} }), 200, ""},
		"no fingerprint": {"POST", alerts, "right", change(func(m map[string]any) { delete(m["alerts"].([]any)[0].(map[string]any), "fingerprint") }), 200, ""},
		"watchdog":       {"POST", api.WatchdogPath, "right", bytes.ReplaceAll(recorded, []byte("PreflightCheckFailed"), []byte(api.Watchdog)), 200, ""},
		"no bearer":      {"POST", alerts, "", recorded, 401, "WEBHOOK_TOKEN"},
		"wrong bearer":   {"POST", alerts, "wrong", recorded, 401, "WEBHOOK_TOKEN"},
		"bare reload":    {"POST", "/-/reload", "", nil, 401, "WEBHOOK_TOKEN"},
		"failed reload":  {"POST", "/-/reload", "right", nil, 500, "the previous configuration stays in use: no template"},
		"GET":            {"GET", alerts, "right", nil, 405, ""},
		"no JSON":        {"POST", alerts, "right", []byte("{secret"), 200, ""},
		"too large":      {"POST", alerts, "right", change(func(m map[string]any) { m["x"] = strings.Repeat("x", 100_000) }), 200, ""},
		"other program":  {"POST", "/login", "right", []byte("user=x"), 404, ""},
		"any path":       {"POST", "/", "right", recorded, 200, ""},
		"healthy":        {"GET", "/-/healthy", "", nil, 200, "healthy"},
		"ready":          {"GET", "/-/ready", "", nil, 200, "ready"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := request(t, c.method, server.URL+c.path, c.bearer, c.body)
			if status != c.status || !strings.Contains(text, c.text) || strings.Contains(text, "secret") {
				t.Errorf("answered %d %q, not %d with %q", status, text, c.status, c.text)
			}
		})
	}
	_, text := request(t, "GET", server.URL+"/metrics", "", nil)
	for _, line := range []string{
		`preflight_webhook_notifications_received_total{outcome="accepted"} 5`,
		`preflight_webhook_notifications_received_total{outcome="unauthorized"} 3`,
		`preflight_webhook_notifications_received_total{outcome="invalid"} 1`,
		`preflight_webhook_notifications_received_total{outcome="too_large"} 1`,
		`preflight_webhook_notifications_received_total{outcome="unknown_path"} 1`,
		`preflight_webhook_items_set_aside_total{kind="notification"} 2`,
		`preflight_webhook_accept_duration_seconds_count 6`,
		`preflight_webhook_spool_writable 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
}

// Alertmanager tries again after a 5xx only.
func TestASpoolThatCannotBeWrittenIs503(t *testing.T) {
	t.Parallel()
	server, service, _ := newServer(t, "")
	recorded, err := os.ReadFile("testdata/payloads/single/01.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _ := request(t, "POST", server.URL+api.AlertsPath, "", recorded); status != 503 {
		t.Errorf("answered %d", status)
	}
	if status, _ := request(t, "POST", server.URL+api.WatchdogPath, "", recorded); status != 503 {
		t.Errorf("the heartbeat was answered %d", status)
	}
	if status, _ := request(t, "GET", server.URL+"/-/ready", "", nil); status != 503 {
		t.Errorf("ready answered %d", status)
	}
}

// What the newest Alertmanager sends goes through its own notifier.
func TestTheNewestAlertmanagersPayload(t *testing.T) {
	t.Parallel()
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	tmpl, err := template.New()
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.ExternalURL, err = url.Parse("http://am.example:9093"); err != nil {
		t.Fatal(err)
	}
	notifier, err := amwebhook.New(&amwebhook.WebhookConfig{
		HTTPConfig: &commoncfg.HTTPClientConfig{}, URL: amconfig.SecretTemplateURL(server.URL), MaxAlerts: 1,
	}, tmpl, promslog.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	ctx := notify.WithGroupKey(context.Background(), `{}:{priority="P0"}`)
	ctx = notify.WithReceiverName(ctx, "p0 (telegram)")
	ctx = notify.WithNotificationReason(ctx, notify.ReasonRepeatIntervalElapsed)
	firing := func(target string) *alert.Alert {
		return &alert.Alert{Alert: model.Alert{
			Labels: model.LabelSet{"alertname": "A", "target": model.LabelValue(target)}, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
		}}
	}
	if err := notifier.Notify(ctx, firing("redis"), firing("postgres")).Err(); err != nil {
		t.Fatal(err)
	}
	p, err := state.ParsePayload(body)
	if err != nil {
		t.Fatal(err)
	}
	if p.TruncatedAlerts != 1 || len(p.Alerts) != 1 || p.Alerts[0].Labels["target"] != "redis" || p.NotificationReason != "repeat interval elapsed" {
		t.Errorf("parsed as %+v", p)
	}
}
