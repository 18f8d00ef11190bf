package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

// A sender gives two alerts one fingerprint. Each has its messages and its end.
func TestAlertsThatShareAFingerprint(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		shared := func(list ...template.Alert) []byte {
			for i := range list {
				list[i].Fingerprint = "1"
			}
			return am.payload(list...)
		}
		w.post(shared(am.firing("redis", start), am.firing("disk", start)), api.Loud)
		w.after(10 * time.Second)
		w.expect(person, "1 🚨 P0: Preflight [Database: disk; Database: redis]")
		w.post(shared(am.firing("disk", start), am.firing("redis", start)), api.Loud) // a retry
		w.restart()
		w.after(time.Minute)
		w.post(shared(am.resolved("disk", start, time.Now())), api.Loud)
		w.after(time.Minute)
		w.post(shared(am.firing("upbit", start)), api.Loud)
		w.after(time.Minute)
		w.post(shared(am.resolved("redis", start, time.Now()), am.resolved("upbit", start, time.Now())), api.Loud)
		w.after(time.Minute)
		var texts []string
		for _, m := range w.bot.Messages(person) {
			texts = append(texts, m.Text)
		}
		if n := len(w.history()); n != 3 || len(texts) != 4 || !strings.Contains(texts[1], "disk") || !strings.Contains(texts[2], "upbit") || !strings.Contains(texts[3], "redis") {
			t.Errorf("the history has %d alerts, the chat shows %s", n, strings.Join(texts, "\n\n"))
		}
		for _, r := range w.history() {
			if r.EndsAt == nil {
				t.Errorf("%v has not ended", r.Labels)
			}
		}
	})
}
