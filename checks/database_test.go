package checks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/proc"
	"github.com/alertnative/preflight/internal/testservers"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis, as the command does
	os.Exit(m.Run())
}

// observe asks one database and returns what was observed of it.
func observe(t *testing.T, target, address string, timeout time.Duration) checks.Observation {
	t.Helper()
	server := &checks.Server{Variable: "VAR", Address: address, Timeout: timeout}
	check := checks.Database{Redis: server}
	if target == checks.TargetPostgres {
		check = checks.Database{Postgres: server}
	}
	report := checks.Runner{Checks: []checks.Check{check}, Real: true}.Run(t.Context())
	return report.Results[0].Observations[0]
}

func expect(t *testing.T, target, address, reason string) {
	t.Helper()
	timeout := 20 * time.Second // more than any loaded machine needs
	if reason == "timeout" {
		timeout = 100 * time.Millisecond
	}
	o := observe(t, target, address, timeout)
	if o.Reason != reason {
		t.Errorf("%s: %+v, want the reason %q", target, o, reason)
	}
	if reason == "" && (o.Status != checks.Pass || o.Latency <= 0) {
		t.Errorf("%s: %+v, want a pass with its latency", target, o)
	}
	if strings.Contains(o.Detail, "s3cret") {
		t.Errorf("%s: the detail gives the password away: %s", target, o.Detail)
	}
}

// with changes a part of an address.
func with(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func TestRedisReasons(t *testing.T) {
	t.Parallel()
	redis := testservers.StartRedis(t, "--requirepass", "s3cret", "--databases", "2")
	good := with(t, redis.URL(), func(u *url.URL) { u.User = url.UserPassword("", "s3cret") })
	expect(t, checks.TargetRedis, good, "")
	expect(t, checks.TargetRedis, redis.URL(), "auth_failed")
	expect(t, checks.TargetRedis, with(t, good, func(u *url.URL) { u.User = url.UserPassword("", "s3cret-wrong") }), "auth_failed")
	expect(t, checks.TargetRedis, with(t, good, func(u *url.URL) { u.Path = "/7" }), "no_such_database")
	expect(t, checks.TargetRedis, with(t, good, func(u *url.URL) { u.Host = "nosuch.invalid:6379" }), "host_not_found")
	expect(t, checks.TargetRedis, "redis://:s3cret@h:port", "malformed")
	expect(t, checks.TargetRedis, "", "not_configured")
	redis.Pause()
	expect(t, checks.TargetRedis, good, "timeout")
	redis.Resume()
	redis.Stop()
	expect(t, checks.TargetRedis, good, "connection_refused")
	redis.Start()
	expect(t, checks.TargetRedis, good, "")
}

// A Redis with one client to serve, whose disk then fails.
func TestRedisFullAndFailing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := testservers.StartRedis(t, "--maxclients", "1", "--dir", dir, "--save", "3600 1000")
	client := connect(t, server.URL())
	eventually(t, func() error { return client.Ping(t.Context()).Err() })
	expect(t, checks.TargetRedis, server.URL(), "too_many_connections")

	if err := client.ConfigSet(t.Context(), "maxclients", "100").Err(); err != nil {
		t.Fatal(err)
	}
	expect(t, checks.TargetRedis, server.URL(), "")
	// Something is in the place of the file that it saves to.
	if err := os.Mkdir(filepath.Join(dir, "dump.rdb"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := client.BgSave(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return sees(t, checks.TargetRedis, server.URL(), "refused_command") })
	// A Redis that cannot save would not stop, either.
	if err := client.ConfigSet(t.Context(), "save", "").Err(); err != nil {
		t.Fatal(err)
	}
}

// A Redis that reads its data slowly.
func TestRedisLoading(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t, "--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024")
	client := connect(t, server.URL())
	value := strings.Repeat("x", 4096)
	for i := range 100 {
		// Each value differs, or they would be compressed to nothing.
		if err := client.Set(t.Context(), strconv.Itoa(i), strconv.Itoa(i)+value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]string{"rdbcompression": "no", "key-load-delay": "10000"} { // µs a key
		if err := client.ConfigSet(t.Context(), key, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	reloaded := make(chan error, 1)
	go func() { reloaded <- client.Do(context.Background(), "DEBUG", "RELOAD").Err() }()
	eventually(t, func() error { return sees(t, checks.TargetRedis, server.URL(), "loading") })
	if err := <-reloaded; err != nil {
		t.Error(err)
	}
}

// connect returns a client with one connection, which it keeps.
func connect(t *testing.T, address string) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	opt.PoolSize, opt.ReadTimeout = 1, time.Minute
	client := redis.NewClient(opt)
	t.Cleanup(func() { client.Close() })
	return client
}

// A certificate that nobody vouches for.
func TestRedisTLS(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t)
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	testservers.StartRedis(t, "--tls-port", strconv.Itoa(port.Number()), "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-auth-clients", "no")
	expect(t, checks.TargetRedis, "rediss://:s3cret@"+port.Addr(), "tls_failed")
}

// selfSigned writes a certificate and its key.
func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", der)
}

func TestPostgresReasons(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	good := postgres.DSN()
	expect(t, checks.TargetPostgres, good, "")
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "s3cret-wrong") }), "auth_failed")
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.Path = "/nosuch" }), "no_such_database")
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.RawQuery = "sslmode=require" }), "tls_failed")
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.RawQuery += "&nosuchsetting=1" }), "refused_command")
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.Host = "nosuch.invalid:5432" }), "host_not_found")
	expect(t, checks.TargetPostgres, "postgres://u:s3cret@h:port/x", "malformed")
	expect(t, checks.TargetPostgres, "", "not_configured")
	postgres.Pause()
	expect(t, checks.TargetPostgres, good, "timeout")
	postgres.Resume()
	postgres.Stop()
	expect(t, checks.TargetPostgres, good, "connection_refused")
}

// A PostgreSQL with one connection to give, which then stops: as long as
// somebody is connected it takes nobody else.
func TestPostgresFullAndStopping(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t, "max_connections=1", "superuser_reserved_connections=0", "max_wal_senders=0")
	expect(t, checks.TargetPostgres, postgres.DSN(), "")
	var holder *pgx.Conn
	eventually(t, func() (err error) { // the one above may not have gone yet
		holder, err = pgx.Connect(t.Context(), postgres.DSN())
		return err
	})
	expect(t, checks.TargetPostgres, postgres.DSN(), "too_many_connections")

	var dir string
	if err := holder.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	pidFile, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(pidFile), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil { // "smart shutdown"
		t.Fatal(err)
	}
	eventually(t, func() error { return sees(t, checks.TargetPostgres, postgres.DSN(), "loading") })
	if err := holder.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// sees is expect for what takes a moment to come.
func sees(t *testing.T, target, address, reason string) error {
	if o := observe(t, target, address, 20*time.Second); o.Reason != reason {
		return fmt.Errorf("%s: %+v, want the reason %q", target, o, reason)
	}
	return nil
}

// eventually tries until there is no error.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for err := try(); err != nil; err = try() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// A server that takes connections and drops them.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	expect(t, checks.TargetRedis, "redis://:s3cret@"+listener.Addr().String(), "unreachable")
	expect(t, checks.TargetPostgres, "postgres://u:s3cret@"+listener.Addr().String()+"/x?sslmode=disable", "unreachable")
}

func TestDatabasesAreAskedAtOnce(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	redis.Pause()
	check := checks.Database{
		Redis:    &checks.Server{Address: redis.URL(), Timeout: 100 * time.Millisecond},
		Postgres: &checks.Server{Address: postgres.DSN(), Timeout: 20 * time.Second},
	}
	got := check.Run(t.Context())
	if got[0].Reason != "timeout" || got[1].Status != checks.Pass {
		t.Errorf("%+v: Redis hangs and PostgreSQL does not", got)
	}
}
