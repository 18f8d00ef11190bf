package webhook_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

const byRecord = "redis does not answer (connection refused), silenced until 2026-11-24 05:26:52 UTC by record"

// silencedAlert is a world in which a silence of an alert has begun.
func silencedAlert(t *testing.T, f func(*world, *recordedAPI)) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("silenced/01")
		peer.answer("silenced/api-01")
		w.after(10 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
		if m := w.bot.Messages(person)[0]; len(m.Edits) != 1 {
			t.Fatalf("%d edits", len(m.Edits))
		}
		f(w, peer)
	})
}

// The silence of an alert that was reported a moment ago is shown too.
func TestASilenceOfANewAlert(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("silenced/01")
		peer.answer("silenced/api-01")
		w.after(35 * time.Second)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
	})
}

// replacing alters the answers of an API that contain a text.
func replacing(old, with string) func(path, body string) (int, string) {
	return func(_, body string) (int, string) { return http.StatusOK, strings.ReplaceAll(body, old, with) }
}

func TestASilenceThatChangesIsShown(t *testing.T) {
	silencedAlert(t, func(w *world, peer *recordedAPI) {
		w.restart()
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person)[0]; len(m.Edits) != 1 {
			t.Fatalf("%d edits after a restart", len(m.Edits))
		}
		peer.altered(replacing("T05:26:52.480Z", "T09:00:00Z"))
		w.after(time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+strings.Replace(byRecord, "05:26:52", "09:00:00", 1)+"] edited")
	})
}

func TestASilenceThatExpiresIsNoLongerShown(t *testing.T) {
	silencedAlert(t, func(w *world, peer *recordedAPI) {
		peer.altered(replacing(`"af3c1b3e-9a25-4b78-893c-e644deaaffd8"`, ""))
		w.after(time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)] edited")
	})
}

// Alertmanager sends no notification of a silenced alert. So one that arrives shows
// that the silence is over.
func TestANotificationEndsASilence(t *testing.T) {
	silencedAlert(t, func(w *world, peer *recordedAPI) {
		peer.answer("")
		w.recorded("silenced/01")
		w.after(5 * time.Second)
		if m := w.bot.Messages(person); strings.Contains(m[0].Text, "silenced") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// While the silences are not known, the rest is compared.
func TestSilencesThatAreNotAnswered(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		fails := func(path, body string) (int, string) {
			if path == "silences" {
				return http.StatusInternalServerError, `"broken"`
			}
			return http.StatusOK, body
		}
		w.recorded("silenced/01")
		peer.altered(fails)
		peer.answer("silenced/api-01")
		w.after(10 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]")
		if n := strings.Count(w.logs.String(), "with Alertmanager failed"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		peer.altered(nil)
		w.after(time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
		peer.altered(fails)
		w.after(time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
		peer.answer("silenced/api-02")
		w.after(2 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.Contains(m[1].Text, "ended while silenced") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// An Alertmanager that was started a moment ago knows its silences.
func TestASilenceAfterARestartOfAlertmanager(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("silenced/01")
		peer.restarted("silenced/api-01", time.Now())
		w.after(2 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
		peer.restarted("silenced/api-02", time.Now()) // it does not know the alert yet
		w.after(4 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: "+byRecord+"] edited")
	})
}

// An alert that flaps and is silenced does not ring while the silence lasts.
func TestASilencedAlertThatFlaps(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		body, err := os.ReadFile("testdata/payloads/silenced/01.json")
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := state.ParsePayload(body)
		if err != nil {
			t.Fatal(err)
		}
		am, start := alertmanager{url: "http://a", priority: "P0"}, time.Now()
		report := func(status string) {
			a := evaluated(recorded.Alerts[0], time.Now())
			if a.Status, a.StartsAt = status, start; status == "resolved" {
				a.EndsAt = time.Now()
			}
			w.post(am.payload(a), api.Loud)
		}
		for range 4 {
			start = time.Now()
			report("firing")
			w.after(10 * time.Second)
			report("resolved")
			w.after(10 * time.Second)
		}
		start = time.Now()
		report("firing")
		w.after(10 * time.Second)
		peer.answer("silenced/api-01")
		n := len(w.bot.Messages(person))
		w.after(20 * time.Minute)
		if m := w.bot.Messages(person); len(m) != n || !strings.Contains(m[6].Text, "(flaps, 5 times in 1m 20s)") || !strings.Contains(m[6].Text, "silenced until") {
			w.dump(person)
			t.Fatalf("%d messages while it is silenced", len(m)-n)
		}
		peer.altered(func(_, body string) (int, string) {
			body = strings.ReplaceAll(body, `"af3c1b3e-9a25-4b78-893c-e644deaaffd8"`, "")
			return http.StatusOK, strings.ReplaceAll(body, `"suppressed"`, `"active"`)
		})
		w.after(2 * time.Minute)
		if m := w.bot.Messages(person); len(m) != n+1 || m[n].Silent || !strings.HasPrefix(m[n].Text, "🚨 P0: Preflight FAIL\n") {
			w.dump(person)
			t.Errorf("%d messages after the silence", len(m)-n)
		}
	})
}
