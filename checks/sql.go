package checks

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/declared"
)

// sqlProbe runs a query in a read-only transaction.
type sqlProbe struct {
	query  string
	server server
}

func newSQLProbe(c *declared.SQL, env checker.Env) sqlProbe {
	return sqlProbe{c.Query, server{Variable: c.URLFrom, Address: postgresAddress(env, c.URLFrom)}}
}

func (p sqlProbe) measure(ctx context.Context) (measurement, error) {
	if p.server.Address == "" {
		return measurement{}, rejection{"not_configured", p.server.Variable + " is not set"}
	}
	began := time.Now()
	config, err := parsePostgres(p.server)
	if err != nil {
		return measurement{}, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return measurement{}, err
	}
	defer hangUp(conn)
	if _, err := queryText(ctx, conn, "BEGIN READ ONLY"); err != nil {
		return measurement{}, err
	}
	text, err := firstValue(ctx, conn, p.query)
	if err != nil {
		return measurement{}, err
	}
	v, err := number(text)
	return measurement{value: v, isValue: true, latency: time.Since(began)}, err
}

// firstValue returns the first value of the first row as text. It reads to the
// end of the result, where an error may come.
func firstValue(ctx context.Context, conn *pgconn.PgConn, query string) (string, error) {
	results := conn.Exec(ctx, query)
	reason, text := "no row", ""
	if results.NextResult() {
		if rows := results.ResultReader(); rows.NextRow() {
			reason = "NULL"
			if values := rows.Values(); len(values) > 0 && values[0] != nil {
				reason, text = "", string(values[0])
			}
		}
	}
	if err := results.Close(); err != nil {
		return "", err
	}
	if reason != "" {
		return "", rejection{"no_value", reason}
	}
	return text, nil
}
