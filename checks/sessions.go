package checks

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/alertnative/preflight/checker"
)

// sessions holds the connections to PostgreSQL that the checks of a run share,
// because a new one costs a server process and a password check. The short
// query of Database runs first. Then the query of Migrations, which may wait
// for a lock, takes the connection away, so it delays no other check.
type sessions struct {
	mu   sync.Mutex
	open map[string]*session // by address
	over bool                // no further check joins
}

// session is a connection that a check may still use.
type session struct {
	up    chan struct{} // closed when conn or err is set
	conn  *pgconn.PgConn
	err   error
	short chan struct{} // closed after the short query; nil without one

	promised bool // a check will take it
}

// sessionsOf returns the connections that the checks of the run share.
func sessionsOf(env checker.Env) *sessions {
	return checker.Shared(env, func() *sessions { return &sessions{open: map[string]*session{}} })
}

// askShort runs a short query on the server's connection and leaves the
// connection to the check that takes it.
func (s *sessions) askShort(ctx context.Context, server server, ask func(*pgconn.PgConn) error) error {
	s.mu.Lock()
	it, first := s.join(server.Address)
	over := make(chan struct{})
	it.short = over
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(over)
		if s.over {
			it.hangUp()
		}
	}()
	conn, err := it.connect(ctx, server, first)
	if err != nil {
		return err
	}
	if conn != it.conn {
		defer hangUp(conn)
	}
	return ask(conn)
}

// take returns a connection to the server for the caller alone.
func (s *sessions) take(ctx context.Context, server server) (*pgconn.PgConn, error) {
	s.mu.Lock()
	it, first := s.join(server.Address)
	promised := it.promised
	it.promised = true
	s.mu.Unlock()
	if promised {
		return dialPostgres(ctx, server)
	}
	conn, err := it.connect(ctx, server, first)
	if err != nil || conn != it.conn {
		return conn, err
	}
	for s.mu.Lock(); it.busy(); s.mu.Lock() {
		s.mu.Unlock()
		select {
		case <-it.short:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	delete(s.open, server.Address)
	s.mu.Unlock()
	if conn.IsClosed() {
		return dialPostgres(ctx, server)
	}
	return conn, nil
}

// join returns the session of the address. If first is true, the caller must
// connect it.
func (s *sessions) join(address string) (it *session, first bool) {
	if it = s.open[address]; it != nil {
		return it, false
	}
	it = &session{up: make(chan struct{})}
	s.open[address] = it
	return it, true
}

// connect opens the connection, or waits for the check that opens it. If that
// check failed, connect tries again, because the other timeout may have been
// shorter.
func (it *session) connect(ctx context.Context, server server, first bool) (*pgconn.PgConn, error) {
	if first {
		defer close(it.up)
		it.conn, it.err = dialPostgres(ctx, server)
		return it.conn, it.err
	}
	select {
	case <-it.up:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if it.err != nil {
		return dialPostgres(ctx, server)
	}
	return it.conn, nil
}

// busy reports whether the short query is running.
func (it *session) busy() bool {
	if it.short == nil {
		return false
	}
	select {
	case <-it.short:
		return false
	default:
		return true
	}
}

// hangUp closes the connection, if it is open.
func (it *session) hangUp() {
	select {
	case <-it.up:
		if it.conn != nil {
			hangUp(it.conn)
		}
	default:
	}
}

// Close closes connections that no check took. Running checks close their own.
func (s *sessions) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, it := range s.open {
		if !it.busy() {
			it.hangUp()
		}
	}
	return nil
}
