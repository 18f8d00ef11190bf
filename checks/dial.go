package checks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
)

// explain returns the reason and a readable detail for a client's error. It
// never returns text that could hold the address's password.
func explain(err error, timeout time.Duration) (reason, detail string) {
	var (
		malformed errMalformed
		pg        *pgconn.PgError
		dns       *net.DNSError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		netErr    net.Error
	)
	switch {
	case errors.As(err, &malformed):
		return "malformed", malformed.Error()
	case errors.As(err, &pg):
		return explainPostgres(pg)
	case isRedisError(err):
		return explainRedis(err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection_refused", at(err) + "connection refused"
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "host_not_found", "the name of its host is not known"
	case errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid),
		errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "server refused TLS connection"):
		return "tls_failed", "no secure connection"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &netErr) && netErr.Timeout():
		return "timeout", fmt.Sprintf("no answer within %s", timeout)
	default:
		return "unreachable", "the connection broke"
	}
}

// at returns the dialled address, if the error has it.
func at(err error) string {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Addr != nil {
		return op.Addr.String() + ": "
	}
	return ""
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
	return reason, fmt.Sprintf("%s (SQLSTATE %s)", err.Message, err.Code)
}

func isRedisError(err error) bool {
	var e redis.Error
	return errors.As(err, &e) && !errors.Is(err, redis.Nil)
}

// explainRedis maps the first word of Redis's errors to reasons.
func explainRedis(err error) (reason, detail string) {
	word, _, _ := strings.Cut(err.Error(), " ")
	switch {
	case word == "NOAUTH", word == "WRONGPASS", word == "NOPERM", strings.Contains(err.Error(), "invalid password"),
		strings.Contains(err.Error(), "without any password"), strings.Contains(err.Error(), "no password is set"):
		return "auth_failed", "Redis answers " + word
	case word == "LOADING":
		return "loading", "Redis answers LOADING"
	case strings.Contains(err.Error(), "max number of clients"):
		return "too_many_connections", "Redis takes no more clients"
	case strings.Contains(err.Error(), "DB index"):
		return "no_such_database", "Redis has no database of that number"
	default:
		return "refused_command", "Redis answers " + word
	}
}

// postgresConfig parses the server's address.
func postgresConfig(s server) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(s.Address)
	if err != nil {
		return nil, errMalformed{s.Variable, "a PostgreSQL address"}
	}
	return config, nil
}

// dialPostgres opens a connection for a few simple queries.
func dialPostgres(ctx context.Context, s server) (*pgconn.PgConn, error) {
	config, err := postgresConfig(s)
	if err != nil {
		return nil, err
	}
	return pgconn.ConnectConfig(ctx, &config.Config)
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
