package webhook_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// ownTimes are the columns with times of the webhook's own clock.
var ownTimes = map[string][]string{
	"inbox": {"received_at"}, "groups": {"told_at"}, "reminders": {"received_at"}, "messages": {"created_at", "sent_at", "storm_at"},
	"instances": {"received_at", "first_at", "seen_at", "resolved_at", "refire_at"}, "views": {"told_at", "over_at"},
	"storms": {"began_at", "rang_at"}, "lines": {"at"}, "flaps": {"due_at"}, "chats": {"not_before"},
}

// setBack restarts the webhook with a clock that was set back: what is stored
// seems to be of a later time.
func (w *world) setBack(d time.Duration) {
	w.t.Helper()
	w.stop()
	db, err := sql.Open("sqlite", "file:"+w.config.Spool)
	if err != nil {
		w.t.Fatal(err)
	}
	for table, columns := range ownTimes {
		for _, c := range columns {
			if _, err := db.Exec(fmt.Sprintf("UPDATE %s SET %s = %s + ?", table, c, c), d.Microseconds()); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if _, err := db.Exec(`UPDATE chats SET calls = COALESCE((SELECT json_group_array(value + ?) FROM json_each(calls)), '[]')`, d.Microseconds()); err != nil {
		w.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.start()
}

// setBacks are a step of NTP, an error of a clock of a machine, and one of a virtual machine that
// was suspended.
var setBacks = []time.Duration{20 * time.Second, time.Hour, 90 * 24 * time.Hour}

func inSetBacks(t *testing.T, chats string, f func(*world, time.Duration)) {
	for _, d := range setBacks {
		t.Run(d.String(), func(t *testing.T) {
			inWorldOf(t, chats, t.TempDir()+"/spool.db", func(w *world) { f(w, d) })
		})
	}
}

// A reminder that waited when the clock was set back is shown once.
func TestAReminderAfterTheClockWasSetBack(t *testing.T) {
	for _, groups := range []int{1, 40} {
		t.Run(fmt.Sprint(groups), func(t *testing.T) {
			inSetBacks(t, "-100", func(w *world, d time.Duration) {
				start := time.Now()
				remind := func() {
					for i := range groups {
						am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i)}
						w.post(am.payload(am.firing(am.key, start)), api.Loud)
					}
				}
				remind()
				w.after(time.Hour)
				n := len(w.bot.Messages(group))
				w.bot.Inject(fakebot.Fault{RetryAfter: 30})
				remind()
				w.after(10 * time.Second)
				w.setBack(d)
				w.after(10 * time.Minute)
				if m := w.bot.Messages(group); len(m) != n+1 {
					t.Errorf("%d messages remind", len(m)-n)
				}
				w.backlog(0)
				remind()
				w.after(10 * time.Minute)
				most := 2 // of many groups, the first may come alone
				if groups == 1 {
					most = 1
				}
				if m := w.bot.Messages(group); len(m) <= n+1 || len(m) > n+1+most || m[n+1].Silent {
					t.Errorf("%d messages remind later", len(m)-n-1)
				}
			})
		})
	}
}

// An alert that flaps when the clock is set back flaps for no longer than
// otherwise.
func TestFlappingAfterTheClockWasSetBack(t *testing.T) {
	for _, fires := range []bool{true, false} {
		t.Run(fmt.Sprint(fires), func(t *testing.T) {
			inSetBacks(t, "-100", func(w *world, d time.Duration) {
				am := alertmanager{url: "http://a", priority: "P0"}
				for range 5 {
					w.episode(am, "redis", 10*time.Second, 10*time.Second)
				}
				start := time.Now()
				if fires {
					w.post(am.payload(am.firing("redis", start)), api.Loud)
				}
				w.after(30 * time.Second)
				w.setBack(d)
				n := len(w.bot.Messages(group))
				w.after(time.Minute)
				if m := w.bot.Messages(group); len(m) != n {
					w.dump(group)
					t.Fatal("it no longer flaps at once")
				}
				w.after(11 * time.Minute)
				if m := w.bot.Messages(group); len(m) != n+1 || m[n].Silent == fires {
					w.dump(group)
					t.Error("it flaps for too long")
				}
			})
		})
	}
}

// A storm ends soon after the clock was set back, and later alerts ring.
func TestAStormAfterTheClockWasSetBack(t *testing.T) {
	inSetBacks(t, "-100", func(w *world, d time.Duration) {
		w.flood("P1", "g", 60)
		w.after(50 * time.Second)
		w.setBack(d)
		w.after(3 * time.Minute)
		if w.metric("preflight_webhook_storm", "-100") != 0 {
			t.Error("the storm lasts")
		}
		later := time.Now()
		w.flood("P0", "later", 40)
		w.after(time.Minute)
		for i := range 40 {
			w.within(time.Minute, later, group, 0, fmt.Sprintf("later%03d", i), true)
		}
		w.after(5 * time.Minute)
		w.backlog(0)
	})
}

// A wait that Telegram asked for ends within an hour after the clock was set back.
func TestAWaitAfterTheClockWasSetBack(t *testing.T) {
	inSetBacks(t, "-100", func(w *world, d time.Duration) {
		w.bot.Inject(fakebot.Fault{RetryAfter: 60})
		w.flood("P0", "g", 1)
		w.after(10 * time.Second)
		w.setBack(d)
		w.after(time.Hour)
		if m := w.bot.Messages(group); len(m) != 1 {
			t.Errorf("the chat shows %v", m)
		}
	})
}

// An alert without the times of evaluations that fires again after the clock was
// set back is shown soon.
func TestAnAlertFiresAgainAfterTheClockWasSetBack(t *testing.T) {
	for _, reported := range []bool{false, true} { // before
		t.Run(fmt.Sprint(reported), func(t *testing.T) {
			inSetBacks(t, "-100", func(w *world, d time.Duration) {
				am := alertmanager{url: "http://a", priority: "P0", foreign: true}
				start := time.Now()
				w.post(am.payload(am.firing("redis", start)), api.Loud)
				w.after(10 * time.Minute)
				w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
				w.after(10 * time.Second)
				again := am.payload(am.firing("redis", start))
				if reported {
					w.post(again, api.Loud)
				}
				w.setBack(d)
				if !reported {
					w.post(again, api.Loud)
				}
				w.after(150 * time.Second)
				m := w.bot.Messages(group)
				if last := m[len(m)-1]; last.Silent || last.ReplyTo != 0 || !strings.Contains(last.Text, "redis") || len(m) != 3 {
					w.dump(group)
					t.Error("the alert is not shown again")
				}
			})
		})
	}
}
