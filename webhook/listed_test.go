package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

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
