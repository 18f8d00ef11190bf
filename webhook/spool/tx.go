package spool

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Tx is a transaction of the spool. The spool has one connection, so its
// statements are prepared once for all transactions: preparing takes longer than
// running most of them.
type Tx struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	aside      []Aside // that the transaction set aside
	lastID     int64   // the greatest id of a new row
	file       string  // the identity of the database file
	named      *bool   // an instance may have the name of a cluster; nil until [Tx.anyNamed]
	separate   *bool   // an instance may have a chat of its own; nil until [Tx.anySeparate]
	parsed     parsed  // notifications that are to be applied
}

func newTx(conn *sql.Conn) *Tx { return &Tx{conn: conn, statements: map[string]*sql.Stmt{}} }

// prepared returns the statement of a query. Queries are constants, so their
// number is small.
func (t *Tx) prepared(query string) (*sql.Stmt, error) {
	if s, ok := t.statements[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.statements[query] = s
	}
	return s, err
}

// exec runs a statement that returns no rows.
func (t *Tx) exec(query string, args ...any) (sql.Result, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// query runs a statement that returns rows.
func (t *Tx) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

// queryRow runs a statement that returns at most one row.
func (t *Tx) queryRow(query string, args ...any) *sql.Row {
	s, err := t.prepared(query)
	if err != nil { // running it again returns the error
		return t.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRow(args...)
}

// insert runs a statement that inserts a row, and returns the row's id.
func (t *Tx) insert(query string, args ...any) (id int64, err error) {
	r, err := t.exec(query, args...)
	if err != nil {
		return 0, err
	}
	id, err = r.LastInsertId()
	t.lastID = max(t.lastID, id)
	return id, err
}

// begin starts a transaction that writes. If a transaction reads first, its
// first write can fail.
func (t *Tx) begin() error { return t.control("BEGIN IMMEDIATE") }

func (t *Tx) commit() error { return t.control("COMMIT") }

func (t *Tx) rollback() error { return t.control("ROLLBACK") }

// Try runs a function whose changes it reverts if the function fails.
func (t *Tx) Try(f func() error) error {
	aside := len(t.aside)
	if _, err := t.exec("SAVEPOINT item"); err != nil {
		return err
	}
	failed := recovered(f)
	if failed != nil {
		t.aside = t.aside[:aside]
		if _, err := t.exec("ROLLBACK TO item"); err != nil {
			return errors.Join(failed, err)
		}
	}
	_, err := t.exec("RELEASE item")
	return errors.Join(failed, err)
}

func (t *Tx) control(statement string) error {
	_, err := t.conn.ExecContext(context.Background(), statement)
	return err
}

// close closes the statements and the connection.
func (t *Tx) close() error {
	var errs []error
	for _, s := range t.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}

// collect reads the rows of a query.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// badRow is a row that could not be read.
type badRow struct {
	id     int64 // its first column
	reason error
}

// errEnough makes [collectGood] leave the row and those after it unread.
var errEnough = errors.New("enough rows")

// collectGood reads the rows of a query whose first column is the id. It also
// returns the rows that cannot be read.
func collectGood[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) (list []T, bad []badRow, _ error) {
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err == nil {
			list = append(list, v)
			continue
		}
		if err == errEnough {
			break
		}
		id, scanErr := firstColumn(rows)
		if scanErr != nil {
			return nil, nil, errors.Join(err, scanErr)
		}
		bad = append(bad, badRow{id, err})
	}
	return list, bad, rows.Err()
}

// firstColumn returns the id of a row of which another column cannot be read.
func firstColumn(rows *sql.Rows) (id int64, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values := make([]any, len(columns))
	values[0] = &id
	for i := 1; i < len(values); i++ {
		values[i] = new(any)
	}
	return id, rows.Scan(values...)
}

// micro returns the stored form of a time; the zero time is NULL.
func micro(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func fromMicro(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64)
}
