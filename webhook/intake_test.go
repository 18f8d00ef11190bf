package webhook_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// serve hands a request to the webhook's HTTP interface.
func (w *world) serve(method, target string, body io.Reader) *httptest.ResponseRecorder {
	w.t.Helper()
	handler := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, MaxBody: 1 << 20, Metrics: http.NotFoundHandler()})
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, target, body))
	return recorder
}

// changed returns a notification of a P0 with a changed text.
func changed(old, replacement string) string {
	am := alertmanager{url: "http://a", priority: "P0", key: "k"}
	body := string(am.payload(am.firing("redis", time.Now())))
	if !strings.Contains(body, old) {
		panic(old + " is not in " + body)
	}
	return strings.ReplaceAll(body, old, replacement)
}

// grafana is a notification of Grafana's contact point "webhook".
const grafana = `{"receiver":"tg","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"Check","priority":"P0","target":"redis"},
"annotations":{"summary":"Database: redis"},"startsAt":"2026-03-01T09:59:00+09:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://g/alerting/x/edit",
"fingerprint":"c6eadffa33fcdf37","silenceURL":"http://g/silence","dashboardURL":"","panelURL":"","values":{"A":1,"B":null},"valueString":"[ var='A' ]"}],
"groupLabels":{"alertname":"Check"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://g/","version":"1","groupKey":"{}:{}","truncatedAlerts":0,
"title":"[FIRING:1]","state":"alerting","message":"m"}`

// Every notification of a P0 is answered 200 and shown, whatever its values are.
func TestAnyNotificationIsDelivered(t *testing.T) {
	t.Parallel()
	starts := `"startsAt":"2026-03-01T10:00:00Z"`
	times := func(text string) func() string {
		return func() string { return changed(starts, `"startsAt":`+text) }
	}
	truncated := func(text string) func() string {
		return func() string { return changed(`"truncatedAlerts":0`, `"truncatedAlerts":`+text) }
	}
	replaced := func(old, replacement string) func() string {
		return func() string { return changed(old, replacement) }
	}
	plain := replaced("redis", "redis")
	bodies := map[string]func() string{
		"as it is":                         plain,
		"truncated as text":                truncated(`"3"`),
		"truncated -1":                     truncated("-1"),
		"truncated 1.5":                    truncated("1.5"),
		"truncated 2^63":                   truncated("9223372036854775808"),
		"truncated 2^64-1":                 truncated("18446744073709551615"),
		"truncated 1e999":                  truncated("1e999"),
		"truncated null":                   truncated("null"),
		"truncated list":                   truncated("[1]"),
		"start empty":                      times(`""`),
		"start odd":                        times(`"soon"`),
		"start null":                       times("null"),
		"start zero":                       times(`"0001-01-01T00:00:00Z"`),
		"start with a leap second":         times(`"2026-03-01T09:59:60Z"`),
		"start with a lower-case z":        times(`"2026-03-01t09:59:00z"`),
		"start without a zone":             times(`"2026-03-01 09:59:00"`),
		"start in seconds":                 times("1772359140"),
		"start in milliseconds":            times("1772359140000"),
		"start in the year 9999":           times(`"9999-12-31T23:59:59-01:00"`),
		"start in the year -1":             times(`"-0001-01-01T00:00:00Z"`),
		"start in 1583":                    times(`"1583-01-01T00:00:00Z"`),
		"end in the year 9999":             replaced(`"endsAt":"0001-01-01T00:00:00Z"`, `"endsAt":"9999-12-31T23:59:59.999999999-23:59"`),
		"end odd":                          replaced(`"endsAt":"0001-01-01T00:00:00Z"`, `"endsAt":{}`),
		"number as an annotation":          replaced(`"title":"Preflight"`, `"title":5`),
		"null as a label":                  replaced(`"env":"paper"`, `"env":null`),
		"list as a label":                  replaced(`"env":"paper"`, `"env":[1,{"a":2}]`),
		"annotations as a list":            replaced(`"annotations":{`, `"annotations":[1],"annotation":{`),
		"version 5":                        replaced(`"version":"4"`, `"version":"5"`),
		"version as a number":              replaced(`"version":"4"`, `"version":4`),
		"no version":                       replaced(`"version":"4",`, ""),
		"no group key":                     replaced(`"groupKey"`, `"group"`),
		"unknown status":                   replaced(`"status":"firing"`, `"status":"suppressed"`),
		"status as a number":               replaced(`"status":"firing"`, `"status":1`),
		"no status":                        replaced(`"status":"firing",`, ""),
		"fingerprint as a number":          replaced(`"fingerprint":"`, `"fingerprint":1,"x":"`),
		"unknown fields":                   replaced(`"version":"4"`, `"version":"4","later":[{}]`),
		"alert twice in the list":          replaced(`"alerts":[`, `"alerts":[null,`),
		"list of alerts twice":             replaced(`"alerts":[`, `"alerts":[],"alerts":[`),
		"byte order mark":                  func() string { return "\uFEFF" + plain() },
		"UTF-16, little endian":            func() string { return utf16Text(binary.LittleEndian, plain()) },
		"UTF-16, big endian":               func() string { return utf16Text(binary.BigEndian, plain()) },
		"gzip":                             func() string { return gzipped(plain()) },
		"an annotation twice":              replaced(`"title":"Preflight"`, `"title":"Preflight","title":"Preflight"`),
		"a label twice":                    replaced(`"env":"paper"`, `"env":"live","env":"paper"`),
		"status twice":                     replaced(`"status":"firing"`, `"status":"resolved","status":"firing"`),
		"spaces around":                    func() string { return "\n\t " + plain() + "\r\n" },
		"more behind":                      func() string { return plain() + "garbage" },
		"two in one":                       func() string { return `{"version":"4"}` + plain() },
		"an object instead of the list":    func() string { return strings.NewReplacer("[{", "{", "}]", "}").Replace(plain()) },
		"Grafana":                          func() string { return grafana },
		"bytes that are no UTF-8":          replaced(`"env":"paper"`, "\"env\":\"\xff\xfe\""),
		"deep":                             replaced(`"version":"4"`, `"version":"4","later":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)),
		"keys of another case":             replaced(`"alerts"`, `"Alerts"`),
		"number that no float can hold":    replaced(`"title":"Preflight"`, `"title":1e99999`),
		"exactly as large as is permitted": func() string { p := plain(); return p + strings.Repeat(" ", 1<<20-len(p)) },
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorldOf(t, "7", spool.InMemory, func(w *world) {
				t := w.t
				text := body()
				for range 3 { // retries make no second message
					if r := w.serve("POST", api.AlertsPath, strings.NewReader(text)); r.Code != 200 {
						t.Fatalf("answered %d %s", r.Code, r.Body)
					}
					w.after(5 * time.Second)
				}
				messages := w.bot.Messages(person)
				if len(messages) != 1 || !strings.Contains(messages[0].Text, "redis") || !strings.HasPrefix(messages[0].Text, "🚨 P0") {
					t.Fatalf("the chat shows %v\n%s", messages, w.logs)
				}
				if n := w.metric("preflight_webhook_inbox"); n != 0 {
					t.Errorf("%v are left in the inbox", n)
				}
				w.serve("POST", api.AlertsPath, bytes.NewReader(alertmanager{url: "http://a", priority: "P0", key: "k2"}.payload(alertmanager{priority: "P0"}.firing("postgres", time.Now()))))
				w.after(5 * time.Second)
				if messages = w.bot.Messages(person); len(messages) != 2 {
					t.Errorf("the next alert is not shown: %v\n%s", messages, w.logs)
				}
			})
		})
	}
}

func utf16Text(order binary.AppendByteOrder, s string) string {
	text := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(s)) {
		text = order.AppendUint16(text, u)
	}
	return string(text)
}

func gzipped(s string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return out.String()
}

// What cannot be read is answered 200 and reported once a minute, with its
// receiver, its alerts and a count.
func TestWhatCannotBeReadIsReported(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"empty":           "",
		"no JSON":         "{secret",
		"cut off":         changed("redis", "redis")[:300],
		"a list":          `[{"alertname":"Check"}]`,
		"a text":          `"hello"`,
		"a number":        "1",
		"null":            "null",
		"no alerts":       `{"version":"4","receiver":"tg","status":"firing","groupKey":"k","alerts":[]}`,
		"another program": `{"text":"hello"}`,
		"a form":          "payload=%7B%7D",
		"too deep":        strings.Repeat("[", 100_000),
		"too large":       changed(`"version":"4"`, `"x":"`+strings.Repeat("x", 1<<20)+`","version":"4"`),
		"broken gzip":     gzipped(changed("redis", "redis"))[:60],
		"gzip too large":  gzipped(strings.Repeat(" ", 10<<20)),
		"NUL":             "\x00\x00\x00",
		"NaN":             changed(`"truncatedAlerts":0`, `"truncatedAlerts":NaN`),
		"Infinity":        changed(`"title":"Preflight"`, `"title":-Infinity`),
		"too deep inside": changed(`"version":"4"`, `"version":"4","later":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)),
		"broken deflate":  "x\x9c\x00\x01",
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorldOf(t, "7", spool.InMemory, func(w *world) {
				t := w.t
				for range 10 {
					if r := w.serve("POST", api.AlertsPath, strings.NewReader(body)); r.Code != 200 {
						t.Fatalf("answered %d %s", r.Code, r.Body)
					}
				}
				w.after(5 * time.Minute)
				var counted []string
				for _, m := range w.bot.Messages(person) {
					if !strings.HasPrefix(m.Text, "🚨 P0: A notification could not be read\n") || len(m.Edits) > 0 || m.Silent {
						t.Errorf("the chat shows %v", m)
					}
					counted = append(counted, outline(m))
				}
				want := []string{"1 🚨 P0: A notification could not be read [", "2 🚨 P0: A notification could not be read ["}
				if len(counted) < 1 || len(counted) > 2 || !strings.HasPrefix(counted[0], want[0]) {
					t.Fatalf("the chat shows %q\n%s", counted, w.logs)
				}
				if n := w.metric("preflight_webhook_items_set_aside_total", api.AsideNotification); n != 10 {
					t.Errorf("counted %v", n)
				}
				if strings.Contains(w.logs.String(), "secret") {
					t.Errorf("the log quotes the body: %s", w.logs)
				}
			})
		})
	}
}

func TestTheReportNamesReceiverAndAlerts(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.serve("POST", api.AlertsPath, strings.NewReader(changed(`"receiver":"telegram"`, `"receiver":"tg"`)[:400]))
		w.after(2 * time.Second)
		w.expect(person, "1 🚨 P0: A notification could not be read [1 notification could not be read; receiver tg; alerts Check; path /api/v1/alerts]")
		for range 30 {
			w.serve("POST", api.AlertsPath, strings.NewReader("{"))
			w.after(time.Second)
		}
		w.after(time.Minute)
		m := w.bot.Messages(person)
		if len(m) != 2 || !strings.Contains(m[1].Text, "30 notifications could not be read") {
			w.t.Fatalf("the chat shows %v", m)
		}
	})
}

// When the memory for bodies is used up, Alertmanager is to try again. Small
// notifications are accepted all the same.
func TestTooManyBodiesAre503(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		server := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, MaxBody: 1 << 20, Metrics: http.NotFoundHandler()})
		post := func(body io.Reader) int {
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, httptest.NewRequest("POST", api.AlertsPath, body))
			return recorder.Code
		}
		var open []*io.PipeWriter
		var overloaded atomic.Int32
		for range 40 {
			r, writer := io.Pipe() // of unknown length
			open = append(open, writer)
			go func() {
				if post(r) == 503 {
					overloaded.Add(1)
				}
			}()
			go func() { _, _ = writer.Write(make([]byte, 900_000)) }()
			synctest.Wait()
		}
		refused := int(overloaded.Load())
		if refused < 36 || refused == 40 {
			w.t.Errorf("refused %d of 40 bodies that are not complete", refused)
		}
		body := changed("redis", "redis")
		large := body + strings.Repeat(" ", 900_000)
		for _, tt := range []struct {
			name, body string
			status     int
		}{{"small", body, 200}, {"large", large, 503}, {"unpacked", gzipped(large), 503}} {
			if status := post(strings.NewReader(tt.body)); status != tt.status {
				w.t.Errorf("%s: answered %d", tt.name, status)
			}
		}
		if n := w.metric("preflight_webhook_notifications_received_total", api.Overloaded); int(n) != refused+2 {
			w.t.Errorf("counted %v of %d", n, refused+2)
		}
		for _, writer := range open {
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
		}
		synctest.Wait()
		for _, text := range []string{large, gzipped(large), large} {
			if status := post(strings.NewReader(text)); status != 200 {
				w.t.Errorf("answered %d", status)
			}
		}
	})
}

// A repaired notification is stored as one of Alertmanager, so that an earlier
// version can read it. A notification that needs no repair is stored as it came.
func TestStoredNotifications(t *testing.T) {
	t.Parallel()
	server, service, path := newServer(t, "")
	body := changed(`"truncatedAlerts":0`, `"truncatedAlerts":"3"`)
	plain := changed("redis", "redis")
	for _, text := range []string{"\uFEFF" + body, plain} {
		if status, _ := request(t, "POST", server.URL+api.AlertsPath, "", []byte(text)); status != 200 {
			t.Fatalf("answered %d", status)
		}
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var first, second []byte
	if err := db.QueryRowContext(t.Context(), "SELECT (SELECT body FROM inbox WHERE id = 1), (SELECT body FROM inbox WHERE id = 2)").Scan(&first, &second); err != nil {
		t.Fatal(err)
	}
	var strict struct {
		Version         string `json:"version"`
		TruncatedAlerts uint64 `json:"truncatedAlerts"`
	}
	if err := json.Unmarshal(first, &strict); err != nil || strict.Version != "4" || strict.TruncatedAlerts != 3 {
		t.Errorf("stored %s, %v", first, err)
	}
	if string(second) != plain {
		t.Errorf("stored %s", second)
	}
}

// A body that is compressed by deflate, with its frame or without it, is read.
func TestDeflatedNotificationsAreDelivered(t *testing.T) {
	for name, compress := range map[string]func(io.Writer) io.WriteCloser{
		"zlib": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"raw": func(w io.Writer) io.WriteCloser {
			z, err := flate.NewWriter(w, flate.BestSpeed)
			if err != nil {
				panic(err)
			}
			return z
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				var body bytes.Buffer
				z := compress(&body)
				if _, err := io.WriteString(z, changed("redis", "redis")); err != nil {
					t.Fatal(err)
				}
				if err := z.Close(); err != nil {
					t.Fatal(err)
				}
				handler := w.service.Handler(webhook.HandlerOptions{Tokens: func() []string { return nil }, Metrics: http.NotFoundHandler()})
				r := httptest.NewRequest("POST", api.AlertsPath, &body)
				r.Header.Set("Content-Encoding", "Deflate")
				recorder := httptest.NewRecorder()
				if handler.ServeHTTP(recorder, r); recorder.Code != 200 {
					t.Fatalf("answered %d", recorder.Code)
				}
				w.after(2 * time.Second)
				w.expect(person, "1 🚨 P0: Preflight [Database: redis]")
			})
		})
	}
}
