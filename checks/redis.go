package checks

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisServer is the Redis that the check Database asks.
type redisServer struct {
	server
	Prefix  string // starts the key of the probe
	Cluster bool   // follow redirections
}

// silenceRedis turns off the log of go-redis. The observations have its errors.
var silenceRedis = sync.OnceFunc(logging.Disable)

// ask sends PING, and proves that the server takes writes.
func (r redisServer) ask(ctx context.Context) (a reply, err error) {
	silenceRedis()
	began := time.Now()
	opt, err := redis.ParseURL(r.Address)
	if err != nil {
		return a, malformed(r.Variable, r.Address, "a Redis URL")
	}
	r.limit(opt)
	var greeting atomic.Pointer[refusal]
	dial := opt.Dialer
	opt.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return greeted{conn, &greeting}, nil
	}
	client := redis.NewClient(opt)
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		if refused := greeting.Load(); !isRedisError(err) && refused != nil && *refused != "" {
			return a, *refused
		}
		return a, r.otherKind(ctx, opt, err)
	}
	a.latency, a.detail = time.Since(began), "answered"
	return a, r.prove(ctx, client, &a.probe)
}

// limit makes a client that sends each command once on one connection, without
// retries, negotiation or client info. The timeout holds for every command.
func (r redisServer) limit(opt *redis.Options) {
	opt.MaxRetries, opt.DialerRetries, opt.Protocol = -1, 1, 2
	opt.PoolSize, opt.MinIdleConns, opt.PipelinePoolSize = 1, 0, -1 // pipelines use the same connection
	opt.ContextTimeoutEnabled, opt.DisableIdentity = true, true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = r.Timeout, r.Timeout, r.Timeout
	opt.Dialer = redisDialer(opt.TLSConfig)
}

// redisDialer returns a dialer that notices a server without TLS.
func redisDialer(config *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil || config == nil {
			return conn, err
		}
		secure := tls.Client(attend(conn, func() error { return isPlainRedis(ctx, network, addr) }), config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return secure, nil
	}
}

// otherKind replaces the error of a connection that broke before an answer, if a
// server of another kind is the cause.
func (r redisServer) otherKind(ctx context.Context, opt *redis.Options, err error) error {
	reason, _ := explain(err, r.Timeout)
	if opt.TLSConfig != nil || isRedisError(err) || reason != "unreachable" {
		return err
	}
	if found := isNoPlainRedis(ctx, opt.Network, opt.Addr); found != nil {
		return found
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

// explainRedis maps the first word of Redis's errors to reasons. The rest of an
// error may repeat the arguments of AUTH.
func explainRedis(err error) (reason, detail string) {
	text := err.Error()
	word, _, _ := strings.Cut(text, " ")
	answers := "Redis answers " + word
	switch {
	case word == "NOPERM" && (strings.Contains(text, "the keys") || strings.Contains(text, "a key")):
		return "key_not_allowed", answers
	case word == "NOPERM":
		return "no_permission", answers
	case word == "NOAUTH", word == "WRONGPASS", strings.Contains(text, "invalid password"),
		strings.Contains(text, "without any password"), strings.Contains(text, "no password is set"):
		return "auth_failed", answers
	case strings.Contains(text, "max number of clients"):
		return "too_many_connections", "Redis takes no more clients"
	case strings.Contains(text, "DB index"):
		return "no_such_database", "Redis has no database of that number"
	}
	if reason := map[string]string{
		"LOADING": "loading", "READONLY": "read_only", "OOM": "out_of_memory", "NOREPLICAS": "too_few_replicas",
		"MISCONF": "cannot_save", "MASTERDOWN": "link_down", "CLUSTERDOWN": "cluster_slots",
		"MOVED": "cluster_redirect", "ASK": "cluster_redirect", "CROSSSLOT": "cluster_redirect", "TRYAGAIN": "cluster_redirect",
	}[word]; reason != "" {
		return reason, answers
	}
	return "refused_command", answers
}
