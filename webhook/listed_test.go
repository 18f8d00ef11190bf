package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

// So does one of a group that another group has replaced.
func TestAMessageOfAnEarlierGroupShowsTheEndOfWhatItLists(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		before, after := alertmanager{url: "http://a", priority: "P0"}, alertmanager{url: "http://a", priority: "P0", key: "after"}
		start := time.Now()
		first, second := before.firing("first", start), before.firing("second", start)
		w.post(before.payload(first), api.Loud)
		w.after(3 * time.Second)
		w.post(before.payload(first, second), api.Loud)
		w.after(time.Minute)
		w.post(after.payload(first, after.firing("third", time.Now())), api.Loud)
		w.after(time.Minute)
		w.post(before.payload(before.resolved("second", start, time.Now())), api.Loud)
		w.after(time.Minute)
		w.post(after.payload(after.resolved("first", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); strings.Contains(m[1].Text, "  - Database: first\n") || strings.Count(m[1].Text, "  - ✅") != 2 {
			t.Errorf("the second message is %s", m[1].Text)
		}
	})
}

// Each message that lists an alert as firing shows its end, in whichever order
// the alerts of the group begin and end.
func TestEveryMessageShowsTheEndOfWhatItLists(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 2, 3, 0}, {2, 0, 3, 1}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: "P0"}
				start := time.Now()
				target := func(i int) string { return fmt.Sprint("t", i) }
				open := map[int]bool{}
				list := func(ended int) (alerts []template.Alert) {
					for i := range order {
						switch {
						case i == ended:
							alerts = append(alerts, am.resolved(target(i), start, time.Now()))
						case open[i]:
							alerts = append(alerts, am.firing(target(i), start))
						}
					}
					return alerts
				}
				for i := range order {
					open[i] = true
					w.post(am.payload(list(-1)...), api.Loud)
					w.after(3 * time.Second)
				}
				for _, i := range order {
					open[i] = false
					w.post(am.payload(list(i)...), api.Loud)
					w.after(20 * time.Second)
				}
				w.after(time.Minute)
				for _, m := range w.bot.Messages(person)[:len(order)] {
					for line := range strings.Lines(m.Text) {
						if item, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok && !strings.HasPrefix(item, "✅") {
							t.Errorf("message %d shows %q", m.ID, item)
						}
					}
				}
			})
		})
	}
}
