package webhook_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// many returns alerts of one group. They go only to the history, because a chat
// takes minutes to show them.
func (am alertmanager) many(n int, status string) []byte {
	list := make([]template.Alert, n)
	for i := range list {
		list[i] = am.firing(fmt.Sprint("target", i), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
		if status == "resolved" {
			list[i] = am.resolved(fmt.Sprint("target", i), list[i].StartsAt, time.Now())
		}
	}
	return am.payload(list...)
}

// A notification with many alerts is applied in parts. Others overtake it, unless
// they are of its group or about its alerts.
func TestALargeNotificationDelaysNoOther(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		large := alertmanager{url: "http://a", priority: "P0", key: "large"}
		small := alertmanager{url: "http://a", priority: "P0", key: "small"}
		urgent := alertmanager{url: "http://a", priority: "P0", key: "urgent"}
		start := time.Now()
		post := func(body []byte, sound api.Sound) int64 {
			id, err := w.service.Accept(body, sound, "")
			if err != nil {
				w.t.Fatal(err)
			}
			return id
		}
		first := post(large.many(2501, "firing"), api.None)
		ended := post(large.many(2501, "resolved"), api.None)
		shared := post(small.payload(small.resolved("target2500", start, start.Add(time.Second))), api.None)
		other := post(urgent.payload(urgent.firing("redis", start)), api.Loud)
		if ended != first+11 || shared != ended+11 || other != shared+1 {
			w.t.Errorf("ids %d, %d, %d, %d", first, ended, shared, other)
		}
		synctest.Wait()
		w.after(5 * time.Second)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
		if n := w.metric("preflight_webhook_inbox"); n != 0 {
			w.t.Errorf("%v wait in the inbox", n)
		}
		open := 0
		for _, r := range w.history() {
			if r.EndsAt == nil {
				open++
			}
		}
		if n := len(w.history()); n != 2502 || open != 1 {
			w.t.Errorf("the history has %d alerts, and %d fire", n, open)
		}
		// New rows are numbered as they are applied.
		w.stop()
		w.stop = func() {}
		db := openSpool(w.t, w.config.Spool)
		defer db.Close()
		var before int
		var group string
		if err := db.QueryRow(`SELECT count(*) FROM instances WHERE id < (SELECT id FROM instances WHERE fingerprint = ?)`, small.firing("redis", start).Fingerprint).Scan(&before); err != nil {
			w.t.Fatal(err)
		}
		if before == 2501 {
			w.t.Error("the other notification waited for the large ones")
		}
		if err := db.QueryRow(`SELECT group_key FROM instances WHERE fingerprint = ?`, small.firing("target2500", start).Fingerprint).Scan(&group); err != nil {
			w.t.Fatal(err)
		}
		if group != large.group() {
			w.t.Errorf("a notification about an alert of the large ones came before them: its group is %s", group)
		}
	})
}

// openSpool opens the database of a spool.
func openSpool(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// A part of a notification is one too.
func TestPartsOfANotification(t *testing.T) {
	t.Parallel()
	am := alertmanager{url: "http://a", priority: "P0", key: "large"}
	body := am.many(2500, "firing")
	for _, tt := range []struct {
		largest, atMost, parts int
	}{{2500, 500, 0}, {2499, 500, 5}, {1000, 999, 3}} {
		parts := state.Split(body, tt.largest, tt.atMost)
		if len(parts) != tt.parts {
			t.Errorf("%+v: %d parts", tt, len(parts))
		}
		seen := 0
		for i, part := range parts {
			p, err := state.ParsePayload(part)
			if err != nil || p.Repaired || p.Part != i+1 || p.Parts != len(parts) || p.GroupKey != am.group() || p.ExternalURL != am.url || len(p.Alerts) > tt.atMost {
				t.Errorf("part %d: %v, %+v", i+1, err, p)
			}
			for _, a := range p.Alerts {
				if want := fmt.Sprint("target", seen); a.Labels["target"] != want {
					t.Fatalf("alert %s, want %s", a.Labels["target"], want)
				}
				seen++
			}
		}
		if tt.parts > 0 && seen != 2500 {
			t.Errorf("%d alerts", seen)
		}
	}
	for name, irregular := range map[string]string{
		"list twice": `{"alerts":[{},{},{}],"alerts":[{},{},{}]}`, "more behind": `{"alerts":[{},{},{}]}x`, "no list": `{"alerts":{}}`,
		"cut off": `{"alerts":[{},{},{}]`, "no object": `[{},{},{}]`, "empty": ``,
	} {
		if parts := state.Split([]byte(irregular), 1, 1); parts != nil {
			t.Errorf("%s: %q", name, bytes.Join(parts, []byte(" | ")))
		}
	}
}

// A process that ends while it applies the parts leaves the others in the inbox.
// The next one applies them, and lets other notifications overtake them.
func TestPartsSurviveARestart(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0", key: "large"}
		small := alertmanager{url: "http://a", priority: "P0", key: "small"}
		w.stop()
		parts := state.Split(am.many(5000, "firing"), 2000, 500)
		s, _, err := spool.Open(w.t.Context(), w.config.Spool)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := s.Do(func(tx *spool.Tx) error {
			for i, part := range parts {
				if i < 7 { // which were applied
					continue
				}
				if _, err := tx.AddArrival(time.Now(), state.None, spool.Sender{}, part); err != nil {
					return err
				}
			}
			_, err := tx.AddArrival(time.Now(), state.Loud, spool.Sender{}, small.payload(small.firing("redis", time.Now())))
			return err
		}); err != nil {
			w.t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			w.t.Fatal(err)
		}
		w.start()
		w.after(5 * time.Second)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
		if n := len(w.history()); n != 5000-7*500+1 {
			w.t.Errorf("the history has %d alerts", n)
		}
	})
}

// A client's own numbers of parts mean nothing.
func TestPartsOfAClient(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		r := w.serve("POST", api.AlertsPath, strings.NewReader(changed(`"version":"4"`, `"version":"4","part":7,"parts":2000000000`)))
		if r.Code != http.StatusOK {
			w.t.Fatalf("answered %d", r.Code)
		}
		w.after(time.Second)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
		w.restart()
		am := alertmanager{url: "http://a", priority: "P0", key: "k2"}
		w.post(am.payload(am.firing("postgres", time.Now())), api.Loud)
		w.after(time.Second * 5)
		if n := len(w.bot.Messages(person)); n != 2 {
			w.t.Errorf("%d messages", n)
		}
	})
}

// A notification with many alerts is stored in parts, also if its body is not as
// Alertmanager writes it.
func TestIrregularLargeNotifications(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const alerts, parts = 2501, 11
		for i, change := range []func(body string) string{
			func(body string) string { return "\ufeff" + body },
			func(body string) string { return body + "x" },
			func(body string) string { return strings.Replace(body, `"alerts":`, `"Alerts":`, 1) },
			func(body string) string { return strings.Replace(body, `"alerts":`, `"alerts":[],"alerts":`, 1) },
			func(body string) string { return strings.ReplaceAll(body, `"2026-03-01T09:00:00Z"`, `0`) },
		} {
			am := alertmanager{url: "http://a", priority: fmt.Sprint("P", i), key: fmt.Sprint(i)}
			first, err := w.service.Accept([]byte(change(string(am.many(alerts, "firing")))), api.None, "")
			if err != nil {
				w.t.Fatal(err)
			}
			after := alertmanager{url: "http://a", priority: "P0", key: "after"}
			last, err := w.service.Accept(after.payload(after.firing(fmt.Sprint(i), time.Now())), api.None, "")
			if err != nil || last-first != parts {
				w.t.Errorf("%d: stored in %d parts, %v", i, last-first, err)
			}
			w.after(5 * time.Second)
			if n := len(w.history()); n != (i+1)*(alerts+1) {
				w.t.Errorf("%d: the history has %d alerts", i, n)
			}
		}
	})
}

// A body of millions of empty alerts, or one that would become many times larger
// when it is divided, is reported instead of stored.
func TestABodyThatWouldFillTheSpool(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		begin := `{"version":"4","groupKey":"g","receiver":"tg","status":"firing","alerts":[`
		for name, body := range map[string]string{
			"numbers":      begin + strings.Repeat("7,", 2_100_000) + "7]}",
			"empty alerts": begin + strings.Repeat("{},", 900_000) + "{}]}",
			"irregular":    begin + strings.Repeat("{},", 200_000) + "{}]} and text",
		} {
			if _, err := w.service.Accept([]byte(body), api.Loud, ""); err == nil {
				w.t.Errorf("%s: accepted", name)
			}
		}
		small := alertmanager{url: "http://a", priority: "P0"}
		w.post(small.payload(small.firing("redis", time.Now())), api.Loud)
		w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
	})
}

// Commas and braces in texts make no body too large.
func TestLongTextsAreNoAlerts(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		am := alertmanager{url: "http://a", priority: "P0"}
		var list []template.Alert
		for i := range 20 {
			a := am.firing(fmt.Sprint("target", i), time.Now())
			a.Annotations["summary"] = strings.Repeat(`a{b},\"`, 10_000)
			list = append(list, a)
		}
		for _, mark := range []string{"", "\ufeff"} {
			if _, err := w.service.Accept(append([]byte(mark), am.payload(list...)...), api.Loud, ""); err != nil {
				w.t.Errorf("%q: %v", mark, err)
			}
		}
		w.after(time.Minute)
		if n := len(w.history()); n != 20 {
			w.t.Errorf("the history has %d alerts", n)
		}
	})
}
