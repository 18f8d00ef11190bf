package checks

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresServer is the PostgreSQL that the check Database asks.
type postgresServer struct {
	server
	Inserts []string     // run and rolled back
	Rights  []tableRight // rights that the role must have
}

// ask sends SELECT 1, and proves that the role can write.
func (p postgresServer) ask(ctx context.Context, shared *sessions) (reply, error) {
	hosts := p.askOthers(ctx)
	a, err := p.askOne(ctx, shared)
	return hosts.judge(a, err, p.Timeout)
}

// askOne asks the server that the address leads to. The probe joins the shared
// connection only if it cannot wait for a standby or a lock, because Migrations
// waits for that connection.
func (p postgresServer) askOne(ctx context.Context, shared *sessions) (a reply, err error) {
	began := time.Now()
	var now sessionState
	err = shared.askShort(ctx, p.server, func(conn *pgconn.PgConn) error {
		if _, err := queryText(ctx, conn, "SELECT 1"); err != nil {
			return err
		}
		a.latency, a.detail = time.Since(began), "answered"
		if conn.Conn().RemoteAddr().Network() != "unix" {
			a.host = conn.Conn().RemoteAddr().String()
		}
		if now, err = p.readState(ctx, conn); err != nil {
			return err
		}
		if err := p.judge(now); err != nil {
			return err
		}
		if p.Probe && !now.waitsForStandby {
			return timed(&a.probe, func() error { return p.commitProbe(ctx, conn) })
		}
		return nil
	})
	guarded := p.Probe && now.waitsForStandby
	if err != nil || !guarded && !p.declares() {
		return a, err
	}
	conn, err := dialPostgres(ctx, p.server)
	if err != nil {
		return a, err
	}
	defer hangUp(conn)
	if err := p.tryRights(ctx, conn); err != nil {
		return a, err
	}
	for _, statement := range p.Inserts {
		if err := p.tryInsert(ctx, conn, statement); err != nil {
			return a, err
		}
	}
	if guarded {
		err = p.guardedProbe(ctx, conn, &a.probe)
	}
	return a, err
}

// declares reports whether preflight.yml declares what the role must be able to
// write.
func (p postgresServer) declares() bool { return len(p.Inserts)+len(p.Rights) > 0 }

// sessionState holds the settings of a session that decide about writes.
type sessionState struct {
	readOnly, recovery bool
	noSchema           bool
	searchPath         string
	waitsForStandby    bool // a commit waits for a synchronous standby
	mayWrite           bool
}

// readState reads them in one round trip. An empty search_path is a deliberate
// setting: such a system names all schemas.
func (p postgresServer) readState(ctx context.Context, conn *pgconn.PgConn) (s sessionState, err error) {
	mayWrite := "true"
	if p.Probe && !p.declares() {
		mayWrite = mayWriteAnything
	}
	rows, err := queryText(ctx, conn, `SELECT current_setting('transaction_read_only') = 'on', pg_is_in_recovery(),
	current_schema() IS NULL AND btrim(current_setting('search_path'), ' "') <> '', current_setting('search_path'),
	current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local'),
	`+mayWrite)
	if err != nil {
		return s, err
	}
	row := rows[0]
	isTrue := func(i int) bool { return string(row[i]) == "t" }
	return sessionState{isTrue(0), isTrue(1), isTrue(2), string(row[3]), isTrue(4), isTrue(5)}, nil
}

// mayWriteAnything is true if the role can write somewhere: create objects,
// change a table or a view, or call a function that runs with other rights.
const mayWriteAnything = `(has_database_privilege(current_database(), 'CREATE') OR EXISTS (
	SELECT FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (
		has_schema_privilege(n.oid, 'CREATE')
		OR has_schema_privilege(n.oid, 'USAGE') AND (
			EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'f')
				AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE') OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')))
			OR EXISTS (SELECT FROM pg_proc f WHERE f.pronamespace = n.oid AND f.prosecdef AND has_function_privilege(f.oid, 'EXECUTE'))))))`

// judge returns an error if the session cannot work as preflight.yml declares.
func (p postgresServer) judge(s sessionState) error {
	switch {
	case p.ReadOnly && s.noSchema:
		return noSchema(s)
	case p.ReadOnly:
		return nil
	case s.recovery:
		return rejection{"read_only", "a standby answers, and takes no writes"}
	case s.readOnly:
		return rejection{"read_only", "default_transaction_read_only is on"}
	case !s.mayWrite:
		return rejection{"connect_only", "the role may connect, and write nothing"}
	case s.noSchema:
		return noSchema(s)
	}
	return nil
}

func noSchema(s sessionState) error {
	return rejection{"no_such_schema", "the search_path is " + s.searchPath + ", and no schema of it can be used"}
}
