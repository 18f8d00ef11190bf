package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// Postgres is a running PostgreSQL with one superuser, who signs in by password
// as on a production server.
type Postgres struct {
	*Server
	password string
}

// postgresUser is the superuser of the servers of StartPostgres.
const postgresUser = "preflight"

// StartPostgres creates a database cluster in the new folder "data" of cfg.Dir,
// starts PostgreSQL on it and returns when it answers. PostgreSQL refuses to
// run as root: root starts it as the user postgres, or else nobody, and gives
// cfg.Dir to that user.
func StartPostgres(ctx context.Context, cfg Config) (*Postgres, error) {
	path, err := Find("postgres")
	if err != nil {
		return nil, err
	}
	s, err := newServer("postgres", cfg)
	if err != nil {
		return nil, err
	}
	p := &Postgres{Server: s, password: rand.Text()}
	if err := p.setUp(ctx, path, cfg); err != nil {
		_ = s.Close()
		return nil, err
	}
	if err := s.Start(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return p, nil
}

// DSN returns the connection string of the database "postgres", password
// included.
func (p *Postgres) DSN() string { return p.DatabaseDSN("postgres") }

// DatabaseDSN returns the connection string of a database by its name.
func (p *Postgres) DatabaseDSN(database string) string {
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(postgresUser, p.password),
		Host: p.addr, Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// Password returns the password in the connection strings.
func (p *Postgres) Password() string { return p.password }

// Exec runs one SQL statement in the database "postgres".
func (p *Postgres) Exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, p.DSN())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// quickSettings keep a server small and turn off disk syncs.
var quickSettings = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"shared_buffers=8MB", "max_connections=40", "max_wal_senders=0", "wal_level=minimal",
	"autovacuum=off", "jit=off", "unix_socket_directories=",
}

func (p *Postgres) setUp(ctx context.Context, path string, cfg Config) error {
	user, err := unprivileged(cfg.Dir)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	data := filepath.Join(cfg.Dir, "data")
	if err := p.initdb(ctx, data, cfg.Dir, user); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return err
	}
	args := []string{"-D", data}
	settings := append([]string{"listen_addresses=" + host, "port=" + port}, quickSettings...)
	for _, s := range append(settings, cfg.Options...) {
		args = append(args, "-c", s)
	}
	p.spec = proc.Spec{
		Name: "postgres",
		Path: path,
		Args: args,
		Dir:  cfg.Dir,
		User: user,
		Log:  filepath.Join(cfg.Dir, "postgres.log"),
		// SIGTERM would wait for clients to disconnect.
		StopSignal: syscall.SIGINT,
		Ready: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, p.DSN())
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
	}
	return nil
}

// initdb creates a database cluster in the folder data.
func (p *Postgres) initdb(ctx context.Context, data, dir string, user *syscall.Credential) error {
	path, err := Find("initdb")
	if err != nil {
		return err
	}
	pwfile := filepath.Join(dir, "password")
	if err := os.WriteFile(pwfile, []byte(p.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	defer os.Remove(pwfile)
	if user != nil {
		if err := os.Chown(pwfile, int(user.Uid), int(user.Gid)); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, path, "--pgdata="+data, "--username="+postgresUser, "--pwfile="+pwfile,
		"--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync", "--no-instructions")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("postgres: initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
