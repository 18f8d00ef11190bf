package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// An alert with huge labels and annotations is shown and ends, and what is stored
// of it is small, so that it delays no other alert.
func TestAHugeAlertIsBounded(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		huge := am.firing("redis", start)
		for i := range 3000 {
			huge.Labels[fmt.Sprintf("a%05d", i)] = strings.Repeat("v", 100)
		}
		huge.Annotations[api.Description] = strings.Repeat("é", 1<<20)
		w.post(am.payload(huge), api.Loud)
		w.after(10 * time.Second)
		m := w.bot.Messages(person)
		if len(m) != 1 || m[0].Silent || !strings.HasPrefix(m[0].Text, "🚨 P0: Preflight\n") || !strings.Contains(m[0].Text, "Database: redis") ||
			!strings.Contains(m[0].Text, "An alert has too many labels and annotations: 2005 are left out") {
			t.Fatalf("the chat shows %v", m)
		}
		over := evaluated(huge, time.Now().Add(-time.Second))
		over.Status, over.EndsAt = "resolved", time.Now()
		w.post(am.payload(over), api.Loud)
		w.after(10 * time.Second)
		if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
			t.Errorf("the chat shows %v", m)
		}
		w.stop()
		w.stop = func() {}
		db := openSpool(w.t, w.config.Spool)
		defer db.Close()
		var size int
		if err := db.QueryRowContext(w.t.Context(), `SELECT length(alert) FROM instances`).Scan(&size); err != nil || size > 1<<20 {
			t.Errorf("%d bytes are stored: %v", size, err)
		}
	})
}
