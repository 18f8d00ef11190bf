package checks

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// SQLConfig declares a query on PostgreSQL whose first value is a number. It
// runs in a transaction that cannot write.
type SQLConfig struct {
	URLFrom string `yaml:"url_from"` // the variable with the address
	Query   string `yaml:"query"`
}

func (c *SQLConfig) probe(s Setting) probe {
	return sqlProbe{c.Query, Server{Variable: c.URLFrom, Address: s.value(c.URLFrom)}}
}

func (c *SQLConfig) problems(path ...any) []problem {
	problems := variableProblem(c.URLFrom, "address", "POSTGRES_DSN", append(path, "url_from")...)
	if strings.TrimSpace(c.Query) == "" {
		problems = append(problems, wrong("write the query", append(path, "query")...))
	}
	return problems
}

type sqlProbe struct {
	query  string
	server Server
}

func (p sqlProbe) looks() string { return "a query on the database in " + p.server.Variable }

func (sqlProbe) network() bool { return true }

func (sqlProbe) reasons() []Reason {
	return slices.Concat([]Reason{
		{"no_value", "the query gave no row, or NULL", "run the query of preflight.yml by hand; coalesce() gives a number instead"},
		{"not_a_number", "the first value is no number", "let the query select one number first"},
		{"not_configured", "the variable with the address is not set", "set the variable that preflight.yml names"},
		{"malformed", "the address cannot be read", "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
	}, postgresReasons(), connectionReasons())
}

func (p sqlProbe) measure(ctx context.Context) (measurement, error) {
	if p.server.Address == "" {
		return measurement{}, rejection{"not_configured", p.server.Variable + " is not set"}
	}
	began := time.Now()
	config, err := postgresConfig(p.server)
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

// firstValue returns the first value of the first row as PostgreSQL writes it.
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
