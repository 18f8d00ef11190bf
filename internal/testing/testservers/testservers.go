// Package testservers gives tests and benchmarks a real redis-server and a
// real PostgreSQL of their own. A program that is missing fails the test and
// says how to get it; no test is skipped.
//
//	func TestDatabase(t *testing.T) {
//		redis := testservers.StartRedis(t)
//		postgres := testservers.StartPostgres(t)
//		… // redis.URL(), postgres.DSN()
//		redis.Stop() // connections are refused
//		redis.Start()
//		redis.Pause() // connections are accepted, nothing is answered
//	}
//
// A PostgreSQL takes about a second to make: let subtests share one, with a
// [Postgres.NewDatabase] each where they write.
package testservers

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/stack/servers"
)

// Redis is a redis-server that lives as long as the test.
type Redis struct {
	server
	redis *servers.Redis
}

// StartRedis starts a redis-server on a free port. The arguments are the
// server's own: StartRedis(t, "--requirepass", "secret").
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r, err := servers.StartRedis(context.Background(), servers.Config{Dir: tempDir(t), Options: args})
	if err != nil {
		t.Fatal(err)
	}
	return &Redis{manage(t, r.Server), r}
}

// URL returns the address as in REDIS_URL, without a password.
func (r *Redis) URL() string { return r.redis.URL() }

// Postgres is a PostgreSQL that lives as long as the test.
type Postgres struct {
	server
	postgres *servers.Postgres
}

// StartPostgres starts a new PostgreSQL on a free port. Settings are as in
// postgresql.conf: StartPostgres(t, "max_connections=5").
func StartPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	p, err := servers.StartPostgres(context.Background(), servers.Config{Dir: tempDir(t), Options: settings})
	if err != nil {
		t.Fatal(err)
	}
	return &Postgres{manage(t, p.Server), p}
}

// DSN returns the connection string of an administrator in the database
// "postgres", as in POSTGRES_DSN, with the password in it.
func (p *Postgres) DSN() string { return p.postgres.DSN() }

// Password returns the password that is in the connection strings, for tests
// that look for it where it must not be.
func (p *Postgres) Password() string { return p.postgres.Password() }

// NewDatabase makes an empty database and returns its connection string.
func (p *Postgres) NewDatabase(name string) string {
	p.t.Helper()
	if err := p.postgres.Exec(context.Background(), `CREATE DATABASE "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
		p.t.Fatalf("new database %s: %v", name, err)
	}
	return p.postgres.DatabaseDSN(name)
}

// server is what tests can do with both.
type server struct {
	t testing.TB
	s *servers.Server
}

func manage(t testing.TB, s *servers.Server) server {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server{t, s}
}

// Addr returns the server's host and port.
func (s server) Addr() string { return s.s.Addr() }

// Stop ends the server: connections to it are refused.
func (s server) Stop() {
	s.t.Helper()
	s.must(s.s.Stop())
}

// Start starts a stopped server again, on the same port, and returns when it
// answers.
func (s server) Start() {
	s.t.Helper()
	s.must(s.s.Start(context.Background()))
}

// Pause hangs the server: it accepts connections and answers nothing.
func (s server) Pause() {
	s.t.Helper()
	s.must(s.s.Pause())
}

// Resume lets a paused server go on.
func (s server) Resume() {
	s.t.Helper()
	s.must(s.s.Resume())
}

func (s server) must(err error) {
	if err != nil {
		s.t.Helper()
		s.t.Fatal(err)
	}
}

// tempDir is like [testing.TB.TempDir], which root's other users may not enter.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "preflight-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
