// Package pg opens pools of PostgreSQL that connect when they are used, applies
// migrations that several replicas may apply at the same time, and removes the
// connection string from errors.
package pg

import (
	"context"
	"errors"
	"hash/crc32"
	"io/fs"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Codes of errors.
const (
	InsufficientPrivilege = "42501"
	LockNotAvailable      = "55P03"
	UndefinedTable        = "42P01"
)

// Open prepares access by a connection string, with a limit of connections and
// a timeout for each new one. The error quotes no part of the string, which can
// hold a password.
func Open(dsn string, connections int32, connect time.Duration) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("no connection string of PostgreSQL: write it as postgres://user:password@host:5432/database")
	}
	config.MaxConns = connections
	config.ConnConfig.ConnectTimeout = connect
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, errors.New("no usable connection string of PostgreSQL")
	}
	return pool, nil
}

// Migrate migrates tables in the schema "preflight" to the current version, and
// stores that version in a table. Replicas that migrate at the same time wait for each other.
func Migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS, versions string) error {
	if err := createSchema(ctx, pool); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// The lock is not the one of other programs, whose migrations can take long.
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockID(int64(crc32.ChecksumIEEE([]byte("preflight."+versions)))), lock.WithLockTimeout(1, 60), lock.WithUnlockTimeout(1, 60))
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName("preflight."+versions))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return Clean(err)
}

// createSchema creates the schema if there is none. A role that cannot create one
// can use one that exists.
func createSchema(ctx context.Context, pool *pgxpool.Pool) error {
	var exists bool
	err := pool.QueryRow(ctx, `SELECT to_regnamespace('preflight') IS NOT NULL`).Scan(&exists)
	if err != nil || exists {
		return Clean(err)
	}
	// If two replicas create it at once, one can fail with a unique violation.
	// Then the other has created it.
	if _, err := pool.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS preflight`); err != nil && !IsCode(err, "23505", "42P06") {
		return Clean(err)
	}
	return nil
}

// IsCode reports whether the server gave one of the error codes.
func IsCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// Clean returns the error of the server, or the reason why it cannot be
// reached. It removes the connection string that the driver quotes.
func Clean(err error) error {
	var connect *pgconn.ConnectError
	var op *net.OpError
	var server *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &server):
		return &serverError{server}
	case errors.As(err, &connect), errors.As(err, &op):
		return errors.New("PostgreSQL cannot be reached")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("PostgreSQL does not answer in time")
	default:
		return errors.New("the connection to PostgreSQL broke")
	}
}

// serverError is an error of the server, without the rows that it quotes.
type serverError struct{ *pgconn.PgError }

func (e *serverError) Error() string { return "PostgreSQL: " + e.Message + " (" + e.Code + ")" }
func (e *serverError) Unwrap() error { return e.PgError }
