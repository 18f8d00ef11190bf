package webhook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// Without a shared database, the copy of a spool goes on where the original was:
// it repeats nothing that a chat shows, and delivers what waits.
func TestACopiedSpoolWithoutADatabase(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "copy.db")
	inWorld(t, "7", func(w *world) {
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(time.Minute)
		w.bot.Inject(fakebot.Fault{RetryAfter: 60})
		other := alertmanager{url: "http://a", priority: "P0", key: "b"}
		w.post(other.payload(other.firing("postgres", start)), api.Loud)
		w.after(time.Second)
		w.stop()
		body, err := os.ReadFile(w.config.Spool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, body, 0o600); err != nil {
			t.Fatal(err)
		}
		second := newWorld(w.t, "7", copied)
		second.bot, second.config.Transports = w.bot, w.config.Transports
		second.start()
		defer func() { second.stop() }()
		w.after(2 * time.Minute)
		second.expect(person, open, "2 🚨 P0: Preflight [Database: postgres]")
		second.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 3 || m[2].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Errorf("the chat shows %v", m)
		}
		w.start() // the original has this alert too, and no way to know of the copy
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 4 || m[3].Silent {
			t.Errorf("the chat shows %v", m)
		}
	})
}
