package spool_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// A spool of the version before the split into packages opens, its alerts
// continue, and that version can open it again. The file is its SQL dump: two alerts fire, one was
// resolved, and the chat shows all three.
func TestASpoolOfAnEarlierVersionOpens(t *testing.T) {
	t.Parallel()
	dump, err := os.ReadFile("testdata/before.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(dump)); err != nil {
		t.Fatal(err)
	}
	before := schema(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s, damaged, err := spool.Open(t.Context(), path)
	if err != nil || damaged != "" {
		t.Fatal(damaged, err)
	}
	err = s.Do(func(tx *spool.Tx) error {
		if err := tx.RegisterChats(state.Chats{Default: []string{"dry-run"}}, false); err != nil {
			return err
		}
		if due, ok, err := firstDue(tx, "dry-run"); ok || err != nil {
			t.Errorf("due %+v %v", due, err)
		}
		open, err := tx.FiringQuiet(time.Now())
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return errors.New("no alert fires")
		}
		// The notification names the cluster, which that version did not know.
		n := state.Arrival{ID: 100, At: time.Now(), Notify: state.Loud, Cluster: "main", Payload: state.Payload{GroupKey: "{}/{another route}:{}"}}
		n.ExternalURL = open[0].ExternalURL
		a := open[0].Alert
		a.Status, a.EndsAt = "resolved", time.Now()
		n.Alerts = template.Alerts{a}
		if _, err := (spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{"dry-run"}}, Rank: func(template.KV) int { return 0 }}).Apply(n); err != nil {
			return err
		}
		due, _, err := firstDue(tx, "dry-run")
		if due.Class != spool.DueResolution {
			t.Errorf("due is %+v", due)
		}
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	records, err := spool.Records(t.Context(), path, "priority", time.Time{})
	if err != nil || len(records) != 3 {
		t.Errorf("%d records, %v", len(records), err)
	}
	for _, r := range records {
		if len(r.Deliveries) != 1 || r.Deliveries[0].DeliveredAt == nil {
			t.Errorf("%+v", r)
		}
	}
	if db, err = sql.Open("sqlite", "file:"+path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	after := schema(t, db)
	for table, columns := range before {
		for _, column := range columns {
			if !slices.Contains(after[table], column) {
				t.Errorf("the earlier version cannot find the column %s of %s", column, table)
			}
		}
	}
}

// An earlier version counted what Telegram refused as shown, and used the ids of
// old messages in a chat with a new id.
func TestMistakesOfAnEarlierVersionAreMended(t *testing.T) {
	t.Parallel()
	dump, err := os.ReadFile("testdata/before.sql")
	if err != nil {
		t.Fatal(err)
	}
	for mistake, want := range map[string]spool.Class{
		`UPDATE messages SET telegram_id = NULL WHERE id = 2`: spool.DueAlert,
		`UPDATE chats SET migrated_to = '-1001'`:              spool.DueReminder,
	} {
		path := filepath.Join(t.TempDir(), "spool.db")
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), string(dump)+"\n"+mistake)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		s, _, err := spool.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Do(func(tx *spool.Tx) error {
			due, ok, err := firstDue(tx, "dry-run")
			if !ok || due.Class != want {
				t.Errorf("after %s due is %+v", mistake, due)
			}
			moved, err2 := tx.MovedViews("dry-run")
			if len(moved) != 2 && want == spool.DueReminder {
				t.Errorf("%d alerts are shown once more", len(moved))
			}
			return errors.Join(err, err2)
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// schema returns the columns of all tables.
func schema(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT m.name, c.name || ' ' || c.type FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if err := rows.Err(); err != nil || len(columns) == 0 {
		t.Fatal("no tables", err)
	}
	return columns
}

// An alert was reported to fire again soon after its resolution. If a later
// notification starts it before that report counts, it fires once.
func TestAnAlertThatFiresAgainStartsOnce(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		url    string
		starts time.Time
		after  time.Duration // from the resolution to the notification that starts it
		status string
		firing int
	}{
		"a peer repeats it when it counts":   {"http://b", begin, state.Settle, "firing", 1},
		"it started later":                   {"http://a", begin.Add(90 * time.Second), state.Settle / 2, "firing", 1},
		"it started later, and was resolved": {"http://a", begin.Add(90 * time.Second), state.Settle / 2, "resolved", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, err := spool.Open(t.Context(), spool.InMemory)
			if err != nil {
				t.Fatal(err)
			}
			const group, chat = "{}:{}", "7"
			resolved := begin.Add(time.Minute)
			err = s.Do(func(tx *spool.Tx) error {
				applier := spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{chat}}, Rank: func(template.KV) int { return 0 }}
				notify := func(at time.Time, url, status string, starts time.Time) error {
					a := template.Alert{Status: status, StartsAt: starts, Fingerprint: "1"}
					if status == "resolved" {
						a.EndsAt = at
					}
					n := state.Arrival{At: at, Notify: state.Loud, Payload: state.Payload{GroupKey: group}}
					n.ExternalURL, n.Alerts = url, template.Alerts{a}
					_, err := applier.Apply(n)
					return err
				}
				if err := errors.Join(
					tx.RegisterChats(state.Chats{Default: []string{chat}}, false),
					notify(begin, "http://a", "firing", begin),
					notify(resolved, "http://a", "resolved", begin),
					notify(resolved.Add(10*time.Second), "http://a", "firing", begin),
					notify(resolved.Add(c.after), c.url, c.status, c.starts),
				); err != nil {
					return err
				}
				if n, next, err := applier.Refire(resolved.Add(2 * state.Settle)); n != 0 || !next.IsZero() || err != nil {
					t.Errorf("%d instances fire again, the next at %s, %v", n, next, err)
				}
				open, err := tx.OpenViews(chat, group)
				if len(open) != c.firing {
					t.Errorf("%d instances fire, not %d", len(open), c.firing)
				}
				return err
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A replica that starts can receive a reminder before it reads in the journal
// that another replica delivered the twin. It does not repeat it. A reminder
// that comes later is delivered.
func TestATwinOfADeliveredReminderIsDropped(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	for late, reminds := range map[time.Duration]bool{3 * time.Second: false, 2 * state.Settle: true} {
		s, _, err := spool.Open(t.Context(), spool.InMemory)
		if err != nil {
			t.Fatal(err)
		}
		const group, chat = "{}:{}", "7"
		err = s.Do(func(tx *spool.Tx) error {
			applier := spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{chat}}, Rank: func(template.KV) int { return 0 }}
			notify := func(at time.Time) error {
				n := state.Arrival{At: at, Notify: state.Loud, Payload: state.Payload{GroupKey: group}}
				n.Alerts = template.Alerts{{Status: "firing", StartsAt: begin, Fingerprint: "1"}}
				_, err := applier.Apply(n)
				return err
			}
			sent := func(kind message.Kind, id int64, at time.Time) error {
				_, err := tx.SentElsewhere(chat, state.SentEvent{
					TelegramID: id, Kind: kind, Group: group, Part: 1, Parts: 1,
					Listed: []state.ListedEvent{{InstanceKey: state.InstanceKey{Group: group, Fingerprint: "1", StartsAt: begin.UnixMicro()}}},
				}, at)
				return err
			}
			hour := begin.Add(time.Hour)
			if err := errors.Join(
				tx.RegisterChats(state.Chats{Default: []string{chat}}, false), notify(begin), sent(message.Alert, 1, begin),
				notify(hour.Add(late)), sent(message.Reminder, 2, hour),
			); err != nil {
				return err
			}
			due, ok, err := firstDue(tx, chat)
			if ok != reminds {
				t.Errorf("%s after the delivery: due is %+v %v", late, due, ok)
			}
			return err
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// Jobs that fail do not undo those that share their transaction.
func TestAFailingJobFailsAlone(t *testing.T) {
	t.Parallel()
	s, _, err := spool.Open(t.Context(), spool.InMemory)
	if err != nil {
		t.Fatal(err)
	}
	const jobs = 50
	results := make(chan error, jobs)
	wrong := errors.New("wrong")
	for i := range jobs {
		go func() {
			results <- s.Do(func(tx *spool.Tx) error {
				if _, err := tx.AddArrival(time.Now(), state.Loud, spool.Sender{}, []byte("{}")); err != nil || i%5 != 0 {
					return err
				}
				return wrong
			})
		}()
	}
	failed := 0
	for range jobs {
		if err := <-results; errors.Is(err, wrong) {
			failed++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var last int64
	if err := s.Do(func(tx *spool.Tx) (err error) {
		last, err = tx.AddArrival(time.Now(), state.Loud, spool.Sender{}, []byte("{}"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if failed != jobs/5 || last != jobs-jobs/5+1 {
		t.Errorf("%d jobs failed, and the next id is %d", failed, last)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Do(func(*spool.Tx) error { return nil }); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("a job after Close: %v", err)
	}
}

// The state of a chat that another replica serves, and this one does not, is not
// stored, and is no damage.
func TestAChatOfAnotherReplica(t *testing.T) {
	t.Parallel()
	s, _, err := spool.Open(t.Context(), spool.InMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.OnAside(func(list []spool.Aside) { t.Errorf("set aside: %+v", list) })
	if err := s.Do(func(tx *spool.Tx) error {
		c, err := tx.SetChat("-100", spool.Chat{MigratedTo: "-1001"}, time.Now(), true)
		if c != nil {
			t.Errorf("it is %+v", c)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// firstDue returns the call that is due first, or false if none is due.
func firstDue(tx *spool.Tx, chat string) (due spool.Due, ok bool, err error) {
	dues, _, err := tx.Dues(chat, false, 1, time.Now())
	due, ok = dues.First(func(spool.Due) bool { return true })
	return due, ok, err
}
