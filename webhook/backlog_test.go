package webhook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// During an outage of Telegram, ten thousand notifications of 50 groups arrive.
// Afterwards the chat gets a message for each group, a second apart. A group or
// channel, where fewer fit in a minute, gets the last ones in a summary.
func TestABacklogComesAtTheRateOfTheChat(t *testing.T) {
	t.Parallel()
	for chat, c := range map[int64]struct {
		key           string
		notifications int
		messages      int
	}{
		person: {"7", 10_000, 50},
		group:  {"-100", 1000, 15},
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
				if len(messages) != c.messages {
					t.Fatalf("%d messages for %d groups", len(messages), groups)
				}
				for i, m := range messages {
					if got, want := m.Sent.Sub(messages[0].Sent), time.Duration(i)*time.Second; got != want {
						t.Fatalf("message %d came %s after the first, not %s", i+1, got, want)
					}
				}
				for i := range groups {
					if w.count(chat, fmt.Sprint("t", i)) != 1 {
						t.Errorf("the group %d is not shown", i)
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
