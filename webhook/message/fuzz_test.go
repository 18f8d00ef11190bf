package message_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/message"
)

// FuzzFormat writes groups of alerts with any text in them: Telegram takes
// every message, and each alert is in exactly one of them.
func FuzzFormat(f *testing.F) {
	f.Add(uint16(1), "redis", "Redis PING failed", "check `docker ps`", "https://example.com", "P0", false)
	f.Add(uint16(100), "<&>\"'", strings.Repeat("🚨", 20_000), "`", "http://grafana:3000", "", true)
	f.Add(uint16(40), "\x00\u202E", "مرحبا `&lt;`", strings.Repeat("`<b>`\n", 500), "https://a..b/%zz", "critical", false)
	f.Add(uint16(3), "a", "", "1\n2\n3", "https://user:pass@example.com", "P1", true)
	formatter, err := message.New(message.Options{Language: "ko"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n uint16, label, text, actions, link, priority string, resolved bool) {
		everyKind(t, formatter, int(n%101), func(i int, it *message.Item) {
			it.Resolved = resolved && i%2 == 0
			it.Labels = template.KV{"alertname": label, "check": label, "target": fmt.Sprint(i), "env": label, "priority": priority, label: text}
			it.Annotations = template.KV{"title": text, "summary": text, "reason": label, "headline": text, "list_title": fmt.Sprint(label, i%3), "actions": actions, "runbook_url": link}
		})
	})
}

func TestAThousandHugeAlertsAreAllShown(t *testing.T) {
	t.Parallel()
	formatter, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	everyKind(t, formatter, 1000, func(i int, it *message.Item) {
		it.Labels = template.KV{"alertname": "A", "target": fmt.Sprint(i), "check": "C"}
		it.Annotations = template.KV{"summary": fmt.Sprint(i, strings.Repeat("<&한🚨", 4000))}
	})
}

// everyKind formats n alerts in messages of each kind, and edits each.
func everyKind(t *testing.T, formatter *message.Formatter, n int, fill func(int, *message.Item)) {
	t.Helper()
	notice := message.Notice{Now: start, Items: make([]message.Item, n)}
	for i := range notice.Items {
		notice.Items[i].StartsAt, notice.Items[i].EndsAt = start, start.Add(time.Hour)
		fill(i, &notice.Items[i])
	}
	if n == 0 {
		return
	}
	for _, kind := range []message.Kind{message.Alert, message.Reminder, message.Resolution, message.Digest} {
		notice.Kind = kind
		messages, err := formatter.Format(notice)
		if err != nil {
			t.Fatal(err)
		}
		listed := make([]int, n)
		for _, m := range messages {
			mustBeTaken(t, m)
			again := notice
			again.Items = nil
			for _, i := range m.Items {
				listed[i]++
				it := notice.Items[i]
				it.Resolved = true
				again.Items = append(again.Items, it)
			}
			again.Part, again.Parts = m.Part, m.Parts
			edited, err := formatter.Edit(again)
			if err != nil {
				t.Fatal(err)
			}
			mustBeTaken(t, edited)
		}
		for i, n := range listed {
			if n != 1 {
				t.Fatalf("alert %d is in %d messages", i, n)
			}
		}
	}
}

// mustBeTaken sends the message to the strict fake, formatted and plain.
func mustBeTaken(t *testing.T, m message.Message) {
	t.Helper()
	if strings.Contains(m.Document.Plain(), "pass@") {
		t.Fatalf("a password is shown: %s", m.Document.Plain())
	}
	markup := ""
	for i, b := range m.Document.Buttons {
		if i > 0 {
			markup += ","
		}
		markup += fmt.Sprintf(`[{"text":%q,"url":%q}]`, b.Text, b.URL)
	}
	bot := fakebot.New("1:x", fakebot.Limits{}, fakebot.Chat{ID: 1})
	form := url.Values{"chat_id": {"1"}, "text": {m.Document.HTML()}, "parse_mode": {"HTML"}}
	if markup != "" {
		form.Set("reply_markup", `{"inline_keyboard":[`+markup+`]}`)
	}
	r := httptest.NewRequest(http.MethodPost, "/bot1:x/sendMessage", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	bot.ServeHTTP(recorder, r)
	if recorder.Code != http.StatusOK {
		t.Fatalf("Telegram refuses it: %s\n%s", recorder.Body, m.Document.HTML())
	}
	if e := bot.Messages(1)[0].Entities; e >= 100 {
		t.Fatalf("%d entities", e)
	}
}
