package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/alertnative/preflight/webhook/history"
)

// SpoolHistory lists what a spool knows of the history, oldest first. Label is
// the one that holds the severity. It only reads, also while the webhook works on
// that spool, and makes no file.
func SpoolHistory(ctx context.Context, path, label string, f history.Filter) (records []history.Record, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("spool %s: %w", path, err)
		}
	}()
	db, err := openReadOnly(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	rows, err := tx.QueryContext(ctx, `SELECT i.id, `+recordColumns+` FROM instances i
		WHERE i.resolved_at IS NULL OR i.resolved_at >= ? ORDER BY i.id`, f.Since.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		var r history.Record
		if err := scanRecord(rows, label, &r, &id); err != nil {
			return nil, err
		}
		if f.Match(r) {
			ids, records = append(ids, id), append(records, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range records {
		if records[i].Deliveries, err = deliveries(tx, ids[i]); err != nil {
			return nil, err
		}
	}
	history.Sort(records)
	return records, nil
}

// openReadOnly opens a spool without its lock. Beside a process that has it
// open, or after one that was killed, its index (-shm) is there and is read
// with it. Without one the database file is whole by itself.
func openReadOnly(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	query := "?mode=ro&immutable=1"
	switch _, err := os.Stat(path + "-shm"); {
	case err == nil:
		query = "?mode=ro&readonly_shm=1&_pragma=busy_timeout(5000)"
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	default:
		if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
			return nil, errors.New("it was copied without its -shm file: copy that too")
		}
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()+query)
}
