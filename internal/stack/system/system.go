// Package system creates a small ready system on this machine, without
// accounts: everything that the project's preflight.yml checks. The demo, the
// benchmarks and the tests use it.
package system

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakeexchange"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/history"
)

// System holds the checkout, the schema and the exchanges. Redis and PostgreSQL
// belong to the caller.
type System struct {
	Dir     string // checkout at a commit of the branch main
	Upbit   *fakeexchange.Upbit
	Binance *fakeexchange.Binance

	upbit, binance *http.Server
	vars           []string
}

// patient matches the timeouts of the checks. A machine that runs tests can be
// busier than one that trades.
var patient = regexp.MustCompile(`(timeout|max_latency): \d+s`)

// waivers accept the exchanges of this system in its preflight.yml.
const waivers = `
live_waivers:
  - {of: UPBIT_API_URL, risk: other_host, reason: a fake on this machine}
  - {of: BINANCE_API_URL, risk: other_host, reason: a fake on this machine}
  - {of: BINANCE_FUTURES_API_URL, risk: other_host, reason: a fake on this machine}
`

// migrations is the folder in preflight.yml.
const migrations = "webhook/history/migrations"

// New creates a system in a folder, with a running Redis and PostgreSQL.
func New(ctx context.Context, dir, redisURL, postgresDSN string) (*System, error) {
	s := &System{Dir: dir, Upbit: fakeexchange.NewUpbit(), Binance: fakeexchange.NewBinance()}
	if err := s.checkout(ctx); err != nil {
		return nil, fmt.Errorf("the checkout: %w", err)
	}
	if err := migrate(ctx, postgresDSN); err != nil {
		return nil, fmt.Errorf("the schema: %w", err)
	}
	var upbit, binance string
	var err error
	if s.upbit, upbit, err = serve(s.Upbit); err != nil {
		return nil, err
	}
	if s.binance, binance, err = serve(s.Binance); err != nil {
		return nil, errors.Join(err, s.upbit.Close())
	}
	s.vars = []string{
		"REDIS_URL=" + redisURL, "POSTGRES_DSN=" + postgresDSN, "READ_ONLY=true", "EXECUTOR=paper",
		"UPBIT_API_URL=" + upbit, "BINANCE_API_URL=" + binance, "BINANCE_FUTURES_API_URL=" + binance,
	}
	return s, nil
}

// Config returns the path of the system's preflight.yml.
func (s *System) Config() string { return filepath.Join(s.Dir, "preflight.yml") }

// Vars returns the environment variables for paper trading.
func (s *System) Vars() []string { return s.vars }

// LiveVars returns the environment variables for live trading.
func (s *System) LiveVars() []string {
	return append(s.Vars()[:len(s.vars):len(s.vars)], "READ_ONLY=false", "EXECUTOR=live",
		"UPBIT_ACCESS_KEY="+s.Upbit.AccessKey, "UPBIT_SECRET_KEY="+s.Upbit.SecretKey,
		"BINANCE_API_KEY="+s.Binance.APIKey, "BINANCE_API_SECRET="+s.Binance.APISecret)
}

// Everything writes the preflight.yml of the benchmarks, which has every check,
// to the system. It returns its path and environment variables. The exchanges
// then have no rate limits.
func (s *System) Everything() (config string, vars []string, err error) {
	root, err := servers.Root()
	if err != nil {
		return "", nil, err
	}
	declared, err := os.ReadFile(filepath.Join(root, "bench", "process", "preflight.yml"))
	if err != nil {
		return "", nil, err
	}
	s.Upbit.Limit(1e9, time.Second)
	s.Binance.Limit(1e9, time.Second)
	config = filepath.Join(s.Dir, "bench.yml") // the checkout and the migrations are in this folder
	return config, append(s.Vars()[:len(s.vars):len(s.vars)],
		"TEST_UPBIT_ACCESS_KEY="+s.Upbit.AccessKey, "TEST_UPBIT_SECRET_KEY="+s.Upbit.SecretKey,
		"TEST_BINANCE_API_KEY="+s.Binance.APIKey, "TEST_BINANCE_API_SECRET="+s.Binance.APISecret,
	), os.WriteFile(config, declared, 0o644)
}

// Lookup returns a lookup in a list of variables. The last one with a name
// counts.
func Lookup(vars []string) func(string) (string, bool) {
	return func(name string) (value string, set bool) {
		for _, v := range vars {
			if n, val, ok := strings.Cut(v, "="); ok && n == name {
				value, set = val, true
			}
		}
		return value, set
	}
}

// Close stops the exchanges.
func (s *System) Close() error { return errors.Join(s.upbit.Close(), s.binance.Close()) }

// serve answers on a free port.
func serve(h http.Handler) (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // Close ends it
	return server, "http://" + listener.Addr().String(), nil
}

// checkout creates a repository with the files that preflight.yml checks, as in
// the project. Git ignores other files in the folder.
func (s *System) checkout(ctx context.Context) error {
	root, err := servers.Root()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(s.Dir, migrations), os.DirFS(filepath.Join(root, migrations))); err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(root, "preflight.yml"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.Config(), append(patient.ReplaceAll(config, []byte("$1: 1m")), waivers...), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.Dir, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"add", "--force", "preflight.yml", ".gitignore", migrations},
		{"-c", "user.name=preflight", "-c", "user.email=preflight@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message=As deployed"},
	} {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", s.Dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

func migrate(ctx context.Context, dsn string) error {
	store, err := history.Open(dsn)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Migrate(ctx)
}
