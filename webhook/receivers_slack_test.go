package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/transport"
)

// Two receivers show an alert in chats of two services, each with its mentions. A
// reload adds the channel.
func TestReceiversOfTwoServices(t *testing.T) {
	t.Parallel()
	var telegram room
	inRoom(t, func(w *world) room {
		telegram = w.telegramRoom()
		return w.withSlack(true)
	}, func(w *world, slack room) {
		formatter, err := message.New(message.Options{Mentions: []string{"@here"}})
		if err != nil {
			t.Fatal(err)
		}
		settings := w.config.Settings
		settings.Chats = []transport.Chat{telegram.chat}
		settings.Receivers = []webhook.Receiver{{Name: "team", Chats: []transport.Chat{telegram.chat}}}
		if err := w.service.SetSettings(settings); err != nil {
			t.Fatal(err)
		}
		settings.Receivers = append(settings.Receivers, webhook.Receiver{Name: "ops", Chats: []transport.Chat{slack.chat}, Sound: "loud"})
		settings.Formatters = map[string]*message.Formatter{slack.chat.String(): formatter}
		if err := w.service.SetSettings(settings); err != nil {
			t.Fatal(err)
		}
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		for _, receiver := range []string{"team", "ops"} {
			w.to(receiver, am.payload(am.firing("redis", start)))
		}
		w.after(time.Minute)
		if m := slack.shown(); len(m) != 1 || !m[0].loud || !strings.HasPrefix(m[0].Text, "🚨 P0: Preflight") {
			t.Errorf("Slack shows %v", m)
		}
		for _, receiver := range []string{"team", "ops"} {
			w.to(receiver, am.payload(am.resolved("redis", start, time.Now())))
		}
		w.after(time.Minute)
		for _, r := range []room{telegram, slack} {
			if m := r.shown(); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") || m[1].ReplyTo != 1 || r.chat == slack.chat && m[1].loud {
				t.Errorf("%s shows %v", r.chat, m)
			}
		}
		settings.Receivers[1].Chats = []transport.Chat{{Transport: "matrix", ID: "x"}}
		if err := w.service.SetSettings(settings); err == nil || !strings.Contains(err.Error(), `there is no transport "matrix"`) {
			t.Errorf("a chat without a transport: %v", err)
		}
	})
}
