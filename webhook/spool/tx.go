package webhook

import (
	"context"
	"database/sql"
	"errors"
)

// txn is a transaction of the spool. The spool has one connection, so its
// statements are prepared once for all transactions: preparing takes longer
// than most of them do.
type txn struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func newTxn(conn *sql.Conn) *txn { return &txn{conn, map[string]*sql.Stmt{}} }

// prepared returns the statement of a query. Queries are constants, so there
// are not many.
func (t *txn) prepared(query string) (*sql.Stmt, error) {
	if s, ok := t.statements[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err == nil {
		t.statements[query] = s
	}
	return s, err
}

// Exec runs a statement that returns no rows.
func (t *txn) Exec(query string, args ...any) (sql.Result, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// Query runs a statement that returns rows.
func (t *txn) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

// QueryRow runs a statement that returns at most one row.
func (t *txn) QueryRow(query string, args ...any) *sql.Row {
	s, err := t.prepared(query)
	if err != nil { // the connection says what is wrong
		return t.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRow(args...)
}

// begin starts the transaction, as one that writes: none that only reads at
// first fails later because it can't.
func (t *txn) begin() error { return t.control("BEGIN IMMEDIATE") }

func (t *txn) commit() error { return t.control("COMMIT") }

func (t *txn) rollback() error { return t.control("ROLLBACK") }

func (t *txn) control(statement string) error {
	_, err := t.conn.ExecContext(context.Background(), statement)
	return err
}

// close ends all statements and the connection.
func (t *txn) close() error {
	var errs []error
	for _, s := range t.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}

// querier is what reads need of a transaction.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
}
