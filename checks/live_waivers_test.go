package checks_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// elsewhere returns an address of this machine that is no loopback address.
func elsewhere(address string) string { return strings.Replace(address, "127.0.0.1", "0.0.0.0", 1) }

// risky checks a target in a live environment, without and with a waiver, and
// elsewhere.
func risky(t *testing.T, declaration, check, target, variable, value, risk string) {
	t.Helper()
	vars := []string{variable + "=" + value}
	if risk == "" {
		expect(t, fromConfig(t, declaration, check, "live", vars...), target, checker.Pass, "")
		return
	}
	expect(t, fromConfig(t, declaration, check, "live", vars...), target, checker.Warn, risk)
	expect(t, fromConfig(t, declaration, check, "paper", vars...), target, checker.Pass, "")
	host := "0.0.0.0"
	if strings.Contains(value, "127.0.0.1") {
		host = "127.0.0.1"
	}
	for _, of := range []string{variable, host} {
		waiver := fmt.Sprintf("\nlive_waivers: [{of: %s, risk: %s, reason: the same rack}]\n", of, risk)
		o := expect(t, fromConfig(t, declaration+waiver, check, "live", vars...), target, checker.Pass, "")
		if !strings.Contains(o.Detail, risk+" is waived: the same rack") {
			t.Errorf("%q does not show the waiver", o.Detail)
		}
	}
	other := fmt.Sprintf("\nlive_waivers: [{of: OTHER, risk: %s, reason: r}]\n", risk)
	expect(t, fromConfig(t, declaration+other, check, "live", vars...), target, checker.Warn, risk)
}

func TestPostgresRisks(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	cert := serveTLS(t, postgres)
	for mode, risk := range map[string]string{
		"disable": "plain_text", "allow": "plain_text", "prefer": "plain_text", "": "plain_text",
		"require": "unverified_tls", "verify-ca&sslrootcert=" + cert: "", "verify-full&sslrootcert=" + cert: "",
	} {
		address := with(t, elsewhere(postgres.DSN()), func(u *url.URL) {
			u.RawQuery = "sslmode=" + mode
			if mode == "" {
				u.RawQuery = ""
			}
		})
		risky(t, "database: {postgres: {url_from: P, timeout: 20s}}", "Database", "postgres", "P", address, risk)
	}
	plain := elsewhere(postgres.DSN())
	unverified := with(t, plain, func(u *url.URL) { u.RawQuery = "sslmode=require" })
	risky(t, "checks: [{name: SQL, sql: {url_from: P, query: select 1}, timeout: 20s, fail: {above: 1}}]", "SQL", "sql", "P", plain, "plain_text")
	risky(t, "checks: [{name: SQL, sql: {url_from: P, query: select 1}, timeout: 20s, fail: {above: 1}}]", "SQL", "sql", "P", unverified, "unverified_tls")
	// A connection to this machine needs no TLS, by any name.
	local := with(t, postgres.DSN(), func(u *url.URL) { u.Host = "localhost:" + u.Port() })
	risky(t, "database: {postgres: {url_from: P, timeout: 20s}}", "Database", "postgres", "P", local, "")

	folder := migrationsUpTo(t, 1)
	migrated := "migrations: [{name: m, url_from: P, timeout: 20s, folder: " + folder + ", tool: golang-migrate}]"
	execute(t, postgres.DSN(), "CREATE TABLE schema_migrations (version bigint, dirty bool)", "INSERT INTO schema_migrations VALUES (1, false)")
	risky(t, migrated, "Migrations", "m", "P", plain, "plain_text")
	risky(t, migrated, "Migrations", "m", "P", unverified, "unverified_tls")
}

// serveTLS makes a server accept TLS, and returns its certificate.
func serveTLS(t *testing.T, postgres *testservers.Postgres) (certFile string) {
	t.Helper()
	certFile, keyFile := selfSigned(t)
	statements := []string{}
	for name, file := range map[string]string{"server.crt": certFile, "server.key": keyFile} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, fmt.Sprintf("COPY (SELECT '%s') TO PROGRAM 'base64 -d > %[2]s && chmod 600 %[2]s'",
			base64.StdEncoding.EncodeToString(data), name))
	}
	execute(t, postgres.DSN(), append(statements, "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")...)
	return certFile
}

// execute runs statements.
func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s[:min(len(s), 40)], err)
		}
	}
}

// migrationsUpTo returns a folder with so many migrations.
func migrationsUpTo(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for v := 1; v <= n; v++ {
		if err := os.WriteFile(fmt.Sprintf("%s/%04d_x.up.sql", dir, v), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A warning of another kind does not hide a risk.
func TestRiskBesideWarning(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	const declaration = "checks: [{name: SQL, sql: {url_from: P, query: select 1}, timeout: 20s, warn: {above: 0}}]\n"
	of := "P=" + elsewhere(postgres.DSN())
	o := expect(t, fromConfig(t, declaration, "SQL", "live", of), "sql", checker.Warn, "above_limit")
	if !strings.Contains(o.Detail, "the limit is 0; sslmode allows a connection without TLS") {
		t.Errorf("%q does not name the risk", o.Detail)
	}
	const waiver = "live_waivers: [{of: P, risk: plain_text, reason: the same rack}]"
	o = expect(t, fromConfig(t, declaration+waiver, "SQL", "live", of), "sql", checker.Warn, "above_limit")
	if !strings.Contains(o.Detail, "plain_text is waived: the same rack") {
		t.Errorf("%q does not show the waiver", o.Detail)
	}
}

// The address of a loopback interface may name it.
func TestLoopbackWithZone(t *testing.T) {
	t.Parallel()
	redis := testservers.StartRedis(t, "--bind", "::1", "127.0.0.1")
	address := strings.Replace(redis.URL(), "127.0.0.1", "[::1%25lo]", 1)
	risky(t, "database: {redis: {url_from: R, timeout: 20s}}", "Database", "redis", "R", address, "")
}

func TestRedisRisks(t *testing.T) {
	t.Parallel()
	const declaration = "database: {redis: {url_from: R, timeout: 20s}}"
	cert, key := selfSigned(t)
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	redis := testservers.StartRedis(t, "--tls-port", fmt.Sprint(port.Number()), "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	risky(t, declaration, "Database", "redis", "R", elsewhere(redis.URL()), "plain_text")
	risky(t, declaration, "Database", "redis", "R", "rediss://"+elsewhere(port.Addr())+"?skip_verify=true", "unverified_tls")
	risky(t, declaration, "Database", "redis", "R", redis.URL(), "")
	risky(t, declaration, "Database", "redis", "R", "rediss://"+port.Addr()+"?skip_verify=true", "")
}

func TestHTTPRisks(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(service.Close)
	const declaration = "checks: [{name: HTTP, http: {url_from: U}, timeout: 20s}]"
	risky(t, declaration, "HTTP", "http", "U", elsewhere(service.URL), "plain_text")
	risky(t, declaration, "HTTP", "http", "U", service.URL, "")
}

func TestExchangeRisks(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.config = strings.Split(e.config, "live_waivers:")[0]
	for _, check := range e.both() {
		for _, target := range targets {
			expect(t, check, target, checker.Warn, "other_host")
		}
	}
	// Outside of a live environment test networks are as good.
	expect(t, e.positions("paper"), "upbit", checker.Pass, "")

	_, port, err := net.SplitHostPort(strings.TrimPrefix(e.vars[0], "UPBIT=http://"))
	if err != nil {
		t.Fatal(err)
	}
	e.vars = append(e.vars, "UPBIT=http://0.0.0.0:"+port)
	e.config += "live_waivers: [{of: UPBIT, risk: other_host, reason: a proxy of ours}]\n"
	for _, check := range e.both() {
		expect(t, check, "upbit", checker.Warn, "plain_text")
	}
	e.config = strings.Replace(e.config, "live_waivers: [", "live_waivers: [{of: 0.0.0.0, risk: plain_text, reason: in our network}, ", 1)
	for _, check := range e.both() {
		if o := expect(t, check, "upbit", checker.Pass, ""); !strings.Contains(o.Detail, "a proxy of ours") || !strings.Contains(o.Detail, "in our network") {
			t.Errorf("%q does not show both waivers", o.Detail)
		}
	}
}

// A failure counts more than a risk.
func TestRiskOfFailingTarget(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.config = strings.Split(e.config, "live_waivers:")[0]
	e.binance.SetPosition("BTCUSDT", "-0.010")
	expect(t, e.positions("live"), "binance_futures", checker.Fail, "unexpected_position")
}

func TestWaiverErrors(t *testing.T) {
	t.Parallel()
	const rest = "environment: {required: [{name: A}]}\n"
	for text, want := range map[string]string{
		"live_waivers: [{risk: plain_text, reason: r}]":                "p.yml:1: live_waivers[0].of: name the variable with the address",
		"live_waivers: [{of: 'postgres://u:p@h/d', risk: plain_text}]": "p.yml:1: live_waivers[0].of: name the variable with the address",
		"live_waivers: [{of: A, risk: plaintext, reason: r}]":          `p.yml:1: live_waivers[0].risk: "plaintext" is none of [other_host plain_text unverified_tls]`,
		"live_waivers: [{of: A, risk: plain_text, reason: ' '}]":       "p.yml:1: live_waivers[0].reason: give the reason to accept this",
		"live_waivers: [{of: A, risk: plain_text, why: r}]":            `p.yml:1: unknown key "why" in live_waivers[0]`,
	} {
		_, err := parse(text + "\n" + rest)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "live_waivers[0]") != 1 {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
