package checks_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/proc"
	"github.com/alertnative/preflight/internal/testservers"
	"github.com/alertnative/preflight/metrics"
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
	o := observe(t, target, address, 500*time.Millisecond)
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
	expect(t, checks.TargetPostgres, with(t, good, func(u *url.URL) { u.Host = "nosuch.invalid:5432" }), "host_not_found")
	expect(t, checks.TargetPostgres, "postgres://u:s3cret@h:port/x", "malformed")
	expect(t, checks.TargetPostgres, "", "not_configured")
	postgres.Pause()
	expect(t, checks.TargetPostgres, good, "timeout")
	postgres.Resume()
	postgres.Stop()
	expect(t, checks.TargetPostgres, good, "connection_refused")
}

func TestDatabasesAreAskedAtOnce(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	redis.Pause()
	check := checks.Database{
		Redis:    &checks.Server{Address: redis.URL(), Timeout: 300 * time.Millisecond},
		Postgres: &checks.Server{Address: postgres.DSN(), Timeout: 10 * time.Second},
	}
	got := check.Run(t.Context())
	if got[0].Reason != "timeout" || got[1].Status != checks.Pass {
		t.Errorf("%+v: Redis hangs and PostgreSQL does not", got)
	}
}

// Both ways: what a real run writes is what the catalogue declares, and all of
// it.
func TestARealRunAgreesWithTheCatalogue(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"REDIS_URL": redis.URL(), "POSTGRES_DSN": postgres.DSN()}[name]
		return v, ok
	}
	config, err := checks.ReadConfig("../preflight.yml")
	if err != nil {
		t.Fatal(err)
	}
	f := newFile(t)
	f.Specs = checks.Shipped()
	f.Metrics = metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(f.Specs...))
	record := func() {
		report := checks.Runner{Checks: config.Checks(lookup), Real: true}.Run(t.Context())
		if _, err := f.Write(t.Context(), "paper", report); err != nil {
			t.Fatal(err)
		}
	}
	record()
	redis.Stop()
	record() // problems have series only while there are some

	written := parse(t, f.Path)
	declared := map[string]metrics.Desc{}
	for _, d := range f.Metrics.All() {
		declared[d.Name] = d
		if written[d.Name] == nil {
			t.Errorf("%s is declared and not written", d.Name)
		}
	}
	for name, family := range written {
		d, ok := declared[name]
		if !ok {
			t.Errorf("%s is written and not declared", name)
			continue
		}
		if got := strings.ToLower(family.GetType().String()); got != string(d.Type) {
			t.Errorf("%s is a %s, declared as %s", name, got, d.Type)
		}
		if family.GetHelp() != d.Help {
			t.Errorf("%s: help %q, declared %q", name, family.GetHelp(), d.Help)
		}
		for _, series := range family.Metric {
			if len(series.Label) != len(d.Labels) {
				t.Errorf("%s has %d labels, declared %v", name, len(series.Label), d.LabelNames())
			}
			for _, l := range series.Label {
				declaredLabel, ok := d.Label(l.GetName())
				if !ok {
					t.Errorf("%s has the label %q, which is not declared", name, l.GetName())
				}
				if declaredLabel.Values != nil && !slices.Contains(declaredLabel.Values, l.GetValue()) {
					t.Errorf("%s: %s=%q is none of the declared values %v", name, l.GetName(), l.GetValue(), declaredLabel.Values)
				}
			}
			if d.Type == metrics.Histogram {
				var bounds []float64
				for _, b := range series.Histogram.Bucket {
					bounds = append(bounds, b.GetUpperBound())
				}
				if len(bounds) != len(d.Buckets)+1 {
					t.Errorf("%s has the buckets %v, declared %v", name, bounds, d.Buckets)
				}
			}
		}
	}
	// Closed sets that a run always writes whole.
	for _, d := range []metrics.Desc{f.Metrics.ChecksTotal, f.Metrics.CheckStatus, f.Metrics.TargetStatus} {
		for _, name := range []string{"check", "status"} {
			l, _ := d.Label(name)
			for _, value := range l.Values {
				if !writes(written[d.Name], name, value) {
					t.Errorf("%s: no series with %s=%q, which is declared", d.Name, name, value)
				}
			}
		}
	}
}
