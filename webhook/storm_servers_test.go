package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/telegram"
)

// manager is a real Alertmanager that groups by all labels and posts to a webhook
// in this process, with a group and a person.
func manager(t *testing.T) (s *site, url string) {
	t.Helper()
	s = &site{world: &world{t: t, logs: new(logs), bot: fakebot.New(token, fakebot.Limits{Group: 20}, fakebot.Chat{ID: group}, fakebot.Chat{ID: person})}}
	s.chats = []telegram.Chat{{ID: fmt.Sprint(group)}, {ID: fmt.Sprint(person)}}
	s.rates = deliver.Rates{Chat: 10 * time.Millisecond, Group: 20, Global: 1_000_000}
	s.receive()
	hook := httptest.NewServer(s.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()}))
	t.Cleanup(hook.Close)
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	url = "http://" + port.Addr()
	s.run("alertmanager", url, "--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address="+port.Addr(),
		"--config.file="+s.file("alertmanager.yml", `
route: {receiver: chat, group_by: ['...'], group_wait: 0s, group_interval: 100ms, repeat_interval: 1h}
receivers: [{name: chat, webhook_configs: [{url: '`+hook.URL+`/api/v1/alerts?notify=loud'}]}]
`))
	return s, url
}

// send posts alerts as Prometheus does.
func (s *site) send(url string, alerts ...template.Alert) {
	s.t.Helper()
	type posted struct {
		Labels      template.KV `json:"labels"`
		Annotations template.KV `json:"annotations"`
		StartsAt    time.Time   `json:"startsAt"`
		EndsAt      time.Time   `json:"endsAt,omitzero"`
	}
	var list []posted
	for _, a := range alerts {
		list = append(list, posted{a.Labels, a.Annotations, a.StartsAt, a.EndsAt})
	}
	body, err := json.Marshal(list)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status)
	}
}

// shows waits until a condition on the messages of a chat holds.
func (s *site) shows(chat int64, what string, holds func([]fakebot.Message) bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(s.bot.Messages(chat)); <-tick.C {
		if time.Now().After(deadline) {
			s.dump(chat)
			s.t.Fatalf("the chat does not show %s", what)
		}
	}
}

// A real Alertmanager sends 60 groups at once, and an alert that flaps.
func TestAStormOfARealAlertmanager(t *testing.T) {
	t.Parallel()
	s, url := manager(t)
	var alerts []template.Alert
	for i := range 60 {
		alerts = append(alerts, server("P0", "InstanceDown", i, time.Now()))
	}
	s.send(url, alerts...)
	s.shows(group, "every group", func([]fakebot.Message) bool {
		for i := range 60 {
			if s.count(group, fmt.Sprintf("web-%02d", i)) == 0 {
				return false
			}
		}
		return true
	})
	if n := len(s.bot.Messages(group)); n > 20 {
		t.Errorf("%d messages", n)
	}
	received := func() float64 { return s.metric("preflight_webhook_notifications_received_total", "accepted") }
	for episode := range 6 {
		a, before := server("P0", "DiskFull", 99, time.Now()), received()
		s.send(url, a)
		s.shows(person, "the alert", func(m []fakebot.Message) bool { return loud(m, "DiskFull") == episode+1 })
		a.EndsAt = time.Now()
		s.send(url, evaluated(a, time.Now()))
		s.shows(person, "its end", func([]fakebot.Message) bool { return received() >= before+2 })
	}
	s.shows(person, "the flapping", func(m []fakebot.Message) bool {
		last := m[len(m)-1]
		return strings.Contains(last.Text, "P0 again: ") && strings.Contains(last.Text, "flaps, 6 times in ") && last.ReplyTo != 0
	})
}

// loud returns the number of messages with a sound about an alert.
func loud(list []fakebot.Message, name string) (n int) {
	for _, m := range list {
		if !m.Silent && strings.Contains(m.Text, name) {
			n++
		}
	}
	return n
}
