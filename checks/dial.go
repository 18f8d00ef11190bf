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

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
)

// explain returns the reason and a readable detail for a client's error. It
// never returns text that could hold the address's password.
func explain(err error, timeout time.Duration) (reason, detail string) {
	var (
		malformed errMalformed
		rejected  rejection
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
	case errors.As(err, &rejected):
		return rejected.reason, rejected.detail
	case sessionAttrs(err) != "":
		return "session_attrs", "no " + sessionAttrs(err) + " server answers at the address"
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

func isRedisError(err error) bool {
	var e redis.Error
	return errors.As(err, &e) && !errors.Is(err, redis.Nil)
}
