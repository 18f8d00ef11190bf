package webhook_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// Alertmanager tries again after a 5xx only.
func TestADiskThatCannotBeWrittenIs503(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]disk{"full": fullDisk, "read-only": readOnlyDisk} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _, spool := newServer(t, "")
			recorded, err := os.ReadFile("testdata/payloads/single/01.json")
			if err != nil {
				t.Fatal(err)
			}
			trouble.set(t, spool, true)
			// A page may have room for a while.
			large := []byte(strings.Replace(string(recorded), "redis does", strings.Repeat("x", 50_000), 1))
			if status, text := request(t, "POST", server.URL+api.AlertsPath, "", large); status != 503 || !strings.Contains(text, "try again") {
				t.Errorf("answered %d %s", status, text)
			}
			if _, text := request(t, "GET", server.URL+"/metrics", "", nil); !strings.Contains(text, "preflight_webhook_spool_writable 0\n") {
				t.Error("the metric says that the spool can be written")
			}
			trouble.set(t, spool, false)
			if status, _ := request(t, "GET", server.URL+"/-/ready", "", nil); status != 200 {
				t.Errorf("ready answered %d", status)
			}
			if status, _ := request(t, "POST", server.URL+api.AlertsPath, "", large); status != 200 {
				t.Errorf("answered %d", status)
			}
			if _, text := request(t, "GET", server.URL+"/metrics", "", nil); !strings.Contains(text, "preflight_webhook_spool_writable 1\n") {
				t.Error("the metric says that the spool can't be written")
			}
		})
	}
}

// A full disk neither repeats what was sent nor loses what was accepted.
func TestADiskThatFillsDuringDelivery(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		w.bot.Inject(fakebot.Fault{Delay: time.Second})
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.disk(readOnlyDisk, true)
		w.after(10 * time.Minute)
		w.disk(readOnlyDisk, false)
		w.after(time.Minute)
		w.post(am.payload(am.resolved("redis", time.Now().Add(-11*time.Minute), time.Now())), api.Loud)
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || m[1].ReplyTo != 1 {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

// What was stored before the clock was set back stops nothing.
func TestAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	spool := filepath.Join(t.TempDir(), "spool.db")
	am := alertmanager{url: "http://a", priority: "P0"}
	session := func(day int, f func(*world)) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 3, day, 10, 0, 0, 0, time.UTC)))
			w := newWorld(t, "7", spool)
			w.config.HeartbeatTimeout = 10 * time.Minute
			w.start()
			defer func() { w.stop() }()
			f(w)
		})
	}
	var first time.Time
	session(20, func(w *world) {
		if err := w.service.Heartbeat(webhook.Heartbeat{}); err != nil {
			t.Fatal(err)
		}
		first = time.Now()
		w.post(am.payload(am.firing("first", first)), api.Loud)
		w.after(5 * time.Second)
		w.bot.Inject(fakebot.Fault{RetryAfter: 600})
		am.key = "another"
		w.post(am.payload(am.firing("second", time.Now())), api.Loud)
		w.after(5 * time.Second)
	})
	session(10, func(w *world) {
		am.key = "third"
		w.post(am.payload(am.firing("third", time.Now())), api.Loud)
		w.after(5 * time.Second)
		want := []string{"1 🚨 P0: Preflight [Database: second]", "2 🚨 P0: Preflight [Database: third]"}
		w.expect(person, want...)
		w.post(am.payload(am.firing("third", time.Now().Add(-5*time.Second))), api.Loud) // a retry
		am.key = ""
		w.post(am.payload(am.firing("first", first)), api.Loud) // a reminder
		w.after(5 * time.Second)
		want = append(want, "3 🚨 P0: Preflight (still firing after 0s) [Database: first]")
		w.expect(person, want...)
		w.after(15 * time.Minute)
		if m := w.bot.Messages(person); len(m) != 4 || !strings.Contains(m[3].Text, "Alerting is blind") {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// A thousand notifications of fifty groups make fifty messages, as fast as
// Telegram accepts them.
func TestABacklogIsCoalesced(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const notifications, groups = 1000, 50
		w.bot.Inject(fakebot.Fault{RetryAfter: 3600})
		start := time.Now()
		for i := range notifications {
			am := alertmanager{url: "http://a", priority: "P1", key: fmt.Sprint(i % groups)}
			w.post(am.payload(am.firing(fmt.Sprint(i), start)), api.Silent)
			w.after(time.Millisecond)
		}
		if got := w.metric("preflight_webhook_backlog", "7"); got != notifications-1 && got != notifications {
			t.Errorf("a backlog of %v", got)
		}
		w.after(2 * time.Hour)
		var first, last time.Time
		for _, c := range w.bot.Calls() {
			if c.Status == http.StatusOK {
				if first.IsZero() {
					first = c.At
				}
				last = c.At
			} else if c.At.After(start.Add(time.Second)) {
				t.Errorf("refused: %+v", c)
			}
		}
		messages := w.bot.Messages(person)
		if want := time.Duration(len(messages)-1) * time.Second; last.Sub(first) != want {
			t.Errorf("%d messages took %s", len(messages), last.Sub(first))
		}
		if len(messages) != groups {
			t.Errorf("%d messages", len(messages))
		}
		if got := w.metric("preflight_webhook_backlog", "7"); got != 0 {
			t.Errorf("a backlog of %v is left", got)
		}
	})
}

func TestSecretsAreInNoLogAndNoSpool(t *testing.T) {
	inWorld(t, "7,8", func(w *world) {
		faults := []fakebot.Fault{
			{Drop: true}, {Status: 500, Body: "/bot" + token}, {Status: 400, Body: "{"}, {Status: 401, Body: `{"ok":false,"error_code":401,"description":"Unauthorized"}`},
			{Half: true}, {Delay: time.Minute}, {RetryAfter: 3}, {Status: 302, Body: ""},
		}
		w.bot.Inject(faults...)
		am := alertmanager{url: "http://a", priority: "P0"}
		w.post(am.payload(am.firing("redis", time.Now())), api.Loud)
		w.after(time.Hour)
		if len(w.bot.Messages(person)) == 0 || len(w.bot.Messages(another)) == 0 {
			t.Fatal("nothing arrived")
		}
		w.stop()
		files, err := filepath.Glob(w.config.Spool + "*")
		if err != nil || len(files) == 0 {
			t.Fatal("no spool", err)
		}
		texts := map[string]string{"log": w.logs.String()}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts[f] = string(data)
		}
		for name, text := range texts {
			if strings.Contains(text, "secret-token") {
				t.Errorf("the token is in %s", name)
			}
		}
		if !strings.Contains(texts["log"], "not delivered: trying again") {
			t.Error("the log does not contain the failures")
		}
		w.start()
		w.bot = fakebot.New(token, fakebot.Telegram()) // its refusal was injected
	})
}
