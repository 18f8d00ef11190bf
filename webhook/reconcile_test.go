package webhook_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// recordedAPI answers as the Alertmanager that was recorded did, in fake time.
type recordedAPI struct {
	t *testing.T

	mu    sync.Mutex
	since time.Time // it runs
	dir   string    // of testdata; empty for one that does not answer
	alter func(path, body string) (status int, altered string)
}

// altered makes it answer otherwise than recorded.
func (a *recordedAPI) altered(alter func(path, body string) (status int, altered string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alter = alter
}

// answer makes it answer as recorded in that folder of testdata.
func (a *recordedAPI) answer(dir string) { a.restarted(dir, a.since) }

// restarted makes it answer so, running since then.
func (a *recordedAPI) restarted(dir string, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dir, a.since = dir, since
}

var uptime = regexp.MustCompile(`"uptime": "[^"]*"`)

func (a *recordedAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", "application/json")
	user, password, _ := r.BasicAuth()
	path, known := strings.CutPrefix(r.URL.Path, "/am/api/v2/")
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dir == "" || !known || user != "u" || password != "SECRET" {
		recorder.WriteHeader(http.StatusServiceUnavailable)
		return recorder.Result(), nil
	}
	body, err := os.ReadFile(filepath.Join("testdata", "payloads", a.dir+"-"+path+".json"))
	if err != nil {
		a.t.Error(err)
	}
	text := uptime.ReplaceAllString(string(body), `"uptime": "`+a.since.UTC().Format(time.RFC3339)+`"`)
	if a.alter != nil {
		var status int
		status, text = a.alter(path, text)
		recorder.WriteHeader(status)
	}
	recorder.WriteString(text)
	return recorder.Result(), nil
}

// reconciled is a world whose webhook asks a recorded Alertmanager.
func reconciled(t *testing.T, f func(*world, *recordedAPI)) {
	inWorld(t, "7", func(w *world) {
		peer := &recordedAPI{t: t, since: time.Now().Add(-time.Hour)}
		am, err := webhook.NewAlertmanager("http://u:SECRET@am.test/am", &http.Client{Transport: peer})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Alertmanagers = []*webhook.Alertmanager{am}
		w.restart()
		f(w, peer)
		if strings.Contains(w.logs.String(), "SECRET") {
			t.Errorf("the log shows the password:\n%s", w.logs)
		}
	})
}

func TestWhatEndsWhileSuppressedIsClosed(t *testing.T) {
	for dir, want := range map[string]string{"silenced": "ended while silenced", "inhibited": "ended while inhibited"} {
		t.Run(dir, func(t *testing.T) {
			reconciled(t, func(w *world, peer *recordedAPI) {
				w.recorded(dir + "/01")
				peer.answer(dir + "/api-01")
				w.after(30 * time.Minute)
				edits := 0 // a silence is shown
				if dir == "silenced" {
					edits = 1
				}
				if m := w.bot.Messages(person); len(m) != 1 || len(m[0].Edits) != edits {
					t.Fatalf("suppressed and still firing, the chat shows %v", m)
				}
				w.restart()
				peer.answer(dir + "/api-02")
				w.after(2 * time.Minute)
				m := w.bot.Messages(person)
				if len(m) != 2 || len(m[0].Edits) != edits+1 || m[1].ReplyTo != 1 || !m[1].Silent || !strings.Contains(m[1].Text, want) {
					t.Fatalf("the chat shows %v", m)
				}
			})
		})
	}
}

func TestWhatAlertmanagerForgotIsClosedLate(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("single/01") // unknown to the API that answers
		peer.answer("silenced/api-02")
		w.after(50 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 1 {
			t.Fatalf("its resolution may be on the way, the chat shows %v", m)
		}
		w.after(15 * time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 2 || !strings.Contains(m[1].Text, "Alertmanager no longer knows it") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// redis was in the list of the alerts, and ends when max_alerts leaves it out.
func TestWhatMaxAlertsLeavesOutIsClosed(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		const first = "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]"
		const second = "2 🚨 P0: Preflight FAIL [Database: postgres does not answer (connection refused); Database: redis does not answer (connection refused)]"
		w.recorded("leftout/01")
		w.after(10 * time.Second)
		w.recorded("leftout/02")
		peer.answer("leftout/api-01")
		w.after(10 * time.Minute)
		w.expect(person, first, second)
		w.recorded("leftout/03")
		peer.answer("leftout/api-02")
		w.after(4 * time.Minute)
		w.expect(person, first, second)
		w.after(4 * time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 3 || !m[2].Silent || !strings.Contains(m[2].Text, "redis does not answer (connection refused), ended, Alertmanager no longer knows it") {
			t.Fatalf("the chat shows %v", m)
		}
		peer.answer("unresolved/api-02")
		w.recorded("leftout/04")
		w.after(time.Minute)
		if m = w.bot.Messages(person); len(m) != 4 || !m[3].Silent || !strings.HasPrefix(m[0].Text, "✅") || !strings.HasPrefix(m[1].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// With send_resolved: false no resolution arrives.
func TestWhatSendsNoResolutionIsClosed(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("unresolved/01")
		peer.answer("unresolved/api-01")
		w.after(2 * time.Hour)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]")
		peer.answer("unresolved/api-02")
		w.after(50 * time.Minute)
		w.expect(person, "1 🚨 P0: Preflight FAIL [Database: redis does not answer (connection refused)]")
		w.after(15 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !m[1].Silent || !strings.HasPrefix(m[0].Text, "✅") || !strings.Contains(m[1].Text, "Alertmanager no longer knows it") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// The Alertmanager of another cluster does not answer.
func TestAnAlertmanagerDecidesOnItsClusterOnly(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.config.Alertmanagers = nil
		for _, c := range []struct {
			name string
			http http.RoundTripper
		}{{"seoul", &recordedAPI{t: t}}, {"tokyo", peer}} {
			am, err := webhook.NewAlertmanager(c.name+"=http://u:SECRET@am.test/am", &http.Client{Transport: c.http})
			if err != nil {
				t.Fatal(err)
			}
			w.config.Alertmanagers = append(w.config.Alertmanagers, am)
		}
		w.restart()
		body, err := os.ReadFile("testdata/payloads/silenced/01.json")
		if err != nil {
			t.Fatal(err)
		}
		w.from("seoul", body)
		w.after(2 * time.Second)
		w.from("tokyo", body)
		peer.answer("silenced/api-01")
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 {
			t.Fatalf("the chat shows %v", m)
		}
		peer.answer("silenced/api-02")
		w.after(10 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 3 || m[2].ReplyTo != 2 || strings.HasPrefix(m[0].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// If an Alertmanager does not answer, or has just been started, the webhook
// closes no alert.
func TestAnAlertmanagerThatKnowsNothingYetClosesNothing(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("silenced/01")
		peer.answer("silenced/api-01")
		w.after(10 * time.Minute)
		peer.answer("")
		w.after(10 * time.Minute)
		peer.restarted("silenced/api-02", time.Now())
		w.after(4 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 1 {
			t.Fatalf("the chat shows %v", m)
		}
		w.after(2 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 {
			t.Fatalf("the chat shows %v", m)
		}
		if n := strings.Count(w.logs.String(), "with Alertmanager failed"); n != 1 {
			t.Errorf("the outage is logged %d times", n)
		}
	})
}

// One Alertmanager of a pair sends an end, and the other has not got it yet. The
// pair sends no second one.
func TestAPeerThatGetsAnEndLater(t *testing.T) {
	for _, later := range []time.Duration{500 * time.Millisecond, 10 * time.Second, 40 * time.Second} {
		t.Run(later.String(), func(t *testing.T) {
			reconciled(t, func(w *world, peer *recordedAPI) {
				w.recorded("silenced/01")
				peer.answer("silenced/api-01")
				w.after(10 * time.Second)
				body, err := os.ReadFile("testdata/payloads/silenced/01.json")
				if err != nil {
					t.Fatal(err)
				}
				ended := strings.ReplaceAll(string(body), `"status": "firing"`, `"status": "resolved"`)
				ended = endless.ReplaceAllString(ended, `"endsAt": "2026-11-24T04:27:30Z"`)
				w.post([]byte(ended), api.Loud)
				w.after(later)
				peer.answer("silenced/api-02")
				w.after(40 * time.Second)
				if m := w.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
					t.Errorf("the chat shows %v\n%s", m, w.logs)
				}
			})
		})
	}
}

var endless = regexp.MustCompile(`"endsAt":\s*"[^"]*"`)

func TestAddressesOfAlertmanagers(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "am:9093", "ftp://am", "http://u:SECRET@am:x", "http://"} {
		_, err := webhook.NewAlertmanager(address, nil)
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
