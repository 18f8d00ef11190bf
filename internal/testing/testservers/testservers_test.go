package testservers_test

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/alertnative/preflight/internal/testing/testservers"
)

func TestRedis(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t, "--requirepass", "secret")
	opts, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRetries = -1
	stranger := redis.NewClient(opts)
	t.Cleanup(func() { stranger.Close() })
	if err := stranger.Ping(t.Context()).Err(); !redis.IsAuthError(err) {
		t.Errorf("PING without the password: %v", err)
	}
	opts.Password = "secret"
	client := redis.NewClient(opts)
	t.Cleanup(func() { client.Close() })
	ping := func() error { return client.Ping(t.Context()).Err() }
	if err := ping(); err != nil {
		t.Fatal(err)
	}

	server.Stop()
	if err := ping(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("PING of a stopped server: %v, want connection refused", err)
	}
	server.Start()
	if err := ping(); err != nil {
		t.Errorf("PING after the restart: %v", err)
	}
	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	hasty := *opts
	hasty.ContextTimeoutEnabled = true
	impatient := redis.NewClient(&hasty)
	t.Cleanup(func() { impatient.Close() })
	if err := impatient.Ping(ctx).Err(); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("PING of a paused server: %v, want a timeout", err)
	}
	server.Resume()
	if err := ping(); err != nil {
		t.Errorf("PING after the pause: %v", err)
	}
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := testservers.StartPostgres(t, "max_connections=7")
	if got := query(t, server.DSN(), "SHOW max_connections"); got != "7" {
		t.Errorf("max_connections is %s", got)
	}
	dsn := server.NewDatabase("history of alerts")
	if got := query(t, dsn, "SELECT current_database()"); got != "history of alerts" {
		t.Errorf("connected to database %q", got)
	}

	server.Stop()
	if _, err := pgx.Connect(t.Context(), dsn); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting to a stopped server: %v, want connection refused", err)
	}
	server.Start()
	if got := query(t, dsn, "SELECT current_database()"); got != "history of alerts" {
		t.Errorf("connected to database %q after the restart", got)
	}

	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var timeout net.Error
	if _, err := pgx.Connect(ctx, dsn); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("connecting to a paused server: %v, want a timeout", err)
	}
	// The clean-up must stop a paused server too.
}

func TestPostgresWrongPassword(t *testing.T) {
	t.Parallel()
	cfg, err := pgx.ParseConfig(testservers.StartPostgres(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = "wrong"
	if _, err := pgx.ConnectConfig(t.Context(), cfg); err == nil {
		t.Error("connected with a wrong password")
	}
}

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var got string
	if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}
