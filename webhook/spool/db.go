package spool

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// InMemory is the path of a spool that lives as long as its process.
const InMemory = ":memory:"

// openDB opens the database and migrates its schema to the current version.
func openDB(ctx context.Context, path string) (*sql.DB, error) {
	dsn := path
	if path != InMemory {
		dsn = (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()
	}
	dsn += "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_txlock=immediate"
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one goroutine uses it, and each connection to :memory: is another database
	if err := prepareDB(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func prepareDB(ctx context.Context, db *sql.DB, path string) error {
	var mode string
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	const full = 2
	if path != InMemory && (mode != "wal" || synchronous != full) {
		return fmt.Errorf("journal_mode is %s and synchronous %d, not wal and %d (FULL): %w", mode, synchronous, full, errUnsupported)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// errUnsupported means that the file system lacks what a durable database needs.
var errUnsupported = errors.New("acknowledged notifications could be lost")

// isEnvironment reports whether the disk, its permissions or another process
// caused an error, so that a new database would not help.
func isEnvironment(err error) bool {
	var e *sqlite.Error
	var path *fs.PathError
	switch {
	case errors.Is(err, errUnsupported), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &path):
		return true
	case !errors.As(err, &e):
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_AUTH:
		return true
	default:
		return false
	}
}

func isDamaged(err error) bool {
	var e *sqlite.Error
	if errors.Is(err, ErrDamaged) {
		return true
	}
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	case sqlite3.SQLITE_ERROR: // which has no code of its own for these
		return slices.ContainsFunc([]string{"no such table", "no such column", "no such index"}, func(text string) bool {
			return strings.Contains(e.Error(), text)
		})
	default:
		return false
	}
}

// IsItem reports whether a job failed because of an item, and not because of
// the disk or the database, so that a retry cannot succeed.
func IsItem(err error) bool {
	if errors.Is(err, ErrClosed) || isDamaged(err) {
		return false
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return true
	default:
		return false
	}
}

// private creates the database for this user only, because alerts can be
// confidential. SQLite gives its other files the same mode.
func private(path string) error {
	if path == InMemory {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Chmod(path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// keepAside renames a database and its write-ahead log, for a reason.
func keepAside(path, reason string) (string, error) {
	aside := path + "." + reason + "-" + time.Now().UTC().Format("20060102T150405Z")
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return aside, nil
}
