package webhook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// During an outage of Telegram, ten thousand notifications of 50 groups arrive.
// Afterwards the chat gets one message for each group, as fast as Telegram
// allows.
func TestABacklogComesAtTheRateOfTheChat(t *testing.T) {
	t.Parallel()
	for chat, c := range map[int64]struct {
		key           string
		notifications int
		messages      func(n int) time.Duration // how long after the first one the n-th comes, from 0
	}{
		person: {"7", 10_000, func(n int) time.Duration { return time.Duration(n) * time.Second }},
		// Twenty in a minute: a second apart, then a pause.
		group: {"-100", 1000, func(n int) time.Duration { return time.Duration(n/20)*time.Minute + time.Duration(n%20)*time.Second }},
	} {
		t.Run(c.key, func(t *testing.T) {
			t.Parallel()
			inWorldOf(t, c.key, spool.InMemory, func(w *world) {
				t := w.t
				const groups = 50
				w.bot.Block(chat, true)
				for i := range c.notifications {
					g, round := i%groups, i/groups
					am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprint(g)}
					a := am.firing(fmt.Sprint("t", g), time.Now())
					if round%3 == 2 {
						a = am.firing(fmt.Sprint("u", g), time.Now()) // another alert of the group
					}
					if _, err := w.service.Accept(am.payload(a), api.Loud, ""); err != nil {
						t.Fatal(err)
					}
				}
				w.after(10 * time.Minute)
				w.expect(chat)
				w.bot.Block(chat, false)
				w.after(20 * time.Minute)
				messages := w.bot.Messages(chat)
				if len(messages) != groups {
					t.Fatalf("%d messages for %d groups", len(messages), groups)
				}
				for i, m := range messages {
					if got, want := m.Sent.Sub(messages[0].Sent), c.messages(i); got != want {
						t.Fatalf("message %d came %s after the first, not %s", i+1, got, want)
					}
				}
				for _, call := range w.bot.Calls() {
					if call.Status == 429 {
						t.Fatal("Telegram had to ask for less")
					}
				}
			})
		})
	}
}
