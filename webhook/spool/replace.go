package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/alertnative/preflight/webhook/state"
)

var (
	// ErrDamaged is the error of a job that shows that the database is damaged.
	// The spool replaces the database, and runs the job again.
	ErrDamaged = errors.New("the spool is damaged")
	// errMoved means that another file or none is in the place of the database,
	// and errReplaced that it was replaced.
	errMoved    = errors.New("the files of the spool were deleted or replaced")
	errReplaced = errors.New("the spool was replaced")
)

// replaceEvery is the shortest time between two replacements of a damaged
// database. In between, jobs fail.
const replaceEvery = time.Minute

// Replaced reports that a new database is in use.
type Replaced struct {
	// Kept is the name of the damaged files. It is empty if all rows are in the
	// new database, because its files had only been deleted or replaced.
	Kept string
	// Reason is the error that showed the damage.
	Reason error
	// Saved are the notifications that could be read in the damaged database
	// and are not shown in any chat.
	Saved []state.Arrival
}

// replacement is the state of replacements.
type replacement struct {
	at         time.Time // the last one of a damaged database
	files      [2]os.FileInfo
	seed       func(*Tx, Replaced) error
	atStart    *Replaced
	generation atomic.Int64
}

// OnReplaced sets the function that fills a new database, in its first
// transaction. If [Open] replaced the database, it calls the function.
func (s *Spool) OnReplaced(seed func(*Tx, Replaced) error) error {
	return s.Do(func(tx *Tx) error {
		s.replaced.seed = seed
		if r := s.replaced.atStart; r != nil {
			return seed(tx, *r)
		}
		return nil
	})
}

// Generation counts the new databases in the place of damaged ones.
func (s *Spool) Generation() int64 { return s.replaced.generation.Load() }

// restore replaces the database if an error shows that it is damaged or that its
// files are gone. It returns errReplaced if a new database is in use.
func (s *Spool) restore(err error) error {
	if s.path == InMemory || err == nil {
		return err
	}
	var failed error
	switch {
	case errors.Is(err, errMoved):
		failed = s.moveBack()
	case isDamaged(err), s.exhausted(err):
		failed = s.replace(err)
	default:
		return err
	}
	if failed != nil {
		s.writable.Store(false)
		return errors.Join(err, failed)
	}
	return errReplaced
}

// greatID is greater than every id of an undamaged database.
const greatID = 1 << 60

// anyGreatID selects whether a row or a sequence has an id above a limit.
const anyGreatID = `SELECT EXISTS (SELECT 1 FROM (SELECT max(id) AS id FROM inbox UNION ALL SELECT max(id) FROM instances
	UNION ALL SELECT max(id) FROM messages UNION ALL SELECT max(id) FROM set_aside UNION ALL SELECT max(seq) FROM journal
	UNION ALL SELECT max(seq) FROM sqlite_sequence) WHERE id > ?)`

// exhausted reports whether a damaged id is the reason why SQLite has no more
// ids, which it reports as a full disk.
func (s *Spool) exhausted(err error) (yes bool) {
	var e *sqlite.Error
	if s.tx == nil || !errors.As(err, &e) || e.Code() != sqlite3.SQLITE_FULL {
		return false
	}
	err = s.tx.queryRow(anyGreatID, greatID).Scan(&yes)
	return err == nil && yes
}

// replace keeps a damaged database aside and begins a new one.
func (s *Spool) replace(reason error) error {
	now := time.Now()
	if since := now.Sub(s.replaced.at); since >= 0 && since < replaceEvery {
		return errors.New("it was replaced a moment ago")
	}
	s.replaced.at = now
	r := Replaced{Reason: reason}
	var lastID int64
	if s.tx != nil {
		if lastID = s.tx.lastID; lastID > greatID {
			lastID = 0
		}
		r.Saved = s.tx.save()
		_ = s.closeDB() // it is damaged
	}
	var err error
	if r.Kept, err = keepAside(s.path, "corrupt"); err != nil {
		return err
	}
	if err := s.open(context.Background()); err != nil {
		return errors.Join(err, s.closeDB())
	}
	s.replaced.generation.Add(1)
	return s.transact([]job{{do: func(tx *Tx) error {
		if err := tx.continueIDs(lastID); err != nil || s.replaced.seed == nil {
			return err
		}
		return s.replaced.seed(tx, r)
	}}})
}

// continueIDs gives new rows greater ids than those of the previous database,
// which calls in progress still use.
func (t *Tx) continueIDs(last int64) error {
	const margin = 1000
	for _, table := range []string{"inbox", "instances", "messages", "journal"} {
		if _, err := t.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, last+margin); err != nil {
			return err
		}
	}
	return nil
}

const (
	saveInbox   = `SELECT id, received_at, notify, cluster, receiver, body FROM inbox ORDER BY id`
	unshownRows = selectInstances + `WHERE i.resolved_at IS NULL AND i.id IN (SELECT instance FROM views WHERE pending = 1 AND shown = 0)`
)

// save reads what it can of the notifications that are not applied, and of the
// firing alerts that a chat does not show.
func (t *Tx) save() (list []state.Arrival) {
	rows, err := t.query(saveInbox)
	inbox, _, _ := collectGood(rows, err, func(rows *sql.Rows) (a state.Arrival, err error) {
		var at int64
		if err = rows.Scan(&a.ID, &at, &a.Notify, &a.Cluster, &a.Receiver, &a.Body); err == nil {
			a.At = time.UnixMicro(at)
			_, err = state.ParsePayload(a.Body)
		}
		return a, err
	})
	rows, err = t.query(unshownRows)
	unshown, _, _ := collectGood(rows, err, func(rows *sql.Rows) (*state.Instance, error) { return scanInstance(rows) })
	for _, i := range unshown {
		if a, err := i.Arrival(); err == nil {
			list = append(list, a)
		}
	}
	return append(list, inbox...)
}

// remember stores the identities of the files that are in use.
func (s *Spool) remember() error {
	s.replaced.files = [2]os.FileInfo{}
	if s.path == InMemory {
		return nil
	}
	for i, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.replaced.files[i] = info
	}
	s.tx.file = fileIdentity(s.replaced.files[0])
	return nil
}

// moved reports whether other files or none are in the place of those in use.
// What SQLite writes then would be lost with the process.
func (s *Spool) moved() bool {
	if s.path == InMemory {
		return false
	}
	for i, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		switch known := s.replaced.files[i]; {
		case known == nil && err == nil: // SQLite made it meanwhile
			s.replaced.files[i] = info
		case known == nil:
		case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(info, known):
			return true
		}
	}
	return false
}

// moveBack writes all rows to a file in the place of the deleted or replaced
// one, which it keeps aside.
func (s *Spool) moveBack() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return err
	}
	copied := s.path + ".copy"
	if err := os.Remove(copied); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := private(copied); err != nil {
		return err
	}
	lastID := s.tx.lastID
	if _, err := s.tx.conn.ExecContext(context.Background(), `VACUUM INTO ?`, copied); err != nil {
		return err
	}
	if err := s.closeDB(); err != nil {
		return err
	}
	if _, err := keepAside(s.path, "replaced"); err != nil {
		return err
	}
	if err := os.Rename(copied, s.path); err != nil {
		return err
	}
	if err := s.open(context.Background()); err != nil {
		return errors.Join(err, s.closeDB())
	}
	s.tx.lastID = lastID
	if s.replaced.seed == nil {
		return nil
	}
	return s.transact([]job{{do: func(tx *Tx) error { return s.replaced.seed(tx, Replaced{Reason: errMoved}) }}})
}

// repair checks the database, and makes its indexes new if only these are wrong.
func (s *Spool) repair(ctx context.Context) error {
	if err := s.complete(ctx); err != nil {
		return err
	}
	wrong, err := integrity(ctx, s.tx.conn)
	if err != nil || wrong == "" {
		return err
	}
	if _, err := s.tx.conn.ExecContext(ctx, `REINDEX`); err != nil {
		return errors.Join(ErrDamaged, err)
	}
	if wrong, err = integrity(ctx, s.tx.conn); err == nil && wrong != "" {
		err = errors.Join(ErrDamaged, errors.New(wrong))
	}
	return err
}

// complete returns an error if the database lacks a column of a new one.
func (s *Spool) complete(ctx context.Context) error {
	fresh, err := openDB(ctx, InMemory)
	if err != nil {
		return err
	}
	want, err := columns(ctx, fresh)
	if err = errors.Join(err, fresh.Close()); err != nil {
		return err
	}
	have, err := columns(ctx, s.tx.conn)
	if err != nil {
		return err
	}
	for _, column := range want {
		if !slices.Contains(have, column) {
			return fmt.Errorf("%w: it has no column %s", ErrDamaged, column)
		}
	}
	return nil
}

// columns returns the columns of all tables, as table.column.
func columns(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`)
	return collect(rows, err, func(rows *sql.Rows) (name string, err error) { return name, rows.Scan(&name) })
}

// querier is a connection or a pool of them.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// integrity returns the first mistakes in the structure of a database.
func integrity(ctx context.Context, q querier) (wrong string, err error) {
	rows, err := q.QueryContext(ctx, `PRAGMA integrity_check(5)`)
	lines, err := collect(rows, err, func(rows *sql.Rows) (line string, err error) { return line, rows.Scan(&line) })
	if err != nil || len(lines) == 1 && lines[0] == "ok" {
		return "", err
	}
	return strings.Join(lines, "; "), nil
}

// Verify checks the structure of the database without a pause of the jobs. If
// it is damaged, it repairs or replaces it.
func (s *Spool) Verify(ctx context.Context) error {
	if s.path == InMemory {
		return nil
	}
	db, err := openReadOnly(s.path)
	if err != nil {
		return err
	}
	wrong, err := integrity(ctx, db)
	err = errors.Join(err, db.Close())
	if err == nil && wrong == "" || err != nil && !isDamaged(err) {
		return err
	}
	return s.Do(func(tx *Tx) error { return s.repair(context.Background()) })
}
