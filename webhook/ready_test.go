package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// The answer of /-/ready holds for a second, because each test of the spool waits
// for the disk as a notification does. A write that fails ends it.
func TestReadyHoldsForASecond(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		ready := func(want int) {
			w.t.Helper()
			if r := w.serve("GET", "/-/ready", http.NoBody); r.Code != want {
				w.t.Errorf("answered %d, want %d", r.Code, want)
			}
		}
		set := func(trouble bool) { readOnlyDisk.set(w.t, w.config.Spool, trouble) }
		ready(200)
		set(true)
		w.after(900 * time.Millisecond)
		ready(200)
		w.after(100 * time.Millisecond)
		ready(503)
		set(false)
		w.after(900 * time.Millisecond)
		ready(503)
		w.after(100 * time.Millisecond)
		ready(200)

		set(true)
		if r := w.serve("POST", api.AlertsPath, strings.NewReader(changed("redis", "redis"))); r.Code != 503 {
			w.t.Fatalf("a notification was answered %d", r.Code)
		}
		ready(503)
		set(false)
	})
}
