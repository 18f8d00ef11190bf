package main

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// TestTwoReplicasOnOneDatabase runs two real webhooks. They deliver an alert of
// both once, one takes over after a kill, and each delivers alone while
// PostgreSQL is down.
func TestTwoReplicasOnOneDatabase(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	bot := fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 7})
	api := httptest.NewServer(bot)
	defer api.Close()
	dir := t.TempDir()
	start := func(i int) *program {
		return startProgram(t, "--telegram.api-url="+api.URL, fmt.Sprintf("--spool=%s/spool-%d.db", filepath.ToSlash(dir), i),
			"DATABASE_URL="+postgres.DSN())
	}
	programs := []*program{start(0), start(1)}
	defer func() {
		for _, p := range programs {
			p.kill()
		}
	}()
	shows := func(what string, want int) {
		t.Helper()
		if err := eventually(func() error {
			n := 0
			for _, m := range bot.Messages(7) {
				if strings.Contains(m.Text, what) {
					n++
				}
			}
			if n != want {
				return fmt.Errorf("%q is in %d messages, not %d", what, n, want)
			}
			return nil
		}); err != nil {
			t.Fatalf("%v\n%s\n%s", err, mustRead(t, programs[0].log), mustRead(t, programs[1].log))
		}
	}
	// settled waits until both replicas know that everything is delivered. A
	// kill before that makes an ambiguous call.
	settled := func() {
		t.Helper()
		for _, p := range programs {
			if err := eventually(func() error {
				if n := p.metrics()["preflight_webhook_backlog"]; n > 0 {
					return fmt.Errorf("a backlog of %v", n)
				}
				return nil
			}); err != nil {
				t.Fatalf("%v\n%s", err, mustRead(t, p.log))
			}
		}
	}
	post := func(i int, target string, starts, ends time.Time) {
		t.Helper()
		if !acknowledged(programs[i].addr, target, starts, ends) {
			t.Fatalf("%s was not acknowledged", target)
		}
	}
	begin := time.Now().Truncate(time.Millisecond)
	for i := range programs {
		post(i, "both", begin, time.Time{})
	}
	shows("Load: both.", 1)
	settled()

	// The remaining replica takes over, whichever held the lease, and knows the
	// message.
	programs[0].kill()
	post(1, "both", begin, time.Now())
	post(1, "left", begin, time.Time{})
	shows("✅ P0 resolved: Load", 1)
	shows("Load: left.", 1)
	programs[0] = start(0)
	settled()
	programs[1].kill()
	post(0, "other", begin, time.Time{})
	shows("Load: other.", 1)
	programs[1] = start(1)
	settled()

	postgres.Stop()
	post(0, "first", begin, time.Time{})
	shows("Load: first.", 1)
	post(1, "second", begin, time.Time{})
	shows("Load: second.", 1)
	postgres.Start()
	post(0, "second", begin, time.Now()) // the other replica delivered its start
	shows("Load: second., resolved", 2)  // the edit and the reply
	for _, m := range bot.Messages(7) {
		if strings.Contains(m.Text, "P0 resolved: Load") && m.ReplyTo == 0 {
			t.Errorf("the resolution is not a reply: %s", m.Text)
		}
	}
	for _, target := range []string{"both", "left", "other", "first"} {
		count := 0
		for _, m := range bot.Messages(7) {
			if strings.Contains(m.Text, "Load: "+target+".") && !strings.HasPrefix(m.Text, "✅ P0 resolved") {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%s is in %d messages", target, count)
		}
	}
	if refused := bot.Refusals(); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}
