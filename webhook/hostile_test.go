package webhook_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// hostile is a group of alerts whose labels and annotations are hard for
// formats, encodings and limits.
type hostile struct {
	alerts                              int
	name, value, summary, actions, link string
	priority, key, fingerprint          string
}

func (h hostile) payload(status string) []byte {
	am := alertmanager{url: "http://a", priority: h.priority, key: h.key}
	list := make([]template.Alert, h.alerts)
	now := time.Now()
	for i := range list {
		a := template.Alert{
			Status: status, StartsAt: now, Fingerprint: fmt.Sprint(h.fingerprint, i),
			Labels:      template.KV{"alertname": h.name, "priority": h.priority, "env": h.value, "target": fmt.Sprint(i, h.value)},
			Annotations: template.KV{"title": h.name, "summary": h.summary, "actions": h.actions, "runbook_url": h.link},
		}
		a.Labels[h.name] = h.value
		if i%2 == 0 {
			a.Annotations["list_title"], a.Annotations["headline"] = h.value, h.summary
		}
		if status == "resolved" {
			a.EndsAt = now
		}
		list[i] = a
	}
	return am.payload(list...)
}

// deliver posts the group as firing, as resolved, and reads the chat: each
// alert is listed once as firing and once as resolved, and nothing was refused.
func (h hostile) deliver(t *testing.T) {
	t.Helper()
	inWorldOf(t, "7", spool.InMemory, func(w *world) {
		t := w.t
		handler := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()})
		listed := 0
		for _, status := range []string{"firing", "resolved"} {
			body := h.payload(status)
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, api.AlertsPath, bytes.NewReader(body)))
			if recorder.Code != http.StatusOK {
				t.Fatalf("%s: answered %d: %s", status, recorder.Code, recorder.Body)
			}
			for range 60 { // a message a second
				if w.after(time.Minute); w.metric("preflight_webhook_backlog") == 0 {
					break
				}
			}
			w.after(2 * time.Minute) // for the edits
			if n := w.metric("preflight_webhook_backlog"); n > 0 {
				t.Fatalf("%s: %v of %d alerts are not shown\n%.2000s", status, n, h.alerts, w.logs)
			}
			items := 0
			for _, m := range w.bot.Messages(person)[listed:] {
				listed++
				for line := range strings.Lines(m.Text) {
					if strings.HasPrefix(line, "  - ") {
						items++
					}
				}
			}
			if items != h.alerts {
				t.Errorf("%s: the chat lists %d of %d alerts", status, items, h.alerts)
			}
		}
		if refused := w.bot.Refusals(); len(refused) > 0 {
			t.Errorf("Telegram refused %d calls: %v", len(refused), refused[0])
		}
	})
}

func TestHostileTextsReachTheChat(t *testing.T) {
	t.Parallel()
	plain := hostile{alerts: 3, name: "A", value: "v", summary: "s", priority: "P0"}
	cases := map[string]func(*hostile){
		"markup": func(h *hostile) {
			h.name, h.value, h.summary, h.actions = `<b>&"`, `</b><a href="`, `<&>"'&lt;`, "`<i>` `"
		},
		"emoji": func(h *hostile) { h.name, h.summary = "🚨👩‍👩‍👧‍👦", strings.Repeat("🚨", 3000) },
		"right-to-left": func(h *hostile) {
			h.name, h.value, h.summary = "مرحبا", "\u202Eevil\u202C", "\u2066שלום\u2069"
		},
		"NUL":      func(h *hostile) { h.name, h.value, h.summary, h.key = "\x00", "a\x00b", "\x00\x01\x1b[31m", "\x00" },
		"no UTF-8": func(h *hostile) { h.name, h.value, h.summary = "\xff\xfe", "a\xc3", "\xed\xa0\x80" },
		"lines":    func(h *hostile) { h.name, h.value, h.summary = "a\n  - b", "c\r\n  - d", "e\u2028  - f\n\n  - g" },
		"nothing":  func(h *hostile) { h.name, h.value, h.summary, h.priority = "", "", "", "" },
		"40 KB": func(h *hostile) {
			h.value, h.summary, h.actions = strings.Repeat("v", 40<<10), strings.Repeat("<", 40<<10), strings.Repeat("a\n", 20<<10)
		},
		"1,000 alerts": func(h *hostile) { h.alerts = 1000 },
		"1,000 alerts of 20 KB each": func(h *hostile) {
			h.alerts, h.value, h.summary = 1000, strings.Repeat("&", 512), strings.Repeat("<é🚨", 1<<10)
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := plain
			change(&h)
			h.deliver(t)
		})
	}
}

// FuzzDelivery sends groups with any text through the whole webhook.
func FuzzDelivery(f *testing.F) {
	f.Add(uint8(1), "Redis", "redis", "Redis PING failed", "check `docker ps`", "https://example.com", "P0", "{}", "f1")
	f.Add(uint8(20), "<&>\"'", strings.Repeat("🚨", 200), "`", "`<b>`\n", "http://grafana:3000", "", "\x00", "")
	f.Add(uint8(60), "\x00\u202E", "مرحبا `&lt;`", "a\n  - b", "", "https://a..b/%zz", "critical", "k", "é")
	f.Fuzz(func(t *testing.T, alerts uint8, name, value, summary, actions, link, priority, key, fingerprint string) {
		if len(name+value+summary+actions+link+priority+key+fingerprint) > 2000 {
			return // the fuzzing engine takes what is slow for a hang; size is the test's above
		}
		hostile{
			alerts: 1 + int(alerts%16), name: name, value: value, summary: summary, actions: actions, link: link,
			priority: priority, key: key, fingerprint: fingerprint,
		}.deliver(t)
	})
}
