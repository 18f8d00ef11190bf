package checks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
)

// Targets of the check Database.
const (
	targetRedis    = "redis"
	targetPostgres = "postgres"
)

// database checks that Redis answers PING and PostgreSQL SELECT 1, and that
// both take writes. It asks them concurrently.
type database struct {
	Redis    *redisServer // nil: not checked
	Postgres *postgresServer
}

// server is a database to check.
type server struct {
	Variable string // environment variable of the address
	Address  string // URL or DSN; "" if the variable is not set
	Timeout  time.Duration
	ReadOnly bool // accept a server that takes no writes
	Probe    bool // write a probe
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
	if d.Redis != nil {
		longest = d.Redis.Timeout
	}
	if d.Postgres != nil {
		longest = max(longest, d.Postgres.Timeout)
	}
	return longest
}

// run checks the databases, each with its own timeout.
func (d database) run(ctx context.Context, env checker.Env) []checker.Observation {
	var wg sync.WaitGroup
	out := make([]checker.Observation, len(d.targets()))
	if d.Redis != nil {
		wg.Go(func() { out[0] = d.Redis.observe(ctx, targetRedis, d.Redis.ask) })
	}
	if d.Postgres != nil {
		shared := sessionsOf(env)
		wg.Go(func() {
			out[len(out)-1] = d.Postgres.observe(ctx, targetPostgres, func(ctx context.Context) (reply, error) {
				return d.Postgres.ask(ctx, shared)
			})
		})
	}
	wg.Wait()
	return out
}

// reply is the result of a server that answered.
type reply struct {
	latency time.Duration // until PING or SELECT 1 was answered, connecting included
	probe   time.Duration // of a write that succeeded
	detail  string
	host    string // address of the server that answered; "" for a socket
}

// observe calls ask within the server's timeout. The latency of a server that
// answered is kept when the rest fails.
func (s server) observe(ctx context.Context, target string, ask func(context.Context) (reply, error)) checker.Observation {
	if s.Address == "" {
		return checker.Failed(target, "not_configured", s.Variable+" is not set")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	a, err := ask(ctx)
	o := checker.Passed(target, a.detail)
	if doubt := (reservation{}); errors.As(err, &doubt) {
		o = checker.Warned(target, doubt.reason, doubt.detail)
	} else if err != nil {
		reason, detail := explain(err, s.Timeout)
		o = checker.Failed(target, reason, detail)
	}
	o.Latency, o.Probe = a.latency, a.probe
	return o
}

// A reservation is the error of a server that works but needs attention.
type reservation struct{ reason, detail string }

func (r reservation) Error() string { return r.detail }

// errMalformed replaces the libraries' errors for a malformed address, which
// quote the address with its password.
type errMalformed struct{ variable, want string }

func (e errMalformed) Error() string { return fmt.Sprintf("%s is not %s", e.variable, e.want) }

// malformed returns the error of an address. It names a space, which is hard to see.
func malformed(variable, address, want string) errMalformed {
	return errMalformed{variable, want + spaces(address)}
}

// spaces returns a hint if a value starts or ends with a space, or "".
func spaces(value string) string {
	if strings.TrimSpace(value) == value {
		return ""
	}
	return ": it starts or ends with a space"
}

// timed measures a write that succeeds.
func timed(took *time.Duration, write func() error) error {
	began := time.Now()
	err := write()
	if err == nil {
		*took = time.Since(began)
	}
	return err
}
