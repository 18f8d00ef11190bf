package checks

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// settingsOfPgx are settings of an address for the Go driver pgx, which the
// server does not know.
var settingsOfPgx = []string{"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity"}

// parsePostgres parses the server's address.
func parsePostgres(s server) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(s.Address)
	if err != nil {
		return nil, malformed(s.Variable, s.Address, "a PostgreSQL address")
	}
	for _, name := range settingsOfPgx {
		delete(config.RuntimeParams, name)
	}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return attend(conn, func() error { return isRedis(ctx, network, addr, "PostgreSQL") }), nil
	}
	config.OnNotice = keepNotice
	return config, nil
}

// dialPostgres opens a connection for a few simple queries.
func dialPostgres(ctx context.Context, s server) (*pgconn.PgConn, error) {
	config, err := parsePostgres(s)
	if err != nil {
		return nil, err
	}
	return pgconn.ConnectConfig(ctx, config)
}

// queryText runs one query and returns the rows as text.
func queryText(ctx context.Context, conn *pgconn.PgConn, sql string) (rows [][][]byte, err error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		rows = append(rows, r.Rows...)
	}
	return rows, nil
}

// hangUp closes a connection without PostgreSQL's terminate message, so that it
// does not wait for the server.
func hangUp(conn *pgconn.PgConn) { _ = conn.Conn().Close() }

// lastNotice is the key of a connection's last notice.
const lastNotice = "preflight.notice"

// keepNotice stores a notice with its connection. A commit that no standby
// confirmed succeeds, and only its warning differs from that of a good one.
func keepNotice(conn *pgconn.PgConn, n *pgconn.Notice) { conn.CustomData()[lastNotice] = n }

// takeNotice returns the code of the last notice, and forgets it.
func takeNotice(conn *pgconn.PgConn) string {
	n, _ := conn.CustomData()[lastNotice].(*pgconn.Notice)
	delete(conn.CustomData(), lastNotice)
	if n == nil {
		return ""
	}
	return n.Code
}

// explainPostgres maps PostgreSQL's error codes to reasons.
func explainPostgres(err *pgconn.PgError) (reason, detail string) {
	switch err.Code {
	case "28P01", "28000":
		reason = "auth_failed"
	case "3D000":
		reason = "no_such_database"
	case "53300":
		reason = "too_many_connections"
	case "57P03":
		reason = "loading"
	default:
		reason = "refused_command"
	}
	return reason, pgDetail(err)
}

func pgDetail(err *pgconn.PgError) string {
	return fmt.Sprintf("%s (SQLSTATE %s)", err.Message, err.Code)
}

// sessionAttrs returns the kind of server that target_session_attrs demands, or
// "" for another error.
func sessionAttrs(err error) string {
	for unmet, want := range map[error]string{
		pgconn.ErrReadOnlyConnection:  "read-write",
		pgconn.ErrReadWriteConnection: "read-only",
		pgconn.ErrPrimaryConnection:   "standby",
		pgconn.ErrStandbyConnection:   "primary",
	} {
		if errors.Is(err, unmet) {
			return want
		}
	}
	return ""
}
