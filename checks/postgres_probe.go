package checks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// commitProbe commits a write that leaves nothing behind: a message in the WAL.
// It needs no right and adds no row to a catalog. Where the function is missing
// or revoked, a temporary table takes its place.
func (p postgresServer) commitProbe(ctx context.Context, conn *pgconn.PgConn) error {
	return p.commitNamed(ctx, conn, rand.Text())
}

// commitNamed writes the probe. The name lets a second session find it.
func (p postgresServer) commitNamed(ctx context.Context, conn *pgconn.PgConn, name string) error {
	err := p.commit(ctx, conn, "BEGIN /* preflight "+name+" */; SELECT pg_logical_emit_message(true, 'preflight', ''); COMMIT")
	if !hasCode(err, "42883", "42501") {
		return err
	}
	err = p.commit(ctx, conn, "BEGIN /* preflight "+name+" */; CREATE TEMPORARY TABLE preflight_probe ON COMMIT DROP AS SELECT 1 AS probe; COMMIT")
	if hasCode(err, "42501") {
		return reservation{"not_probed", "the role may use neither pg_logical_emit_message nor a temporary table: grant one of them, or declare insert"}
	}
	return err
}

// commit runs a transaction, and cancels it before the time of ctx is over.
func (p postgresServer) commit(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	takeNotice(conn)
	err := p.cancelling(ctx, conn, func(ctx context.Context) error {
		_, err := queryText(ctx, conn, sql)
		return err
	})
	if err != nil {
		return errors.Join(explainWrite(err), p.rollBack(ctx, conn))
	}
	if takeNotice(conn) == "01000" {
		return rejection{"not_replicated", "committed, and no synchronous standby confirmed it within " + p.Timeout.String()}
	}
	return nil
}

// rollBack ends a failed transaction, because another check takes the
// connection.
func (p postgresServer) rollBack(ctx context.Context, conn *pgconn.PgConn) error {
	if conn.IsClosed() || conn.TxStatus() == 'I' {
		return nil
	}
	_, err := queryText(ctx, conn, "ROLLBACK")
	return err
}

// cancelling calls run with a statement, and asks the server to cancel the
// statement before the time of ctx is over. A server does not notice that a
// client hung up while it waits for a standby or a lock, so the backend would
// stay.
func (p postgresServer) cancelling(ctx context.Context, conn *pgconn.PgConn, run func(context.Context) error) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(p.Timeout)
	}
	soft, release := context.WithDeadline(ctx, deadline.Add(-min(p.Timeout/4, maxGrace)))
	defer release()
	if err := soft.Err(); err != nil {
		return err // no time is left to cancel the statement
	}
	// An interrupted run cancels the statement too.
	hard, stop := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer stop()
	ended, asked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(asked)
		select {
		case <-ended:
			return
		case <-soft.Done():
		}
		// The server ignores a request that overtakes the statement.
		for again := time.NewTicker(20 * time.Millisecond); ; {
			_ = conn.CancelRequest(hard)
			select {
			case <-ended:
				again.Stop()
				return
			case <-again.C:
			}
		}
	}()
	err := run(hard)
	close(ended)
	<-asked // a late request would cancel the next statement
	return err
}

// maxGrace is the longest time that a check keeps for the cancellation.
const maxGrace = 500 * time.Millisecond

// guardedProbe writes the probe while a second session guards it: a statement
// there cancels the wait for a standby if this process dies in it. It ends by
// itself, and the client's death does not stop it.
func (p postgresServer) guardedProbe(ctx context.Context, conn *pgconn.PgConn, took *time.Duration) error {
	rows, err := queryText(ctx, conn, "SELECT pg_backend_pid()")
	if err != nil {
		return err
	}
	guard, err := dialPostgres(ctx, p.server)
	if err != nil {
		return err
	}
	defer hangUp(guard)
	name := rand.Text()
	// The role may have a statement_timeout that ends the sleep too early.
	sql := fmt.Sprintf(`BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_sleep(%.3f);
	SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep' AND query LIKE '%%%s%%'; COMMIT`,
		p.Timeout.Seconds(), rows[0][0], name)
	waiting := guard.Exec(context.WithoutCancel(ctx), sql)
	err = timed(took, func() error { return p.commitNamed(ctx, conn, name) })
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxGrace)
	defer cancel()
	if guard.CancelRequest(end) == nil {
		_ = guard.Conn().SetReadDeadline(time.Now().Add(maxGrace))
		_ = waiting.Close()
	}
	return err
}

// explainWrite replaces errors that mean the same for every write.
func explainWrite(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	reason := map[string]string{"25006": "read_only", "53100": "disk_full"}[pg.Code]
	switch {
	case pg.Code == "57014":
		return context.DeadlineExceeded
	case reason != "":
		return rejection{reason, pgDetail(pg)}
	}
	return err
}

// hasCode reports whether an error is PostgreSQL's with one of the codes.
func hasCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	for _, code := range codes {
		if pg.Code == code {
			return true
		}
	}
	return false
}
