package checks_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// together runs Database and Migrations on the same PostgreSQL, and returns
// what they observed by target.
func together(t *testing.T, dsn string, selected func(string) bool, schemas ...checks.Schema) map[string]checks.Observation {
	t.Helper()
	server := onServer(dsn, 20*time.Second)
	report := checks.Runner{
		Checks:   []checks.Check{checks.Database{Postgres: &server}, checks.Migrations{Schemas: schemas}},
		Real:     true,
		Selected: selected,
	}.Run(t.Context())
	all := map[string]checks.Observation{}
	for _, r := range report.Results {
		for _, o := range r.Observations {
			all[o.Target] = o
		}
	}
	return all
}

// gooseSchema is a schema in a database whose one migration is applied.
func gooseSchema(s schema, table string, timeout time.Duration) checks.Schema {
	s.t.Helper()
	s.exec("CREATE TABLE " + table + " (id int, version_id bigint, is_applied bool); INSERT INTO " + table + " VALUES (1, 1, true)")
	return checks.Schema{Name: table, Server: onServer(s.dsn, timeout), Folder: s.folder, Tool: checks.Goose, Table: table}
}

// counted leads to an address, and counts the connections.
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

func TestDatabaseAndMigrationsShareAConnection(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	s := schema{t, postgres.DSN(), t.TempDir()}
	s.file("1_a.sql")
	applied := gooseSchema(s, "applied", 20*time.Second)
	via, connections := counted(t, postgres.Addr())
	applied.Server.Address = with(t, postgres.DSN(), func(u *url.URL) { u.Host = via })
	attempt := func(skipped string) error {
		connections.Store(0)
		got := together(t, applied.Server.Address, func(name string) bool { return name != skipped }, applied)
		for target, check := range map[string]string{checks.TargetPostgres: "Database", "applied": "Migrations"} {
			want := checks.Pass
			if check == skipped {
				want = checks.Skip
			}
			if o := got[target]; o.Status != want || want == checks.Pass && o.Latency <= 0 {
				t.Errorf("without %q: %+v, want %s", skipped, o, want)
			}
		}
		if n := connections.Load(); n != 1 {
			return fmt.Errorf("without %q: %d connections", skipped, n)
		}
		return nil
	}
	for _, skipped := range []string{"", "Database", "Migrations"} {
		// On a busy machine one may be done before the other begins.
		eventually(t, func() error { return attempt(skipped) })
	}
}

// A table that is locked, as while a migration runs, holds up its own check
// alone.
func TestALockedSchemaHoldsUpNobody(t *testing.T) {
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
	got := together(t, postgres.DSN(), nil, locked, free)
	if got[checks.TargetPostgres].Status != checks.Pass || got["free"].Status != checks.Pass || got["locked"].Reason != "timeout" {
		t.Errorf("%+v", got)
	}
}

// Both say why themselves, each with its own variable and time.
func TestBothChecksSayWhyPostgresCannotBeAsked(t *testing.T) {
	t.Parallel()
	s := schema{t, "postgres://u:s3cret@h:port/x", t.TempDir()}
	s.file("1_a.sql")
	broken := checks.Schema{Name: "orders", Server: checks.Server{Variable: "ORDERS", Address: s.dsn, Timeout: time.Second}, Folder: s.folder, Tool: checks.Goose}
	got := together(t, s.dsn, nil, broken)
	if got[checks.TargetPostgres].Reason != "malformed" || got["orders"].Reason != "malformed" || !strings.Contains(got["orders"].Detail, "ORDERS") {
		t.Errorf("%+v", got)
	}
	broken.Server.Address = "postgres://u:s3cret@" + silent(t) + "/x?sslmode=disable"
	broken.Server.Timeout = 100 * time.Millisecond
	server := onServer(broken.Server.Address, 300*time.Millisecond)
	report := checks.Runner{Checks: []checks.Check{checks.Database{Postgres: &server}, checks.Migrations{Schemas: []checks.Schema{broken}}}, Real: true}.Run(t.Context())
	for i, want := range []string{"no answer within 300ms", "no answer within 100ms"} {
		if o := report.Results[i].Observations[0]; o.Reason != "timeout" || o.Detail != want {
			t.Errorf("%+v, want %q", o, want)
		}
	}
}
