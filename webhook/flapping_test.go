package webhook_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// episode fires and resolves an alert.
func (w *world) episode(am alertmanager, target string, fires, rests time.Duration) {
	w.t.Helper()
	start := time.Now()
	w.post(am.payload(am.firing(target, start)), sounds[am.priority])
	w.after(fires)
	w.post(am.payload(am.resolved(target, start, time.Now())), sounds[am.priority])
	w.after(rests)
}

func TestAnAlertThatFlapsIsOneMessage(t *testing.T) {
	for _, priority := range []string{"P0", "P1"} {
		t.Run(priority, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: priority}
				for range 10 {
					w.episode(am, "redis", 2*time.Second, 2*time.Second)
				}
				w.after(20 * time.Minute)
				w.dump(person)
				t.Log(len(w.bot.Calls()))
			})
		})
	}
}

var _ api.Sound
