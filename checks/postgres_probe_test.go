package checks_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// sql runs statements as the administrator of an address.
func sql(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// scan returns the only value of a query.
func scan[T any](t *testing.T, address, query string) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// asBot returns the address of a new database and that of its new role bot,
// which may connect to it. Roles are the server's, so name is part of the role's
// name.
func asBot(t *testing.T, server *testservers.Postgres, name string) (admin, bot string) {
	t.Helper()
	admin = server.NewDatabase(name)
	sql(t, admin, "CREATE ROLE bot_"+name+" LOGIN PASSWORD 's3cret'")
	return admin, with(t, admin, func(u *url.URL) { u.User = url.UserPassword("bot_"+name, "s3cret") })
}

// expectPG expects a result of the target postgres, declared with further keys.
func expectPG(t *testing.T, address, keys string, status checker.Status, reason string) checker.Observation {
	t.Helper()
	check := fromConfig(t, "database: {postgres: {url_from: P, timeout: 20s"+keys+"}}", "Database", "paper", "P="+address)
	o := expect(t, check, "postgres", status, reason)
	if strings.Contains(o.Detail, "s3cret") {
		t.Errorf("the detail shows the password: %s", o.Detail)
	}
	if o.Latency <= 0 {
		t.Errorf("%+v: SELECT 1 was answered, and its time is missing", o)
	}
	return o
}

func TestPostgresRoles(t *testing.T) {
	t.Parallel()
	server := testservers.StartPostgres(t, "allow_system_table_mods=on")

	admin, bot := asBot(t, server, "rights")
	expectPG(t, bot, "", checker.Fail, "connect_only")
	expectPG(t, bot, ", write_probe: false", checker.Pass, "")
	sql(t, admin, "REVOKE TEMP ON DATABASE rights FROM PUBLIC", "CREATE TABLE orders (id int)", "GRANT INSERT (id) ON orders TO bot_rights")
	if o := expectPG(t, bot, "", checker.Pass, ""); o.Probe <= 0 { // TEMP is not needed
		t.Errorf("%+v has no time of the probe", o)
	}
	if o := expectPG(t, bot, ", write_probe: false", checker.Pass, ""); o.Probe != 0 {
		t.Errorf("%+v has the time of a probe", o)
	}
	expectPG(t, bot, ", tables: {orders: [insert]}", checker.Fail, "no_permission")
	sql(t, admin, "GRANT SELECT, INSERT ON orders TO bot_rights")
	expectPG(t, bot, ", tables: {orders: [select, insert]}", checker.Pass, "")
	// A list of rights would be true for one of them.
	if o := expectPG(t, bot, ", tables: {orders: [insert, update]}", checker.Fail, "no_permission"); !strings.Contains(o.Detail, "update orders") {
		t.Errorf("the detail does not name the right: %s", o.Detail)
	}
	expectPG(t, bot, ", tables: {trades: [insert]}", checker.Fail, "no_such_table")
	expectPG(t, bot, ", read_only: true, tables: {trades: [select]}", checker.Fail, "no_such_table")
	expectPG(t, bot, ", write_probe: false, insert: INSERT INTO trades VALUES (1)", checker.Fail, "no_such_table")
	expectPG(t, bot, ", tables: {'a b': [insert]}", checker.Fail, "no_such_table")
	sql(t, admin, "CREATE SCHEMA closed", "CREATE TABLE closed.orders (id int)")
	expectPG(t, bot, ", tables: {closed.orders: [insert]}", checker.Fail, "no_permission")

	with := func(setting string) string {
		return with(t, bot, func(u *url.URL) { u.RawQuery += "&" + setting })
	}
	expectPG(t, with("search_path=nosuch"), "", checker.Fail, "no_such_schema")
	expectPG(t, with("search_path=nosuch"), ", read_only: true", checker.Fail, "no_such_schema")
	expectPG(t, with("search_path=closed"), "", checker.Fail, "no_such_schema")
	expectPG(t, with("search_path=closed,public"), "", checker.Pass, "")
	expectPG(t, with("search_path="), "", checker.Pass, "") // all names have their schema
	expectPG(t, with("default_transaction_read_only=on"), "", checker.Fail, "read_only")
	expectPG(t, with("default_transaction_read_only=on"), ", write_probe: false", checker.Fail, "read_only")
	expectPG(t, with("default_transaction_read_only=on"), ", read_only: true", checker.Pass, "")

	// The function is revoked, and then missing: a temporary table takes its
	// place.
	function := "pg_logical_emit_message(bool, text, text)"
	sql(t, admin, "REVOKE EXECUTE ON FUNCTION "+function+" FROM PUBLIC")
	if o := expectPG(t, bot, "", checker.Warn, "not_probed"); !strings.Contains(o.Detail, "pg_logical_emit_message") {
		t.Errorf("the detail names no right to grant: %s", o.Detail)
	}
	sql(t, admin, "GRANT TEMP ON DATABASE rights TO bot_rights")
	expectPG(t, bot, "", checker.Pass, "")
	sql(t, admin, "UPDATE pg_proc SET proname = 'renamed' WHERE oid = '"+function+"'::regprocedure")
	expectPG(t, bot, "", checker.Pass, "")
	if tables := scan[int](t, admin, "SELECT count(*) FROM pg_class WHERE relname = 'preflight_probe'"); tables != 0 {
		t.Errorf("%d temporary tables are left", tables)
	}
}

// A probe leaves nothing behind but a few bytes of WAL.
func TestPostgresProbeLeavesNothing(t *testing.T) {
	t.Parallel()
	server := testservers.StartPostgres(t)
	address := server.DSN()
	sizes := `SELECT sum(pg_total_relation_size(c.oid)) || ' ' || (SELECT count(*) FROM pg_class) || ' ' || (SELECT count(*) FROM pg_attribute)
		FROM pg_class c WHERE relnamespace = 'pg_catalog'::regnamespace`
	askPostgres.expect(t, address, "")
	before, wal := scan[string](t, address, sizes), scan[string](t, address, "SELECT pg_current_wal_insert_lsn()::text")
	const runs = 50
	for range runs {
		askPostgres.expect(t, address, "")
	}
	bytes := scan[int](t, address, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '"+wal+"')::int")
	t.Logf("%d bytes of WAL a run", bytes/runs)
	if bytes/runs > 1000 || bytes < 50*runs {
		t.Errorf("%d runs wrote %d bytes of WAL", runs, bytes)
	}
	if after := scan[string](t, address, sizes); after != before {
		t.Errorf("the catalogs grew: %s, then %s", before, after)
	}

	// The WAL may have room where the disk of a table has none.
	fillDisk(t, server)
	expectPG(t, server.DSN(), ", tables: {orders: [insert]}", checker.Pass, "")
	expectPG(t, server.DSN(), ", insert: INSERT INTO orders VALUES (1)", checker.Fail, "disk_full")
}

func TestPostgresInsert(t *testing.T) {
	t.Parallel()
	server := testservers.StartPostgres(t)
	admin, bot := asBot(t, server, "trade")
	sql(t, admin,
		"CREATE TABLE plain (id int PRIMARY KEY)", "GRANT INSERT, SELECT ON plain TO bot_trade",
		"CREATE TABLE numbered (id bigserial, note text)", "GRANT INSERT ON numbered TO bot_trade",
		"CREATE TABLE parts (day date) PARTITION BY RANGE (day)", "GRANT INSERT ON parts TO bot_trade",
		"CREATE TABLE secured (id int)", "ALTER TABLE secured ENABLE ROW LEVEL SECURITY", "GRANT INSERT ON secured TO bot_trade",
		"CREATE TABLE child (id int REFERENCES plain DEFERRABLE INITIALLY DEFERRED)", "GRANT INSERT ON child TO bot_trade",
		"CREATE TABLE closed (id int)",
	)
	insert := func(statement string) string { return fmt.Sprintf(", insert: %q", statement) }
	rights := func(table string) string { return ", tables: {" + table + ": [insert]}" }

	expectPG(t, bot, insert("INSERT INTO plain VALUES (1)"), checker.Pass, "")
	expectPG(t, bot, ", insert: [INSERT INTO plain VALUES (1), INSERT INTO plain VALUES (2)]", checker.Pass, "")
	if rows := scan[int](t, admin, "SELECT count(*) FROM plain"); rows != 0 {
		t.Errorf("%d rows are left", rows)
	}
	// The rights are there, and inserting fails.
	for table, want := range map[string]struct{ statement, reason string }{
		"numbered": {"INSERT INTO numbered (note) VALUES ('probe')", "no_permission"},
		"parts":    {"INSERT INTO parts VALUES ('2030-01-01')", "no_partition"},
		"secured":  {"INSERT INTO secured VALUES (1)", "no_permission"},
		"child":    {"INSERT INTO child VALUES (7)", "insert_failed"},
	} {
		expectPG(t, bot, rights(table), checker.Pass, "")
		expectPG(t, bot, insert(want.statement), checker.Fail, want.reason)
	}
	expectPG(t, bot, insert("INSERT INTO closed VALUES (1)"), checker.Fail, "no_permission")
	expectPG(t, bot, insert("INSERT INTO nosuch VALUES (1)"), checker.Fail, "no_such_table")
	expectPG(t, bot, insert("INSERT INTO plain SELECT id FROM plain"), checker.Warn, "not_probed")
	expectPG(t, bot, insert("INSERT INTO plain VALUES (3); COMMIT"), checker.Fail, "insert_failed")
	if rows := scan[int](t, admin, "SELECT count(*) FROM plain"); rows != 0 {
		t.Errorf("%d rows are left", rows)
	}

	// Another session locks the table.
	locker, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = locker.Close(t.Context()) }()
	if _, err := locker.Exec(t.Context(), "BEGIN; LOCK TABLE plain"); err != nil {
		t.Fatal(err)
	}
	check := fromConfig(t, "database: {postgres: {url_from: P, timeout: 2s, insert: INSERT INTO plain VALUES (1)}}", "Database", "paper", "P="+bot)
	expect(t, check, "postgres", checker.Fail, "timeout")
	backends := "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot_trade' AND wait_event_type = 'Lock'"
	if waiting := scan[int](t, admin, backends); waiting != 0 {
		t.Errorf("%d backends wait for the lock", waiting)
	}
}

// fillDisk makes a table whose disk is full: its file is /dev/full, which
// refuses every write as a full disk does.
func fillDisk(t *testing.T, server *testservers.Postgres) {
	t.Helper()
	sql(t, server.DSN(), "CREATE TABLE orders (id int)", "CHECKPOINT")
	dir := scan[string](t, server.DSN(), "SHOW data_directory")
	file := filepath.Join(dir, scan[string](t, server.DSN(), "SELECT pg_relation_filepath('orders')"))
	server.Stop()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", file); err != nil {
		t.Fatal(err)
	}
	server.Start()
}

func TestPostgresHosts(t *testing.T) {
	t.Parallel()
	first, second := testservers.StartPostgres(t, "wal_level=replica"), testservers.StartPostgres(t)
	for _, server := range []*testservers.Postgres{first, second} {
		sql(t, server.DSN(), "CREATE ROLE bot SUPERUSER LOGIN PASSWORD 's3cret'")
	}
	both := with(t, first.DSN(), func(u *url.URL) {
		u.Host, u.User = first.Addr()+","+second.Addr(), url.UserPassword("bot", "s3cret")
	})
	if o := expectPG(t, both, "", checker.Pass, ""); !strings.Contains(o.Detail, first.Addr()+" answered") {
		t.Errorf("the detail does not name the host: %s", o.Detail)
	}
	for _, one := range []struct{ down, up *testservers.Postgres }{{first, second}, {second, first}} {
		one.down.Stop()
		o := expectPG(t, both, "", checker.Warn, "hosts_down")
		if !strings.Contains(o.Detail, one.up.Addr()+" answered") || !strings.Contains(o.Detail, one.down.Addr()+": connection refused") {
			t.Errorf("the detail does not name both hosts: %s", o.Detail)
		}
		one.down.Start()
	}
	// A standby answers, so no host is down. The address demands a primary.
	makeStandby(t, first)
	primary := with(t, both, func(u *url.URL) { u.RawQuery += "&target_session_attrs=read-write" })
	if o := expectPG(t, primary, "", checker.Pass, ""); !strings.Contains(o.Detail, second.Addr()+" answered") {
		t.Errorf("the detail does not name the host: %s", o.Detail)
	}
	second.Stop()
	askPostgres.expect(t, primary, "session_attrs")
	first.Stop()
	o := askPostgres.observe(t, both, checkTimeout)
	if o.Reason != "connection_refused" || !strings.Contains(o.Detail, first.Addr()) || !strings.Contains(o.Detail, second.Addr()) {
		t.Errorf("%+v", o)
	}
}
