package checks_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// synchronous starts a primary whose commits wait for a standby of that name,
// and returns the address of a role whose commits wait, and the administrator's.
func synchronous(t *testing.T, standby string) (bot, admin string) {
	t.Helper()
	server := testservers.StartPostgres(t, "wal_level=replica", "max_wal_senders=3", "synchronous_commit=on",
		"synchronous_standby_names="+standby, "max_connections=90")
	admin = with(t, server.DSN(), func(u *url.URL) { u.RawQuery += "&synchronous_commit=local" })
	sql(t, admin, "CREATE ROLE bot LOGIN PASSWORD 's3cret'", "CREATE TABLE orders (id int)", "GRANT INSERT ON orders TO bot")
	return with(t, server.DSN(), func(u *url.URL) { u.User = url.UserPassword("bot", "s3cret") }), admin
}

// Each transaction of the bot waits for the standby.
const (
	waitingBackends = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
	botBackends     = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot'"
)

func TestPostgresSynchronousStandby(t *testing.T) {
	t.Parallel()
	bot, admin := synchronous(t, "standby")
	check := fromConfig(t, "database: {postgres: {url_from: P, timeout: 1s}}", "Database", "paper", "P="+bot)
	expect(t, check, "postgres", checker.Fail, "not_replicated")
	// An insert that is rolled back does not wait.
	inserting := fromConfig(t, "database: {postgres: {url_from: P, timeout: 1s, insert: INSERT INTO orders VALUES (1)}}", "Database", "paper", "P="+bot)
	expect(t, inserting, "postgres", checker.Fail, "not_replicated")
	// The commits of such a role do not wait.
	local := with(t, bot, func(u *url.URL) { u.RawQuery += "&synchronous_commit=local" })
	expectPG(t, local, "", checker.Pass, "")
	// A short statement_timeout does not end the guard.
	hasty := with(t, bot, func(u *url.URL) { u.RawQuery += "&statement_timeout=100ms" })
	expect(t, fromConfig(t, "database: {postgres: {url_from: P, timeout: 1s}}", "Database", "paper", "P="+hasty), "postgres", checker.Fail, "not_replicated")

	stop := follow(t, admin, "standby")
	expectPG(t, bot, "", checker.Pass, "")
	expectPG(t, bot, ", insert: INSERT INTO orders VALUES (1)", checker.Pass, "")
	// The temporary table waits too.
	sql(t, admin, "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(bool, text, text) FROM PUBLIC")
	expectPG(t, bot, "", checker.Pass, "")
	stop()
	expect(t, check, "postgres", checker.Fail, "not_replicated")
	eventually(t, func() error { return none(t, admin, botBackends) })
}

// none returns an error unless a count is 0.
func none(t *testing.T, address, query string) error {
	t.Helper()
	if n := scan[int](t, address, query); n != 0 {
		return fmt.Errorf("%s: %d", query, n)
	}
	return nil
}

// Fifty runs without the standby, ten of them killed while they wait.
func TestPostgresProbesLeaveNoBackends(t *testing.T) {
	t.Parallel()
	bot, admin := synchronous(t, "standby")
	config := "database: {postgres: {url_from: P, timeout: 1s}}"
	check := fromConfig(t, config, "Database", "paper", "P="+bot)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 20)
	for range 40 {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			// On a loaded machine the time may be over before the commit.
			if o := observe(t, check, "postgres"); o.Reason != "not_replicated" && o.Reason != "timeout" {
				t.Errorf("%+v", o)
			}
		})
	}
	wg.Wait()
	eventually(t, func() error { return none(t, admin, botBackends) })

	killed := make([]*exec.Cmd, 10)
	for i := range killed {
		killed[i] = exec.CommandContext(t.Context(), os.Args[0])
		killed[i].Env = append(os.Environ(), childConfig+"=database: {postgres: {url_from: P, timeout: 2s}}", "P="+bot)
		if err := killed[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if n := scan[int](t, admin, waitingBackends); n != len(killed) {
			return fmt.Errorf("%d backends wait", n)
		}
		return nil
	})
	for _, cmd := range killed {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if n := scan[int](t, admin, waitingBackends); n == 0 {
		t.Error("no backend outlived its client: the test proves nothing")
	}
	eventually(t, func() error { return none(t, admin, botBackends) })
}

// childConfig is the variable with which the test's binary runs the checks once
// instead of the tests, so that a test can kill it.
const childConfig = "PREFLIGHT_TEST_CHILD"

func runChild() {
	c, err := checker.ParseConfig("p.yml", []byte(os.Getenv(childConfig)), checks.Shipped()...)
	if err != nil {
		panic(err)
	}
	checker.Runner{Checks: c.Checks(), Real: true}.Run(context.Background(), c.Env("paper", system.Lookup(os.Environ())))
}
