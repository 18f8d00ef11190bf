package checks

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The targets of the check Database.
const (
	TargetRedis    = "redis"
	TargetPostgres = "postgres"
)

// Database checks that Redis answers PING and PostgreSQL SELECT 1, both at the
// same time.
type Database struct {
	Redis, Postgres *Server // nil: not looked at
}

// Server is a database to look at.
type Server struct {
	Variable string // the environment variable that the address came from
	Address  string // URL or DSN; empty: the variable is not set
	Timeout  time.Duration
}

// Spec describes the check.
func (Database) Spec() Spec {
	return Spec{
		Name:    "Database",
		Looks:   "Redis answers PING and PostgreSQL SELECT 1, each within its timeout",
		Network: true,
		Reasons: append([]Reason{
			{"not_configured", "the variable with the address is not set", "set REDIS_URL and POSTGRES_DSN, or take the database out of preflight.yml"},
			{"malformed", "the address cannot be read", "write it as redis://HOST:PORT/DB or postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
			{"loading", "the server is starting or stopping and takes no commands", "wait for it; look at its log when it takes long"},
			{"no_such_database", "the server has no database of that name", "correct the name in the address, or create the database"},
			{"too_many_connections", "the server takes no more connections", "find who holds them, or raise the limit"},
			{"refused_command", "the server answered with an error", "read the detail in the evidence, and the server's log"},
		}, dialReasons()...),
	}
}

// Targets are the databases that are looked at.
func (d Database) Targets() []string {
	var names []string
	if d.Redis != nil {
		names = append(names, TargetRedis)
	}
	if d.Postgres != nil {
		names = append(names, TargetPostgres)
	}
	return names
}

// Timeout is the longest that a database may take.
func (d Database) Timeout() time.Duration {
	longest := time.Duration(0)
	for _, s := range []*Server{d.Redis, d.Postgres} {
		if s != nil {
			longest = max(longest, s.Timeout)
		}
	}
	return longest
}

// Run asks the databases, each with its own timeout.
func (d Database) Run(ctx context.Context) []Observation {
	var wg sync.WaitGroup
	var redis, postgres Observation
	if d.Redis != nil {
		wg.Go(func() { redis = d.Redis.observe(ctx, TargetRedis, pingRedis) })
	}
	if d.Postgres != nil {
		wg.Go(func() { postgres = d.Postgres.observe(ctx, TargetPostgres, selectOne) })
	}
	wg.Wait()
	return []Observation{redis, postgres}
}

// observe asks one server and times it, connecting included.
func (s Server) observe(ctx context.Context, target string, ask func(context.Context, Server) error) Observation {
	if s.Address == "" {
		return Failed(target, "not_configured", s.Variable+" is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	began := time.Now()
	err := ask(ctx, s)
	latency := time.Since(began)
	if err == nil {
		o := Passed(target, "answered")
		o.Latency = latency
		return o
	}
	reason, detail := explain(err, s.Timeout)
	return Failed(target, reason, detail)
}

// errMalformed stands for an address that cannot be read. The libraries' own
// errors quote it, password included.
type errMalformed struct{ variable, want string }

func (e errMalformed) Error() string { return fmt.Sprintf("%s is not %s", e.variable, e.want) }

func pingRedis(ctx context.Context, s Server) error {
	opt, err := redis.ParseURL(s.Address)
	if err != nil {
		return errMalformed{s.Variable, "a Redis URL"}
	}
	// One question on one connection: nothing is retried, negotiated or
	// announced.
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
	if r := greeting.Load(); err != nil && !isRedisError(err) && r != nil && *r != "" {
		return *r
	}
	return err
}

// A refusal is the error that a Redis says before it hangs up, when it has no
// room for more clients.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError makes it a [redis.Error].
func (refusal) RedisError() {}

// greeted keeps an error that is the first thing to come over a connection. The
// client takes it for the answer to its HELLO, goes on, and reports a broken
// pipe.
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

func selectOne(ctx context.Context, s Server) error {
	config, err := pgx.ParseConfig(s.Address)
	if err != nil {
		return errMalformed{s.Variable, "a PostgreSQL address"}
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	// Closing says goodbye to the server, which nobody waits for.
	defer conn.PgConn().Conn().Close()
	var one int
	return conn.QueryRow(ctx, "SELECT 1").Scan(&one)
}
