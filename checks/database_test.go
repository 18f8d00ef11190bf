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

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// serverCheck is a check of one server, whose address is in VAR.
type serverCheck struct {
	target, name string
	config       string // TIMEOUT stands for the timeout
}

var askRedis = serverCheck{"redis", "Database", "database: {redis: {url_from: VAR, timeout: TIMEOUT}}"}

var askPostgres = serverCheck{"postgres", "Database", "database: {postgres: {url_from: VAR, timeout: TIMEOUT}}"}

// The other checks that use PostgreSQL.
var askSchema = serverCheck{"schema", "Migrations", "migrations: [{name: schema, url_from: VAR, folder: ../webhook/history/migrations, timeout: TIMEOUT}]"}

var askQuery = serverCheck{"sql", "SQL", "checks: [{name: SQL, timeout: TIMEOUT, sql: {url_from: VAR, query: SELECT 1}, fail: {above: 1}}]"}

func (c serverCheck) observe(t *testing.T, address string, timeout time.Duration) checker.Observation {
	t.Helper()
	config := strings.ReplaceAll(c.config, "TIMEOUT", timeout.String())
	return observe(t, fromConfig(t, config, c.name, "paper", "VAR="+address), c.target)
}

// checkTimeout is enough for a loaded machine.
const checkTimeout = 20 * time.Second

func (c serverCheck) expect(t *testing.T, address, reason string) {
	t.Helper()
	timeout := checkTimeout
	if reason == "timeout" {
		timeout = 100 * time.Millisecond
	}
	o := c.observe(t, address, timeout)
	if o.Reason != reason {
		t.Errorf("%s: %+v, want the reason %q", c.target, o, reason)
	}
	if reason == "" && (o.Status != checker.Pass || o.Latency <= 0) {
		t.Errorf("%s: %+v, want a pass with its latency", c.target, o)
	}
	if strings.Contains(o.Detail, "s3cret") {
		t.Errorf("%s: the detail shows the password: %s", c.target, o.Detail)
	}
}

// expectPostgres expects the same result from every check that uses PostgreSQL.
func expectPostgres(t *testing.T, address, reason string) {
	t.Helper()
	for _, c := range []serverCheck{askPostgres, askSchema, askQuery} {
		c.expect(t, address, reason)
	}
}

// with returns the address with a change.
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
	askRedis.expect(t, good, "")
	askRedis.expect(t, redis.URL(), "auth_failed")
	askRedis.expect(t, with(t, good, func(u *url.URL) { u.User = url.UserPassword("", "s3cret-wrong") }), "auth_failed")
	askRedis.expect(t, with(t, good, func(u *url.URL) { u.Path = "/7" }), "no_such_database")
	askRedis.expect(t, with(t, good, func(u *url.URL) { u.Host = "nosuch.invalid:6379" }), "host_not_found")
	askRedis.expect(t, "redis://:s3cret@h:port", "malformed")
	askRedis.expect(t, "", "not_configured")
	redis.Pause()
	askRedis.expect(t, good, "timeout")
	redis.Resume()
	redis.Stop()
	askRedis.expect(t, good, "connection_refused")
	redis.Start()
	askRedis.expect(t, good, "")
}

// Replicas answer but take no writes.
func TestReplicasAreReadOnly(t *testing.T) {
	t.Parallel()
	primary := testservers.StartRedis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := testservers.StartRedis(t, "--replicaof", host+" "+port)
	askRedis.expect(t, replica.URL(), "read_only")

	standby := testservers.StartPostgres(t, "wal_level=replica", "hot_standby=on")
	askPostgres.expect(t, standby.DSN(), "")
	makeStandby(t, standby)
	askPostgres.expect(t, standby.DSN(), "read_only")
	for _, attrs := range []string{"primary", "read-write"} {
		expectPostgres(t, with(t, standby.DSN(), func(u *url.URL) { u.RawQuery += "&target_session_attrs=" + attrs }), "session_attrs")
	}

	// They pass where read_only is true.
	readers := fromConfig(t, "database: {redis: {url_from: R, read_only: true, timeout: 20s}, postgres: {url_from: P, read_only: true, timeout: 20s}}",
		"Database", "paper", "R="+replica.URL(), "P="+standby.DSN())
	expect(t, readers, "postgres", checker.Pass, "")
	eventually(t, func() error { // until the replica has the data
		if o := observe(t, readers, "redis"); o.Status != checker.Pass {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
	primary.Stop()
	eventually(t, func() error {
		if o := observe(t, readers, "redis"); o.Reason != "link_down" {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
}

// makeStandby restarts a PostgreSQL as a standby of a missing primary.
func makeStandby(t *testing.T, p *testservers.Postgres) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN())
	if err != nil {
		t.Fatal(err)
	}
	var dir string
	if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	signal := filepath.Join(dir, "standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(signal, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	p.Start()
}

// A Redis that allows one client, whose disk then fails.
func TestRedisFullAndFailing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := testservers.StartRedis(t, "--maxclients", "1", "--dir", dir, "--save", "3600 1000")
	client := connect(t, server.URL())
	eventually(t, func() error { return client.Ping(t.Context()).Err() })
	askRedis.expect(t, server.URL(), "too_many_connections")

	if err := client.ConfigSet(t.Context(), "maxclients", "100").Err(); err != nil {
		t.Fatal(err)
	}
	askRedis.expect(t, server.URL(), "")
	// A folder has the name of the file that it saves to.
	if err := os.Mkdir(filepath.Join(dir, "dump.rdb"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := client.BgSave(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return sees(t, askRedis, server.URL(), "cannot_save") })
	// A Redis that cannot save does not stop.
	if err := client.ConfigSet(t.Context(), "save", "").Err(); err != nil {
		t.Fatal(err)
	}
}

// A Redis that takes long to load its data.
func TestRedisLoading(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t, "--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024")
	client := connect(t, server.URL())
	value := strings.Repeat("x", 4096)
	for i := range 100 {
		// The values differ, so that they do not compress well.
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
	eventually(t, func() error { return sees(t, askRedis, server.URL(), "loading") })
	if err := <-reloaded; err != nil {
		t.Error(err)
	}
}

// connect returns a client with one persistent connection.
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

// A certificate of an unknown authority.
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
	askRedis.expect(t, "rediss://:s3cret@"+port.Addr(), "tls_failed")
	askRedis.expect(t, "rediss://"+port.Addr()+"?skip_verify=true", "")
}

// selfSigned writes a certificate and its key.
func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4zero}}
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
	askPostgres.expect(t, good, "")
	expectPostgres(t, with(t, good, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "s3cret-wrong") }), "auth_failed")
	expectPostgres(t, with(t, good, func(u *url.URL) { u.Path = "/nosuch" }), "no_such_database")
	expectPostgres(t, with(t, good, func(u *url.URL) { u.RawQuery = "sslmode=require" }), "tls_failed")
	expectPostgres(t, with(t, good, func(u *url.URL) { u.RawQuery += "&nosuchsetting=1" }), "refused_command")
	expectPostgres(t, with(t, good, func(u *url.URL) { u.Host = "nosuch.invalid:5432" }), "host_not_found")
	for _, attrs := range []string{"standby", "read-only"} {
		expectPostgres(t, with(t, good, func(u *url.URL) { u.RawQuery += "&target_session_attrs=" + attrs }), "session_attrs")
	}
	expectPostgres(t, "postgres://u:s3cret@h:port/x", "malformed")
	expectPostgres(t, "", "not_configured")
	postgres.Pause()
	expectPostgres(t, good, "timeout")
	postgres.Resume()
	expectPostgres(t, "postgres://u:s3cret@"+silent(t)+"/x?sslmode=disable", "timeout")
	postgres.Stop()
	expectPostgres(t, good, "connection_refused")
}

// A PostgreSQL that allows one connection and then stops. A smart shutdown
// refuses new connections while one is open.
func TestPostgresFullAndStopping(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t, "max_connections=1", "superuser_reserved_connections=0", "max_wal_senders=0")
	// An earlier connection may still be open.
	eventually(t, func() error { return sees(t, askPostgres, postgres.DSN(), "") })
	var holder *pgx.Conn
	eventually(t, func() (err error) {
		holder, err = pgx.Connect(t.Context(), postgres.DSN())
		return err
	})
	expectPostgres(t, postgres.DSN(), "too_many_connections")

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
	for _, c := range []serverCheck{askPostgres, askSchema, askQuery} {
		eventually(t, func() error { return sees(t, c, postgres.DSN(), "loading") })
	}
	if err := holder.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// sees is like expect, for a condition that takes time.
func sees(t *testing.T, c serverCheck, address, reason string) error {
	if o := c.observe(t, address, 20*time.Second); o.Reason != reason {
		return fmt.Errorf("%s: %+v, want the reason %q", c.target, o, reason)
	}
	return nil
}

// eventually retries try until it returns nil.
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

// A server that accepts connections and closes them.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	address := hangsUp(t)
	askRedis.expect(t, "redis://:s3cret@"+address, "unreachable")
	expectPostgres(t, "postgres://u:s3cret@"+address+"/x?sslmode=disable", "unreachable")
}

func TestDatabasesAreAskedAtOnce(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	redis.Pause()
	check := fromConfig(t, "database: {redis: {url_from: R, timeout: 100ms}, postgres: {url_from: P, timeout: 20s}}",
		"Database", "paper", "R="+redis.URL(), "P="+postgres.DSN())
	expect(t, check, "redis", checker.Fail, "timeout")
	expect(t, check, "postgres", checker.Pass, "")
}
