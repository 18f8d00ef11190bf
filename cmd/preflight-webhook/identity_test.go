package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// fleet is some webhooks that share a bot and a database.
type fleet struct {
	t        *testing.T
	bot      *fakebot.Bot
	args     []string
	dir      string
	begin    time.Time
	programs map[string]*program
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	postgres := testservers.StartPostgres(t)
	f := &fleet{t: t, bot: fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 7}), dir: t.TempDir(), begin: time.Now(), programs: map[string]*program{}}
	api := httptest.NewServer(f.bot)
	t.Cleanup(api.Close)
	f.args = []string{"--telegram.api-url=" + api.URL, "DATABASE_URL=" + postgres.DSN()}
	t.Cleanup(func() {
		for _, p := range f.programs {
			p.kill()
		}
	})
	return f
}

func (f *fleet) spool(name string) string { return filepath.Join(f.dir, name+".db") }

func (f *fleet) start(names ...string) {
	f.t.Helper()
	for _, name := range names {
		f.programs[name] = startProgram(f.t, append([]string{"--spool=" + f.spool(name)}, f.args...)...)
	}
}

func (f *fleet) stop(name string) {
	f.t.Helper()
	p := f.programs[name]
	delete(f.programs, name)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		f.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) post(name, target string, ends time.Time) {
	f.t.Helper()
	if !acknowledged(f.programs[name].addr, target, f.begin, ends) {
		f.t.Fatalf("%s was not acknowledged by %s", target, name)
	}
}

// shows waits until the chat shows each alert, and all replicas know that.
func (f *fleet) shows(targets ...string) {
	f.t.Helper()
	if err := eventually(func() error {
		for _, target := range targets {
			if n := f.count(target); n == 0 {
				return fmt.Errorf("%s is not shown", target)
			}
		}
		for name, p := range f.programs {
			if n := p.metrics()["preflight_webhook_backlog"]; n > 0 {
				return fmt.Errorf("%s has a backlog of %v", name, n)
			}
		}
		return nil
	}); err != nil {
		f.t.Fatalf("%v\n%s", err, f.logs())
	}
}

// count returns the number of messages that show the start of an alert.
func (f *fleet) count(target string) (n int) {
	for _, m := range f.bot.Messages(7) {
		if strings.Contains(m.Text, "Load: "+target+".") && m.ReplyTo == 0 {
			n++
		}
	}
	return n
}

// once fails if an alert is in more or less than one message.
func (f *fleet) once(targets ...string) {
	f.t.Helper()
	for _, target := range targets {
		if n := f.count(target); n != 1 {
			f.t.Errorf("%s is in %d messages\n%s", target, n, f.logs())
		}
	}
}

func (f *fleet) logs() (text string) {
	for name, p := range f.programs {
		text += name + ":\n" + string(mustRead(f.t, p.log))
	}
	return text
}

func (f *fleet) copySpool(from, to string) {
	f.t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(f.spool(from) + suffix)
		if os.IsNotExist(err) {
			_ = os.Remove(f.spool(to) + suffix)
			continue
		}
		if err == nil {
			err = os.WriteFile(f.spool(to)+suffix, data, 0o600)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// A spool that was restored from a snapshot loses no alert and repeats none.
func TestARestoredSpool(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start("a", "b")
	f.post("a", "old", time.Time{})
	f.shows("old")
	f.stop("a")
	f.copySpool("a", "snapshot")
	f.start("a")
	later := []string{"later0", "later1", "later2", "later3"}
	for _, target := range later {
		f.post("a", target, time.Time{})
	}
	f.shows(later...)
	f.programs["a"].kill()
	f.copySpool("snapshot", "a")
	f.start("a")
	fresh := []string{"new0", "new1", "new2", "new3"}
	for _, target := range fresh {
		f.post("a", target, time.Time{})
	}
	f.post("a", "later0", time.Now())
	f.shows(fresh...)
	if err := eventually(func() error {
		for _, m := range f.bot.Messages(7) {
			if m.ReplyTo != 0 && strings.Contains(m.Text, "Load: later0.") {
				return nil
			}
		}
		return fmt.Errorf("the resolution of an alert after the snapshot is not a reply")
	}); err != nil {
		t.Errorf("%v\n%s", err, f.logs())
	}
	f.once(append(append([]string{"old"}, later...), fresh...)...)
	if log := f.logs(); strings.Count(log, "another process has the name") != 1 {
		t.Errorf("no new name:\n%s", log)
	}
}

// Two webhooks with copies of one spool deliver everything once together.
func TestACopiedSpool(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start("a")
	f.post("a", "old", time.Time{})
	f.shows("old")
	f.copySpool("a", "c") // while it runs
	f.start("c")
	var all []string
	for i := range 5 {
		a, c, both := fmt.Sprint("a", i), fmt.Sprint("c", i), fmt.Sprint("both", i)
		f.post("a", a, time.Time{})
		f.post("c", c, time.Time{})
		f.post("a", both, time.Time{})
		f.post("c", both, time.Time{})
		all = append(all, a, c, both)
	}
	f.shows(all...)
	// The copy also starts while the first one is stopped, which then starts again.
	f.stop("a")
	f.post("c", "alone", time.Time{})
	f.shows("alone")
	f.start("a")
	f.post("a", "again", time.Time{})
	f.shows("again")
	f.once(append(all, "old", "alone", "again")...)
	if log := f.logs(); strings.Count(log, "another process has the name") != 1 {
		t.Errorf("no new name:\n%s", log)
	}
}

// A webhook that is killed and started again has its name at once.
func TestAKilledWebhookKeepsItsName(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start("a")
	for i := range 3 {
		target := fmt.Sprint("t", i)
		f.post("a", target, time.Time{})
		f.shows(target)
		f.programs["a"].kill()
		f.start("a")
	}
	f.post("a", "last", time.Time{})
	f.shows("last")
	f.once("t0", "t1", "t2", "last")
	if log := f.logs(); strings.Contains(log, "another process") {
		t.Errorf("another name:\n%s", log)
	}
}
