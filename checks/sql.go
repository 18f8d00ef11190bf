package checks

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return measurement{}, err
	}
	defer hangUp(conn.PgConn())
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return measurement{}, err
	}
	text, err := firstValue(ctx, tx, p.query)
	if err != nil {
		return measurement{}, err
	}
	v, err := number(text)
	return measurement{value: v, isValue: true, latency: time.Since(began)}, err
}

// firstValue returns the first value of the first row as text.
func firstValue(ctx context.Context, tx pgx.Tx, query string) (string, error) {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return "", err
		}
		return "", rejection{"no_value", "no row"}
	}
	values := rows.RawValues()
	if len(values) == 0 || values[0] == nil {
		return "", rejection{"no_value", "NULL"}
	}
	text := string(values[0])
	rows.Close()
	return text, rows.Err()
}
