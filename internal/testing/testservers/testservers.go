// Package testservers starts a real redis-server and a real PostgreSQL for
// tests and benchmarks. A missing program fails the test, with a message that
// names the command to install it.
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
// Creating a PostgreSQL takes about a second. Subtests can share one: those
// that write call [Postgres.NewDatabase].
package testservers

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/stack/servers"
)

// Redis is a redis-server that stops with the test.
type Redis struct {
	server
	redis *servers.Redis
}

// StartRedis starts a redis-server on a free port. args are flags of
// redis-server, for example StartRedis(t, "--requirepass", "secret").
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r, err := servers.StartRedis(context.Background(), servers.Config{Dir: tempDir(t), Options: args})
	if err != nil {
		t.Fatal(err)
	}
	return &Redis{manage(t, r.Server), r}
}

// URL returns the server's address in the form of REDIS_URL, without a
// password.
func (r *Redis) URL() string { return r.redis.URL() }

// Postgres is a PostgreSQL that stops with the test.
type Postgres struct {
	server
	postgres *servers.Postgres
}

// StartPostgres starts a new PostgreSQL on a free port. Settings are lines of
// postgresql.conf, for example "max_connections=5".
func StartPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	p, err := servers.StartPostgres(context.Background(), servers.Config{Dir: tempDir(t), Options: settings})
	if err != nil {
		t.Fatal(err)
	}
	return &Postgres{manage(t, p.Server), p}
}

// DSN returns an administrator's connection string for the database "postgres",
// password included.
func (p *Postgres) DSN() string { return p.postgres.DSN() }

// Password returns the password of the connection strings, for tests that
// search output for it.
func (p *Postgres) Password() string { return p.postgres.Password() }

// NewDatabase makes an empty database and returns its connection string.
func (p *Postgres) NewDatabase(name string) string {
	p.t.Helper()
	if err := p.postgres.Exec(context.Background(), `CREATE DATABASE "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
		p.t.Fatalf("new database %s: %v", name, err)
	}
	return p.postgres.DatabaseDSN(name)
}

// server has the methods that both servers share.
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

// Stop stops the server. Connections are refused.
func (s server) Stop() {
	s.t.Helper()
	s.must(s.s.Stop())
}

// Start starts a stopped server on the same port, and returns when it answers.
func (s server) Start() {
	s.t.Helper()
	s.must(s.s.Start(context.Background()))
}

// Pause suspends the server. It accepts connections and sends no answer.
func (s server) Pause() {
	s.t.Helper()
	s.must(s.s.Pause())
}

// Resume continues a paused server.
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

// tempDir returns a folder like [testing.TB.TempDir] that users other than root
// may enter.
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
