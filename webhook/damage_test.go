package webhook_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// used is the path of a spool with alerts that fire, that are resolved, that flap,
// and that the chat does not show yet, of a webhook that was stopped.
func used(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spool.db")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)))
		w := newWorld(t, "7", path)
		w.config.HeartbeatTimeout = 150 * time.Second
		w.start()
		defer func() { w.stop() }()
		w.serve("POST", api.WatchdogPath, bytes.NewReader(alertmanager{}.payload(alertmanager{}.firing("w", time.Now()))))
		start := time.Now()
		for i := range 20 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprint("old", i/4)}
			w.post(am.payload(am.firing(fmt.Sprint("old", i), start)), api.Loud)
			w.after(2 * time.Second)
			if i%3 == 0 {
				w.post(am.payload(am.resolved(fmt.Sprint("old", i), start, time.Now())), api.Loud)
			}
		}
		for range 5 {
			w.episode(alertmanager{url: "http://a", priority: "P0", key: "flaps"}, "flaps", 5*time.Second, 5*time.Second)
		}
		w.after(time.Minute)
		w.bot.Block(person, true)
		am := alertmanager{url: "http://a", priority: "P0", key: "blocked"}
		w.post(am.payload(am.firing("unshown", start)), api.Loud)
		w.after(time.Second)
		w.stop()
		w.start() // it checkpoints
	})
	return path
}

// copied returns a copy of a spool.
func copied(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "spool.db")
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// continues starts a webhook on a spool, and posts a P0. The P0 is in the chat
// within ten seconds, or answered 503.
func continues(t *testing.T, path string, during func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)))
		w := newWorld(t, "7", path)
		w.config.HeartbeatTimeout = 150 * time.Second
		w.start()
		defer func() { w.stop() }()
		w.after(time.Minute) // the alert that was not shown, and notes
		for i := range 3 {
			during(w)
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprint("old", i)}
			target := fmt.Sprint("new", i)
			answer := w.serve("POST", api.AlertsPath, bytes.NewReader(am.payload(am.firing(target, time.Now()))))
			w.after(10 * time.Second)
			shown := 0
			for _, m := range w.bot.Messages(person) {
				if strings.Contains(m.Text, target) {
					shown++
				}
			}
			if answer.Code != 503 && (answer.Code != 200 || shown == 0) || shown > 2 {
				t.Errorf("%s: answered %d %s, in %d messages\n%s", target, answer.Code, answer.Body, shown, w.logs)
			}
			w.after(time.Minute)
		}
		if n := len(w.bot.Messages(person)); n > 20 {
			t.Errorf("the chat got %d messages\n%s", n, w.logs)
		}
	})
}

// A row that cannot be read or applied never blocks the others.
func TestPoisonItems(t *testing.T) {
	t.Parallel()
	path := used(t)
	arrival := func(body string) string {
		return `INSERT INTO inbox (received_at, notify, body) VALUES (1, 2, '` + body + `')`
	}
	for name, statement := range map[string]string{
		"none":                                `SELECT 1`,
		"inbox: 2^63 truncated":               arrival(`{"version":"4","groupKey":"k","status":"firing","truncatedAlerts":9223372036854775808,"alerts":[{"status":"firing","labels":{"alertname":"A"}}]}`),
		"inbox: a later version":              arrival(`{"version":"9","later":true}`),
		"inbox: no JSON":                      arrival(`{`),
		"inbox: a text as time":               `INSERT INTO inbox (received_at, notify, body) VALUES ('x', 2, '{}')`,
		"inbox: a text as sound":              `INSERT INTO inbox (received_at, notify, body) VALUES (1, 'x', '{}')`,
		"inbox: another sound":                `INSERT INTO inbox (received_at, notify, body) VALUES (1, 99, '{"alerts":[{"labels":{"alertname":"A"}}]}')`,
		"instances: no JSON":                  `UPDATE instances SET alert = '{'`,
		"instances: one without JSON":         `UPDATE instances SET alert = 'x' WHERE id = 2`,
		"instances: binary":                   `UPDATE instances SET alert = x'ff00fe'`,
		"instances: odd time in it":           `UPDATE instances SET alert = replace(alert, '2026', '20x6')`,
		"instances: held":                     `UPDATE instances SET held = '{'`,
		"instances: a text as rank":           `UPDATE instances SET rank = 'x'`,
		"instances: another sound":            `UPDATE instances SET notify = 99`,
		"instances: a text as times":          `UPDATE instances SET received_at = 'x', first_at = 'y', starts_at = 'z', resolved_at = 'q'`,
		"instances: year 9999":                `UPDATE instances SET alert = replace(alert, '2026-03-01T10:00:00Z', '9999-12-31T23:59:59-01:00')`,
		"groups":                              `UPDATE groups SET told_at = 'x', truncated = 'y'`,
		"views":                               `UPDATE views SET shown = 'x', first_message = 'y', last_message = 'z'`,
		"views: all pending":                  `UPDATE views SET pending = 1, shown = 0 WHERE instance < 4`,
		"messages: queued":                    `UPDATE messages SET state = 'queued', content = 'x', instances = '{'`,
		"messages: sending":                   `UPDATE messages SET state = 'sending', batch = 'x', part = 'y'`,
		"messages: edit":                      `UPDATE messages SET edit = 1, telegram_id = 'x'`,
		"messages: instances":                 `UPDATE messages SET instances = 'x'`,
		"messages: instances, edit":           `UPDATE messages SET instances = '[{"id":"x"}]', edit = 1`,
		"chats":                               `UPDATE chats SET calls = 'x'`,
		"chats: wait":                         `UPDATE chats SET not_before = 9000000000000000000`,
		"chats: a text as wait":               `UPDATE chats SET not_before = 'x'`,
		"chats: calls in the future":          `UPDATE chats SET calls = '[9000000000000000000]'`,
		"chats: another key":                  `UPDATE chats SET key = '8'`,
		"facts":                               `UPDATE facts SET value = 'x'`,
		"facts: the future":                   `UPDATE facts SET value = 9000000000000000000`,
		"reminders":                           `INSERT INTO reminders (chat, group_key, notification, received_at, notify) VALUES ('7', 'old0{}:{priority="P0"}', 1, 'x', 'y')`,
		"reminders: another sound":            `INSERT INTO reminders (chat, group_key, notification, received_at, notify) SELECT '7', key, 1, 1, 99 FROM groups`,
		"reminders: a binary group":           `INSERT INTO reminders (chat, group_key, notification, received_at, notify) SELECT '7', x'fffe00', 1, 1, 2 FROM groups LIMIT 1`,
		"instances: odd times of a new start": `UPDATE instances SET refire_at = 'x'`,
		"instances: the greatest id":          `PRAGMA foreign_keys = 0; UPDATE instances SET id = 9223372036854775807 WHERE id = 1`,
		"messages: the greatest id":           `UPDATE messages SET id = 9223372036854775807 WHERE id = 1`,
		"sequences: the greatest":             `UPDATE sqlite_sequence SET seq = 9223372036854775807`,
		"sequences: a text":                   `UPDATE sqlite_sequence SET seq = '99999999999999999999'`,
		"chats: no key":                       `UPDATE chats SET key = NULL`,
		"chats: odd new id":                   `UPDATE chats SET migrated_to = 'x'`,
		"set aside: odd number":               `INSERT INTO set_aside (at, kind, reason, path, receiver, alerts, body, items) VALUES (1, 'inbox', 'r', '', '', 'x', 'y', 'z')`,
		"history queue":                       `UPDATE outbox SET change = 'x'`,
		"journal":                             `INSERT INTO journal (at, kind, body) VALUES ('x', 'y', 'z')`,
		"replica":                             `DELETE FROM replica`,
		"set aside":                           `INSERT INTO set_aside (at, kind, reason, path, receiver, alerts, body) VALUES (1, 'odd', 'r', '', '', 'x', 'y')`,
		"chats: no supergroup as new id":      `UPDATE chats SET migrated_to = '1'`,
		"instances: an empty blob as held":    `UPDATE instances SET held = x''`,
		"flaps: a text as time":               `UPDATE flaps SET due_at = 'x'`,
		"flaps: the time of all":              `UPDATE flaps SET due_at = 9e999`,
		"flaps: a text as message":            `UPDATE flaps SET message = 'x'`,
		"flaps: not shown, with odd episodes": `UPDATE flaps SET message = 0, first = 'x', instance = 'y'`,
		"flaps: odd state":                    `UPDATE flaps SET over = 7`,
		"flaps: odd rank and views":           `UPDATE instances SET rank = 'x', first_at = 'y' WHERE id IN (SELECT instance FROM flaps); UPDATE views SET shown = 'x' WHERE flap = 1`,
		"migrations":                          `UPDATE goose_db_version SET version_id = 'x'`,
		"migrations of later":                 `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`,
		"a table is missing":                  `DROP TABLE views`,
		"an index is missing":                 `DROP INDEX instances_firing`,
		"a column is missing":                 `ALTER TABLE chats DROP COLUMN dead`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := copied(t, path)
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			continues(t, path, func(*world) {})
		})
	}
}

// Any byte of the spool can change, while the webhook is stopped and while it
// runs.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	path := used(t)
	flip := func(t *testing.T, path string, random *rand.Rand) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if os.IsNotExist(err) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil || info.Size() == 0 {
			return
		}
		var b [1]byte
		at := random.Int64N(info.Size())
		if _, err := f.ReadAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 1 << random.IntN(8)
		if _, err := f.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("stopped/", seed), func(t *testing.T) {
			t.Parallel()
			path, random := copied(t, path), rand.New(rand.NewPCG(seed, 1))
			for range 1 + seed%20 {
				flip(t, path, random)
			}
			continues(t, path, func(*world) {})
		})
		if seed%2 == 0 {
			continue
		}
		t.Run(fmt.Sprint("running/", seed), func(t *testing.T) {
			t.Parallel()
			path, random := copied(t, path), rand.New(rand.NewPCG(seed, 2))
			suffix := []string{"", "-wal", "-shm"}[seed%3]
			continues(t, path, func(*world) { flip(t, path+suffix, random) })
		})
	}
}

// What was accepted survives the deletion and the replacement of the files
// while the webhook runs.
func TestFilesThatAreDeletedOrReplaced(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"deleted":           os.Remove,
		"log deleted":       func(path string) error { return os.Remove(path + "-wal") },
		"all deleted":       func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"renamed":           func(path string) error { return os.Rename(path, path+".old") },
		"replaced by a few": func(path string) error { return replaceFile(path, "no database") },
		"replaced by none":  func(path string) error { return replaceFile(path, "") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "7", func(w *world) {
				am := alertmanager{url: "http://a", priority: "P0"}
				w.bot.Block(person, true)
				w.post(am.payload(am.firing("before", time.Now())), api.Loud)
				if err := change(w.config.Spool); err != nil {
					t.Fatal(err)
				}
				am.key = "2"
				if r := w.serve("POST", api.AlertsPath, bytes.NewReader(am.payload(am.firing("after", time.Now())))); r.Code != 200 {
					t.Fatalf("answered %d\n%s", r.Code, w.logs)
				}
				w.restart()
				w.bot.Block(person, false)
				w.after(3 * time.Minute)
				text := ""
				for _, m := range w.bot.Messages(person) {
					text += m.Text
				}
				for _, part := range []string{"Database: before", "Database: after", "deleted or replaced"} {
					if strings.Count(text, part) != 1 {
						t.Errorf("%q is %d times in %s\n%s", part, strings.Count(text, part), text, w.logs)
					}
				}
			})
		})
	}
}

func replaceFile(path, content string) error {
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Alerts can be confidential.
func TestTheFilesOfTheSpoolArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spool.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil { // of an earlier version
		t.Fatal(err)
	}
	s, _, err := spool.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
}

// The id of a waiting notification can be damaged too.
func TestANegativeIDInTheInbox(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.stop()
		am := alertmanager{url: "http://a", priority: "P0", key: "k"}
		db := openSpool(w.t, w.config.Spool)
		for id, target := range map[int]string{-7: "redis", 0: "postgres"} {
			if _, err := db.Exec(`INSERT INTO inbox (id, received_at, notify, body) VALUES (?, ?, 2, ?)`, id, time.Now().UnixMicro(),
				am.payload(am.firing(target, time.Now()))); err != nil {
				w.t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			w.t.Fatal(err)
		}
		w.start()
		w.after(5 * time.Second)
		if n := w.metric("preflight_webhook_inbox"); n != 0 {
			w.t.Errorf("%v wait in the inbox", n)
		}
		w.expect(person, "1 🚨 P0: Preflight [Database: postgres; Database: redis]")
	})
}

func TestVolatileFileSystems(t *testing.T) {
	if info, err := os.Stat("/dev/shm"); err != nil || !info.IsDir() {
		t.Log("this system has no /dev/shm")
	} else if kind := spool.Volatile("/dev/shm/spool.db"); kind != "tmpfs" {
		t.Errorf("/dev/shm is %q", kind)
	}
	inWorld(t, "7", func(w *world) {
		if n := w.metric("preflight_webhook_spool_durable"); (n == 1) != (spool.Volatile(w.config.Spool) == "") {
			t.Errorf("durable is %v", n)
		}
	})
}

// A table can disappear while the webhook runs.
func TestATableIsDroppedWhileItRuns(t *testing.T) {
	t.Parallel()
	path := copied(t, used(t))
	dropped := false
	continues(t, path, func(w *world) {
		if dropped {
			return
		}
		dropped = true
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := db.ExecContext(w.t.Context(), `DROP TABLE views`); err != nil {
			w.t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			w.t.Fatal(err)
		}
	})
}
