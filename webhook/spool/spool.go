package webhook

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/spool/*.sql
var migrations embed.FS

// InMemory is the path of a spool that lives as long as its process.
const InMemory = ":memory:"

// maxBatch bounds how many jobs share a transaction.
const maxBatch = 256

// spool is the local database. Every access is a job for one goroutine, which
// runs all that are waiting in one transaction: many requests share a sync of
// the disk.
type spool struct {
	db       *sql.DB
	tx       *txn // of the goroutine
	lock     *flock.Flock
	jobs     chan job
	stop     chan struct{} // closed when no more jobs may come
	done     chan struct{} // closed when the last one is done
	writable atomic.Bool
	changes  int64 // rows written so far
	closing  sync.Once
}

type job struct {
	do     func(*txn) error
	result chan error
}

// openSpool opens or creates the spool, for this process alone. A file that is
// damaged is kept aside, under the returned name, and a new one begun: alerts
// must go on.
func openSpool(ctx context.Context, path string) (s *spool, damaged string, err error) {
	s = &spool{jobs: make(chan job, maxBatch), stop: make(chan struct{}), done: make(chan struct{})}
	if path != InMemory {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return nil, "", fmt.Errorf("spool: %w", err)
		}
		s.lock = flock.New(path + ".lock")
		switch locked, err := s.lock.TryLock(); {
		case err != nil:
			return nil, "", fmt.Errorf("spool: %w", err)
		case !locked:
			return nil, "", fmt.Errorf("spool: %s is in use by another process: give each its own --spool", path)
		}
	}
	s.db, err = openDB(ctx, path)
	if isDamaged(err) && path != InMemory {
		if damaged, err = keepAside(path); err == nil {
			s.db, err = openDB(ctx, path)
		}
	}
	if err != nil {
		_ = s.unlock()
		return nil, damaged, fmt.Errorf("spool %s: %w", path, err)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		err = errors.Join(err, s.db.Close(), s.unlock())
		return nil, damaged, fmt.Errorf("spool %s: %w", path, err)
	}
	s.tx = newTxn(conn)
	s.writable.Store(true)
	go s.run()
	return s, damaged, nil
}

// openDB opens the database at the present version of its schema.
func openDB(ctx context.Context, path string) (*sql.DB, error) {
	dsn := path
	if path != InMemory {
		dsn = (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()
	}
	dsn += "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one goroutine uses it; and each connection to :memory: is a database of its own
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
		return fmt.Errorf("journal_mode is %s and synchronous %d, not wal and %d (FULL): what is acknowledged would not be safe", mode, synchronous, full)
	}
	files, err := fs.Sub(migrations, "migrations/spool")
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

func isDamaged(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// keepAside renames a damaged database with its journal.
func keepAside(path string) (string, error) {
	aside := path + ".corrupt-" + time.Now().UTC().Format("20060102T150405Z")
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, os.Rename(path, aside)
}

// do runs a job and returns when it is committed. The job can run twice, when
// another of its transaction failed, so all its effects are in the database or
// in variables that it sets anew.
func (s *spool) do(f func(*txn) error) error {
	j := job{do: f, result: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-s.stop:
		return errClosed
	}
	select {
	case err := <-j.result:
		return err
	case <-s.done:
	}
	select {
	case err := <-j.result:
		return err
	default:
		return errClosed
	}
}

var errClosed = errors.New("the spool is closed")

func (s *spool) run() {
	defer close(s.done)
	for {
		select {
		case j := <-s.jobs:
			s.commit(s.batch(j))
		case <-s.stop:
			for len(s.jobs) > 0 {
				s.commit(s.batch(<-s.jobs))
			}
			return
		}
	}
}

// batch adds the jobs that are waiting to the first one.
func (s *spool) batch(first job) []job {
	batch := []job{first}
	for len(batch) < maxBatch {
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs jobs in one transaction. When that fails each gets its own, so
// that only the one at fault fails.
func (s *spool) commit(batch []job) {
	err := s.transact(batch)
	if err != nil && len(batch) > 1 {
		for _, j := range batch {
			s.commit([]job{j})
		}
		return
	}
	for _, j := range batch {
		j.result <- err
	}
}

func (s *spool) transact(batch []job) (err error) {
	tx := s.tx
	if err := tx.begin(); err != nil {
		s.writable.Store(false)
		return err
	}
	for _, j := range batch {
		if err := j.do(tx); err != nil {
			if e := (*sqlite.Error)(nil); errors.As(err, &e) {
				s.writable.Store(false)
			}
			return errors.Join(err, tx.rollback())
		}
	}
	var changes int64
	if err := tx.QueryRow("SELECT total_changes()").Scan(&changes); err != nil {
		return errors.Join(err, tx.rollback())
	}
	// A transaction that only read does not prove that the spool can be written.
	if err = tx.commit(); err != nil || changes != s.changes {
		s.writable.Store(err == nil)
	}
	if err != nil { // a commit that failed for want of space leaves it open
		_ = tx.rollback()
	}
	s.changes = changes
	return err
}

// check proves that the spool can be written.
func (s *spool) check() error {
	return s.do(func(tx *txn) error { return setFact(tx, "checked_at", time.Now()) })
}

// close ends the spool after the jobs that are waiting.
func (s *spool) close() (err error) {
	s.closing.Do(func() {
		close(s.stop)
		<-s.done
		err = errors.Join(s.tx.close(), s.db.Close(), s.unlock())
	})
	return err
}

func (s *spool) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

// setNumber stores a number under a name.
func setNumber(tx *txn, name string, v int64) error {
	_, err := tx.Exec(`INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, v)
	return err
}

// number returns a stored number, 0 when there is none.
func number(tx *txn, name string) (v int64, err error) {
	err = tx.QueryRow(`SELECT value FROM facts WHERE name = ?`, name).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return v, err
}

// setFact stores a time under a name.
func setFact(tx *txn, name string, t time.Time) error { return setNumber(tx, name, t.UnixMicro()) }

// fact returns a stored time, the zero time when there is none.
func fact(tx *txn, name string) (time.Time, error) {
	v, err := number(tx, name)
	if err != nil || v == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(v), nil
}
