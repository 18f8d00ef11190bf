// Package spool is the local database of the webhook: accepted notifications, the
// state of the alerts, and what each chat shows. It holds all SQL of that
// database.
//
// [Spool.Do] runs a function in a transaction, and the methods of [Tx] read and
// write rows. An [Applier] writes the decisions of package state.
package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// maxBatch is the maximum number of jobs in a transaction.
const maxBatch = 256

// Spool is the local database. One goroutine runs all jobs. It runs waiting
// jobs together in one transaction, so that many requests share a sync of the
// disk.
type Spool struct {
	path     string
	db       *sql.DB
	tx       *Tx // of the goroutine
	lock     *flock.Flock
	jobs     chan job
	stop     chan struct{} // closed when no more jobs may come
	done     chan struct{} // closed when the last one is done
	writable atomic.Bool
	changes  int64 // rows written so far
	aside    atomic.Pointer[func([]Aside)]
	replaced replacement
	closing  sync.Once
}

type job struct {
	do     func(*Tx) error
	result chan error
}

// Open opens or creates the spool, for this process alone. It keeps a damaged file
// under the returned name and creates a new one, so that alerts are delivered.
func Open(ctx context.Context, path string) (s *Spool, damaged string, err error) {
	s = &Spool{path: path, jobs: make(chan job, maxBatch), stop: make(chan struct{}), done: make(chan struct{})}
	if path != InMemory {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return nil, "", fmt.Errorf("spool: %w", err)
		}
		s.lock = flock.New(path+".lock", flock.SetPermissions(0o600))
		switch locked, err := s.lock.TryLock(); {
		case err != nil:
			return nil, "", fmt.Errorf("spool: %w", err)
		case !locked:
			return nil, "", fmt.Errorf("spool: %s is in use by another process: give each its own --spool", path)
		}
	}
	err = s.open(ctx)
	if err == nil {
		err = s.repair(ctx)
	}
	if err != nil && path != InMemory && !isEnvironment(err) {
		r := Replaced{Reason: err}
		if s.tx != nil {
			r.Saved = s.tx.save()
		}
		_ = s.closeDB() // it is damaged
		if damaged, err = keepAside(path, "corrupt"); err == nil {
			err = s.open(ctx)
		}
		r.Kept = damaged
		s.replaced.atStart = &r
	}
	if err != nil {
		err = errors.Join(err, s.closeDB(), s.unlock())
		return nil, damaged, fmt.Errorf("spool %s: %w", path, err)
	}
	s.writable.Store(true)
	go s.run()
	return s, damaged, nil
}

// open opens the database file of the spool.
func (s *Spool) open(ctx context.Context) (err error) {
	if s.db, err = openDB(ctx, s.path); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	s.tx, s.changes = newTx(conn), 0
	return s.remember()
}

// closeDB closes the database file.
func (s *Spool) closeDB() (err error) {
	if s.tx != nil {
		err, s.tx = s.tx.close(), nil
	}
	if s.db != nil {
		err, s.db = errors.Join(err, s.db.Close()), nil
	}
	return err
}

// Do runs a job in a transaction and returns when it is committed. If another
// job of its transaction fails, the job runs twice. So all its effects must be
// in the database, or in variables that it sets again in each run.
func (s *Spool) Do(f func(*Tx) error) error {
	j := job{do: f, result: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-s.stop:
		return ErrClosed
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
		return ErrClosed
	}
}

// ErrClosed is the error of a job after [Spool.Close].
var ErrClosed = errors.New("the spool is closed")

func (s *Spool) run() {
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

// batch returns the first job and those that wait.
func (s *Spool) batch(first job) []job {
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

// commit runs jobs in one transaction. If it fails, each job gets its own, so that
// only the faulty one fails.
func (s *Spool) commit(batch []job) {
	err := s.restore(s.transact(batch))
	if errors.Is(err, errReplaced) {
		err = s.transact(batch)
	}
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

const countChanges = `SELECT total_changes()`

func (s *Spool) transact(batch []job) (err error) {
	tx := s.tx
	if tx == nil {
		return ErrDamaged
	}
	if s.moved() {
		return errMoved
	}
	tx.aside = nil
	if err := tx.begin(); err != nil {
		s.writable.Store(false)
		return err
	}
	for _, j := range batch {
		if err := recovered(func() error { return j.do(tx) }); err != nil {
			if e := (*sqlite.Error)(nil); errors.As(err, &e) {
				s.writable.Store(false)
			}
			return errors.Join(err, tx.rollback())
		}
	}
	var changes int64
	if err := tx.queryRow(countChanges).Scan(&changes); err != nil {
		return errors.Join(err, tx.rollback())
	}
	// A transaction that only read does not prove that the spool is writable.
	if err = tx.commit(); err != nil || changes != s.changes {
		s.writable.Store(err == nil)
	}
	if err != nil { // a commit that lacks space leaves the transaction open
		_ = tx.rollback()
	}
	s.changes = changes
	if f := s.aside.Load(); err == nil && f != nil && len(tx.aside) > 0 {
		(*f)(tx.aside)
	}
	return err
}

// recovered calls a function. A panic is an error, because a process that dies of
// an item would die of it again.
func recovered(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// OnAside sets the function that learns of the items that were set aside.
func (s *Spool) OnAside(f func([]Aside)) { s.aside.Store(&f) }

const (
	// probeSize is the size of a large notification. A small write can succeed
	// on a full disk.
	probeSize   = 64 << 10
	insertProbe = `INSERT INTO probe (data) VALUES (zeroblob(?))`
	deleteProbe = `DELETE FROM probe`
)

// Check writes to the spool as a large notification does, and returns the error
// if that fails.
func (s *Spool) Check() error {
	insert := func(tx *Tx) error { _, err := tx.exec(insertProbe, probeSize); return err }
	empty := func(tx *Tx) error { _, err := tx.exec(deleteProbe); return err }
	err := s.Do(insert)
	if err == nil {
		err = s.Do(empty)
	}
	return err
}

// Writable reports whether the last write succeeded.
func (s *Spool) Writable() bool { return s.writable.Load() }

// Close closes the spool after the jobs that wait.
func (s *Spool) Close() (err error) {
	s.closing.Do(func() {
		close(s.stop)
		<-s.done
		err = errors.Join(s.closeDB(), s.unlock())
	})
	return err
}

func (s *Spool) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
