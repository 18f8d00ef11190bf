package webhook_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// Notifications to other paths and with other methods reach the chats too.
func TestUnknownPathsAndMethodsAreDelivered(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		requests := []struct{ method, path string }{
			{"POST", "/api/v1/alerts/"},
			{"POST", "/api/v1/receiver/tg?cluster=seoul"},
			{"POST", "//api/v1//alerts"},
			{"POST", "/api/v1/../v1/alerts"},
			{"POST", "/api/v1"},
			{"POST", "/api/v1/%2e%2e/x"},
			{"PUT", "/api/v1/alerts"},
			{"PATCH", "/api/v1/alerts"},
			{"DELETE", "/api/v1/alerts"},
			{"GET", "/api/v1/alerts"},
			{"ODD", "/api/v1/alerts"},
			{"POST", "/api/v2/alerts"},
			{"POST", "/"},
		}
		for i, r := range requests {
			am.key = fmt.Sprint(i)
			body := am.payload(am.firing(fmt.Sprint("t", i), time.Now()))
			if got := w.serve(r.method, r.path, bytes.NewReader(body)); got.Code != 200 {
				w.t.Errorf("%s %s: answered %d", r.method, r.path, got.Code)
			}
		}
		w.after(time.Minute)
		messages := w.bot.Messages(person)
		if len(messages) != len(requests) {
			w.t.Fatalf("%d messages for %d requests\n%s", len(messages), len(requests), w.logs)
		}
		if text := messages[1].Text; !strings.Contains(text, "Received at the path /api/v1/receiver/tg,") {
			w.t.Errorf("the path is not shown:\n%s", text)
		}
		if n := w.metric("preflight_webhook_notifications_received_total", api.UnknownPath); n != float64(len(requests)) {
			w.t.Errorf("counted %v", n)
		}
		for _, r := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/api/v1/alerts", 405}, {"HEAD", "/api/v1/x", 405}, {"OPTIONS", "/api/v1/alerts", 405}, {"GET", "/", 404}, {"POST", "/metrics", 405},
		} {
			if got := w.serve(r.method, r.path, nil); got.Code != r.status {
				w.t.Errorf("%s %s: answered %d", r.method, r.path, got.Code)
			}
		}
	})
}

// A heartbeat with an unclean path is a heartbeat.
func TestAHeartbeatWithAnUncleanPath(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.config.HeartbeatTimeout = 150 * time.Second
		w.restart()
		am := alertmanager{url: "http://a"}
		for range 20 {
			w.serve("POST", api.WatchdogPath+"/", bytes.NewReader(am.payload(am.firing("x", time.Now()))))
			w.after(time.Minute)
		}
		w.expect(person)
	})
}

// A token in the path of a wrong URL reaches neither the log nor the chats.
func TestTokensInPathsAreHidden(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const token, bot = "s3cr3t-token", "123456:AAbbCC-ddEEff_gg"
		handler := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return []string{token} }, Metrics: http.NotFoundHandler()})
		post := func(path, credentials, body string, want int) {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+credentials)
			recorder := httptest.NewRecorder()
			if handler.ServeHTTP(recorder, r); recorder.Code != want {
				w.t.Errorf("%s: answered %d %s", path, recorder.Code, recorder.Body)
			}
		}
		for i, path := range []string{"/bot" + bot + "/sendMessage", "/api/v1/" + token + "/alerts", "/api/v1/bot" + bot + "/alerts"} {
			post(path, "wrong", changed("redis", "redis"), 401)
			post(path, token, changed(`"fingerprint":"`, fmt.Sprintf(`"fingerprint":"%d`, i)), 200)
			if i > 0 {
				post(path, token, "{", 200)
			}
		}
		w.after(2 * time.Minute)
		messages := ""
		for _, m := range w.bot.Messages(person) {
			messages += m.Text
		}
		texts := w.logs.String() + messages
		if strings.Contains(texts, token) || strings.Contains(texts, bot) {
			w.t.Error("a token is shown:", texts)
		}
		// One message or two tell of both unreadable notifications.
		for _, shown := range []string{"path /botTOKEN/sendMessage,", "read; path /api/v1/", "/api/v1/TOKEN/alerts", "/api/v1/botTOKEN/alerts"} {
			if !strings.Contains(messages, shown) {
				w.t.Errorf("%s is not shown: %s", shown, messages)
			}
		}
	})
}

// An alert that a wrong route sends to the path of the heartbeats is delivered,
// and is no heartbeat. A Watchdog needs no level.
func TestAlertsAtTheHeartbeatsPathAreDelivered(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		watchdog := `{"status":"firing","labels":{"alertname":"Watchdog","priority":"P3"},"startsAt":"2026-03-01T10:00:00Z"},`
		for _, body := range []string{
			changed(`"fingerprint":"`, `"fingerprint":"1`),
			changed(`"alerts":[`, `"alerts":[`+watchdog),
		} {
			if r := w.serve("POST", api.WatchdogPath, strings.NewReader(body)); r.Code != 200 {
				w.t.Fatalf("answered %d %s", r.Code, r.Body)
			}
			w.after(10 * time.Second)
		}
		if n := len(w.bot.Messages(person)); n != 2 {
			w.t.Errorf("the chat shows %v", w.bot.Messages(person))
		}
		for _, m := range w.bot.Messages(person) {
			if !strings.Contains(m.Text, "redis") || strings.Contains(m.Text, "Watchdog") {
				w.t.Errorf("the chat shows %s", m.Text)
			}
		}
		if n := w.metric("preflight_webhook_notifications_received_total", api.Accepted); n != 2 {
			w.t.Errorf("counted %v", n)
		}
	})
}

// A long name of a cluster is cut between two letters: PostgreSQL refuses half
// of one.
func TestALongClusterIsCutBetweenLetters(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		path := api.NotifyPath(api.Loud, strings.Repeat("서", 50))
		if code := w.request(path, am.payload(am.firing("redis", time.Now()))); code != http.StatusOK {
			t.Errorf("answered %d", code)
		}
		w.after(time.Second)
		records, err := spool.Records(w.t.Context(), w.config.Spool, "priority", time.Time{})
		if err != nil || len(records) != 1 || records[0].Cluster != strings.Repeat("서", 33) {
			t.Errorf("the history has %+v, %v", records, err)
		}
	})
}

// Alerts that Prometheus posts as to an Alertmanager are delivered once, with
// their path, and end. The same alerts each minute are no reminder.
func TestAlertsThatPrometheusPosts(t *testing.T) {
	for path, outcome := range map[string]string{"/api/v2/alerts": api.UnknownPath, "/api/v1/alerts": api.Accepted, "/prefix/api/v2/alerts": api.UnknownPath} {
		t.Run(path, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				start, posts := time.Now(), 0
				post := func(ends time.Time) {
					posts++
					body := fmt.Sprintf(`[{"labels":{"alertname":"Check","priority":"P0","target":"redis"},"annotations":{"summary":"Database: redis"},
						"startsAt":%q,"endsAt":%q,"generatorURL":"http://p/graph"}, {"labels":{"alertname":"Other","priority":"P0"},"startsAt":%[1]q,"endsAt":%[2]q}]`,
						start.Format(time.RFC3339), ends.Format(time.RFC3339))
					if r := w.serve("POST", path, strings.NewReader(body)); r.Code != 200 {
						t.Fatalf("answered %d %s", r.Code, r.Body)
					}
					w.after(time.Minute)
				}
				for range 5 {
					post(time.Now().Add(4 * time.Minute))
				}
				m := w.bot.Messages(person)
				if len(m) != 2 || !strings.HasPrefix(m[0].Text, "🚨 P0: Check") || strings.Contains(m[0].Text, "Received at the path "+path) != (outcome == api.UnknownPath) {
					t.Fatalf("the chat shows %v", m)
				}
				ends := time.Now()
				for range 3 {
					post(ends)
				}
				if m = w.bot.Messages(person); len(m) != 4 || !strings.HasPrefix(m[0].Text, "✅") || !strings.HasPrefix(m[1].Text, "✅") {
					t.Errorf("the chat shows %v", m)
				}
				if n := w.metric("preflight_webhook_notifications_received_total", outcome); n != float64(2*posts) {
					t.Errorf("counted %v", n)
				}
			})
		})
	}
}

// What cannot be read at the path of Alertmanager's own API is reported.
func TestAnUnreadableListIsReported(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		if r := w.serve("POST", "/api/v2/alerts", strings.NewReader(`[{"labels":{"alertname":"Check"`)); r.Code != 200 {
			t.Fatalf("answered %d", r.Code)
		}
		w.after(10 * time.Second)
		w.expect(person, "1 🚨 P0: A notification could not be read [1 notification could not be read; alerts Check; path /api/v2/alerts]")
	})
}
