package checks_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// together runs Database and Migrations and returns their observations by
// target.
func together(t *testing.T, config string, only func(string) bool, vars ...string) map[string]checker.Observation {
	t.Helper()
	c, env := declare(t, config, "paper", vars...)
	report := checker.Runner{Checks: c.Checks(), Real: true, Only: only}.Run(t.Context(), env)
	all := map[string]checker.Observation{}
	for _, r := range report.Results {
		for _, o := range r.Observations {
			all[o.Target] = o
		}
	}
	return all
}

// askPostgresAnd returns a configuration of Database and some schemas.
func askPostgresAnd(schemas ...string) string {
	return "database: {postgres: {url_from: DSN, timeout: 20s}}\nmigrations: [" + strings.Join(schemas, ", ") + "]"
}

// gooseSchema makes a schema with one applied migration and returns its
// declaration. Its address is in the variable DSN.
func gooseSchema(s schema, table string, timeout time.Duration) string {
	s.t.Helper()
	s.exec("CREATE TABLE " + table + " (id int, version_id bigint, is_applied bool); INSERT INTO " + table + " VALUES (1, 1, true)")
	return fmt.Sprintf("{name: %[1]s, url_from: DSN, folder: %[2]s, table: %[1]s, timeout: %[3]s}", table, s.folder, timeout)
}

// counted returns an address that forwards to another and counts connections.
func counted(t *testing.T, address string) (via string, connections *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	connections = &atomic.Int64{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			server, err := net.Dial("tcp", address)
			if err != nil {
				client.Close()
				continue
			}
			go func() { defer server.Close(); _, _ = io.Copy(server, client) }()
			go func() { defer client.Close(); _, _ = io.Copy(client, server) }()
		}
	}()
	return listener.Addr().String(), connections
}

func TestDatabaseAndMigrationsShareConnection(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	s := schema{t, postgres.DSN(), t.TempDir()}
	s.file("1_a.sql")
	applied := gooseSchema(s, "applied", 20*time.Second)
	via, connections := counted(t, postgres.Addr())
	config, dsn := askPostgresAnd(applied), with(t, postgres.DSN(), func(u *url.URL) { u.Host = via })
	attempt := func(skipped string) error {
		connections.Store(0)
		got := together(t, config, func(name string) bool { return name != skipped }, "DSN="+dsn)
		for target, check := range map[string]string{"postgres": "Database", "applied": "Migrations"} {
			want := checker.Pass
			if check == skipped {
				want = checker.Skip
			}
			if o := got[target]; o.Status != want || want == checker.Pass && o.Latency <= 0 {
				t.Errorf("without %q: %+v, want %s", skipped, o, want)
			}
		}
		if n := connections.Load(); n != 1 {
			return fmt.Errorf("without %q: %d connections", skipped, n)
		}
		return nil
	}
	for _, skipped := range []string{"", "Database", "Migrations"} {
		// On a busy machine one check may finish before the other starts.
		eventually(t, func() error { return attempt(skipped) })
	}
}

// A table that a migration locks delays only the check of its schema.
func TestLockedSchemaDelaysNoOtherCheck(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	s := schema{t, postgres.DSN(), t.TempDir()}
	s.file("1_a.sql")
	locked, free := gooseSchema(s, "locked", 300*time.Millisecond), gooseSchema(s, "free", 20*time.Second)
	conn, err := pgx.Connect(t.Context(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE locked"); err != nil {
		t.Fatal(err)
	}
	got := together(t, askPostgresAnd(locked, free), nil, "DSN="+postgres.DSN())
	if got["postgres"].Status != checker.Pass || got["free"].Status != checker.Pass || got["locked"].Reason != "timeout" {
		t.Errorf("%+v", got)
	}
}

// Each check reports the failure itself, with its own variable and timeout.
func TestBothChecksReportUnreachablePostgres(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "1_a.sql"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	config := "database: {postgres: {url_from: DSN, timeout: 300ms}}\n" +
		"migrations: [{name: orders, url_from: ORDERS, folder: " + folder + ", timeout: 100ms}]"
	at := func(address string) map[string]checker.Observation {
		return together(t, config, nil, "DSN="+address, "ORDERS="+address)
	}
	got := at("postgres://u:s3cret@h:port/x")
	if got["postgres"].Reason != "malformed" || got["orders"].Reason != "malformed" || !strings.Contains(got["orders"].Detail, "ORDERS") {
		t.Errorf("%+v", got)
	}
	got = at("postgres://u:s3cret@" + silent(t) + "/x?sslmode=disable")
	for target, want := range map[string]string{"postgres": "no answer within 300ms", "orders": "no answer within 100ms"} {
		if o := got[target]; o.Reason != "timeout" || o.Detail != want {
			t.Errorf("%+v, want %q", o, want)
		}
	}
}
