package checks

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/alertnative/preflight/checker"
)

// databaseConfig declares the targets of the check Database.
type databaseConfig struct {
	Redis    *serverConfig `yaml:"redis"`
	Postgres *serverConfig `yaml:"postgres"`
}

// serverConfig declares a database. The address is in an environment variable,
// never in the file.
type serverConfig struct {
	URLFrom  string        `yaml:"url_from"`  // name of the variable with the address
	Timeout  time.Duration `yaml:"timeout"`   // 2s by default
	ReadOnly bool          `yaml:"read_only"` // accept a replica
}

func (c databaseConfig) observer(env checker.Env) observer {
	return database{Redis: c.Redis.server(env), Postgres: c.Postgres.server(env)}
}

func (c databaseConfig) Problems(checker.Env) (problems []checker.Problem) {
	look := func(key, example string, s *serverConfig) {
		if s != nil {
			problems = append(problems, variableProblem(s.URLFrom, "address", example, key, "url_from")...)
			problems = append(problems, timeoutProblem(s.Timeout, key, "timeout")...)
		}
	}
	look(targetRedis, "REDIS_URL", c.Redis)
	look(targetPostgres, "POSTGRES_DSN", c.Postgres)
	return problems
}

func (c *serverConfig) server(env checker.Env) *server {
	if c == nil {
		return nil
	}
	return &server{Variable: c.URLFrom, Address: env.Value(c.URLFrom), Timeout: cmp.Or(c.Timeout, defaultTimeout), ReadOnly: c.ReadOnly}
}

// Targets of the check Database.
const (
	targetRedis    = "redis"
	targetPostgres = "postgres"
)

// database checks that Redis answers PING and PostgreSQL SELECT 1,
// concurrently.
type database struct {
	Redis, Postgres *server // nil: not checked
}

// server is a database to check.
type server struct {
	Variable string // environment variable of the address
	Address  string // URL or DSN; "" if the variable is not set
	Timeout  time.Duration
	ReadOnly bool // accept a server that takes no writes
}

// targets returns the checked databases.
func (d database) targets() []string {
	var names []string
	if d.Redis != nil {
		names = append(names, targetRedis)
	}
	if d.Postgres != nil {
		names = append(names, targetPostgres)
	}
	return names
}

// maxDuration returns the longest timeout of a database.
func (d database) maxDuration() time.Duration {
	longest := time.Duration(0)
	for _, s := range []*server{d.Redis, d.Postgres} {
		if s != nil {
			longest = max(longest, s.Timeout)
		}
	}
	return longest
}

// run checks the databases, each with its own timeout.
func (d database) run(ctx context.Context, env checker.Env) []checker.Observation {
	var wg sync.WaitGroup
	var redis, postgres checker.Observation
	if d.Redis != nil {
		wg.Go(func() { redis = d.Redis.observe(ctx, targetRedis, pingRedis) })
	}
	if d.Postgres != nil {
		shared := sessionsOf(env)
		wg.Go(func() { postgres = d.Postgres.observe(ctx, targetPostgres, shared.selectOne) })
	}
	wg.Wait()
	return []checker.Observation{redis, postgres}
}

// observe calls ask for one server and measures the time, connecting included.
func (s server) observe(ctx context.Context, target string, ask func(context.Context, server) (time.Duration, error)) checker.Observation {
	if s.Address == "" {
		return checker.Failed(target, "not_configured", s.Variable+" is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	latency, err := ask(ctx, s)
	o := checker.Passed(target, "answered")
	if errors.Is(err, errReadOnly) {
		o = checker.Failed(target, "read_only", "answered, and takes no writes")
	} else if err != nil {
		reason, detail := explain(err, s.Timeout)
		return checker.Failed(target, reason, detail)
	}
	o.Latency = latency
	return o
}

// errReadOnly is the error of a server that answers but takes no writes.
var errReadOnly = errors.New("read-only")

// errMalformed replaces the libraries' errors for a malformed address, which
// quote the address with its password.
type errMalformed struct{ variable, want string }

func (e errMalformed) Error() string { return fmt.Sprintf("%s is not %s", e.variable, e.want) }

// silenceRedis turns off the log of go-redis. The observations have its errors.
var silenceRedis = sync.OnceFunc(logging.Disable)

func pingRedis(ctx context.Context, s server) (latency time.Duration, err error) {
	silenceRedis()
	began := time.Now()
	opt, err := redis.ParseURL(s.Address)
	if err != nil {
		return 0, errMalformed{s.Variable, "a Redis URL"}
	}
	// One command on one connection, without retries, negotiation or client
	// info.
	opt.MaxRetries, opt.DialerRetries, opt.Protocol = -1, 1, 2
	opt.PoolSize, opt.MinIdleConns = 1, 0
	opt.ContextTimeoutEnabled, opt.DisableIdentity = true, true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.DialTimeout = s.Timeout
	var greeting atomic.Pointer[refusal]
	dial := redis.NewDialer(opt)
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return greeted{conn, &greeting}, nil
	}
	client := redis.NewClient(opt)
	defer client.Close()
	err = client.Ping(ctx).Err()
	latency = time.Since(began)
	if r := greeting.Load(); err != nil && !isRedisError(err) && r != nil && *r != "" {
		return 0, *r
	}
	if err != nil || s.ReadOnly {
		return latency, err
	}
	return latency, redisTakesWrites(ctx, client)
}

// redisTakesWrites checks the server's role with HELLO, which every user may
// call. A Redis before version 6 does not know HELLO and counts as writable.
func redisTakesWrites(ctx context.Context, client *redis.Client) error {
	hello, err := client.Do(ctx, "HELLO").Slice()
	if isRedisError(err) {
		return nil
	}
	for i := 0; i+1 < len(hello); i += 2 {
		if hello[i] == "role" && hello[i+1] != "master" {
			return errReadOnly
		}
	}
	return err
}

// A refusal is the error with which a full Redis closes a new connection.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError marks it as a [redis.Error].
func (refusal) RedisError() {}

// greeted keeps an error that arrives before any command. The client takes it
// for the answer to its HELLO, continues, and reports a broken pipe.
type greeted struct {
	net.Conn
	greeting *atomic.Pointer[refusal]
}

func (g greeted) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	text, isError := bytes.CutPrefix(p[:n], []byte("-"))
	r := refusal(bytes.TrimSpace(text))
	if !isError {
		r = ""
	}
	g.greeting.CompareAndSwap(nil, &r)
	return n, err
}

func (all *sessions) selectOne(ctx context.Context, s server) (latency time.Duration, err error) {
	began := time.Now()
	err = all.askShort(ctx, s, func(conn *pgconn.PgConn) error {
		if _, err := queryText(ctx, conn, "SELECT 1"); err != nil {
			return err
		}
		latency = time.Since(began)
		if s.ReadOnly {
			return nil
		}
		rows, err := queryText(ctx, conn, "SHOW transaction_read_only")
		if err == nil && len(rows) == 1 && string(rows[0][0]) == "on" {
			return errReadOnly
		}
		return err
	})
	return latency, err
}
