package checks_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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

// botBackends counts the sessions of the bot.
const botBackends = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot'"

func TestPostgresSynchronousStandby(t *testing.T) {
	t.Parallel()
	bot, admin := synchronous(t, "standby")
	const probing = "database: {postgres: {url_from: P, timeout: 1s}}"
	notReplicated(t, probing, bot)
	// An insert that is rolled back does not wait.
	notReplicated(t, "database: {postgres: {url_from: P, timeout: 1s, insert: INSERT INTO orders VALUES (1)}}", bot)
	// The commits of such a role do not wait.
	local := with(t, bot, func(u *url.URL) { u.RawQuery += "&synchronous_commit=local" })
	expectPG(t, local, "", checker.Pass, "")
	// A short statement_timeout does not end the guard.
	hasty := with(t, bot, func(u *url.URL) { u.RawQuery += "&statement_timeout=100ms" })
	notReplicated(t, probing, hasty)

	stop := follow(t, admin, "standby")
	expectPG(t, bot, "", checker.Pass, "")
	expectPG(t, bot, ", insert: INSERT INTO orders VALUES (1)", checker.Pass, "")
	// The temporary table waits too.
	sql(t, admin, "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(bool, text, text) FROM PUBLIC")
	expectPG(t, bot, "", checker.Pass, "")
	stop()
	notReplicated(t, probing, bot)
	eventually(t, func() error { return none(t, admin, botBackends) })
}

// notReplicated expects the reason not_replicated. On a loaded machine the time
// may be over before the commit.
func notReplicated(t *testing.T, config, address string) {
	t.Helper()
	check := fromConfig(t, config, "Database", "paper", "P="+address)
	eventually(t, func() error {
		switch o := observe(t, check, "postgres"); o.Reason {
		case "not_replicated":
			return nil
		case "timeout":
			return fmt.Errorf("%+v", o)
		default:
			t.Fatalf("%+v, want not_replicated", o)
			return nil
		}
	})
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

	var outlived atomic.Int32
	for i := range 10 {
		wg.Go(func() {
			name := "child" + strconv.Itoa(i)
			config := childConfig + "=database: {postgres: {url_from: P, timeout: 2s}}"
			address := with(t, bot, func(u *url.URL) { u.RawQuery += "&application_name=" + name })
			if err := killWaiting(t.Context(), admin, name, &outlived, config, "P="+address); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if outlived.Load() == 0 {
		t.Error("no backend outlived its client: the test proves nothing")
	}
	eventually(t, func() error { return none(t, admin, botBackends) })
}

// killWaiting starts a run of the checks and kills it while its backend waits
// for the standby. A run that ends before, on a loaded machine, is repeated.
func killWaiting(ctx context.Context, admin, name string, outlived *atomic.Int32, env ...string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	waits := func() (waiting bool, err error) {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'SyncRep')", name).Scan(&waiting)
		return waiting, err
	}
	for range 20 {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), env...)
		if err := cmd.Start(); err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }()
		waiting := false
		for over := false; !waiting && !over && err == nil; {
			waiting, err = waits()
			select {
			case <-ended:
				over = true
			case <-time.After(5 * time.Millisecond):
			}
		}
		_ = cmd.Process.Kill()
		<-ended
		if err != nil {
			return err
		}
		if waiting {
			if waiting, err = waits(); waiting {
				outlived.Add(1)
			}
			return err
		}
	}
	return errors.New(name + ": no run waited for the standby")
}

// childConfig is the variable with which the test's binary runs the checks once
// instead of the tests, so that a test can kill it.
const childConfig = "PREFLIGHT_TEST_CHILD"

// childEnv is the variable with its environment.
const childEnv = "PREFLIGHT_TEST_CHILD_ENV"

func runChild() {
	c, err := checker.ParseConfig("p.yml", []byte(os.Getenv(childConfig)), checks.Shipped()...)
	if err != nil {
		panic(err)
	}
	env := cmp.Or(os.Getenv(childEnv), "paper")
	report := checker.Runner{Checks: c.Checks(), Real: true}.Run(context.Background(), c.Env(env, system.Lookup(os.Environ())))
	for _, result := range report.Results {
		for _, o := range result.Observations {
			fmt.Println(o.Target, o.Status, o.Reason, o.Detail)
		}
	}
}
