package servers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// Redis is a running redis-server without persistence.
type Redis struct{ *Server }

// StartRedis starts a redis-server and returns when it answers.
func StartRedis(ctx context.Context, cfg Config) (*Redis, error) {
	path, err := Find("redis-server")
	if err != nil {
		return nil, err
	}
	s, err := newServer("redis", cfg)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, err
	}
	s.spec = proc.Spec{
		Name: "redis",
		Path: path,
		Args: append([]string{
			"--bind", host, "--port", port, "--dir", cfg.Dir,
			"--save", "", "--appendonly", "no", "--daemonize", "no",
		}, cfg.Options...),
		Dir:   cfg.Dir,
		Log:   filepath.Join(cfg.Dir, "redis.log"),
		Ready: redisAnswers(s.addr),
	}
	if err := s.Start(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return &Redis{s}, nil
}

// URL returns the address in the form for clients, without a password.
func (r *Redis) URL() string { return "redis://" + r.addr + "/0" }

// redisAnswers is ready when PING returns PONG, or the error of a server that
// requires a password.
func redisAnswers(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		if deadline, ok := ctx.Deadline(); ok {
			if err := conn.SetDeadline(deadline); err != nil {
				return err
			}
		}
		if _, err := conn.Write([]byte("PING\r\n")); err != nil {
			return err
		}
		reply, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(reply, "+PONG") && !strings.HasPrefix(reply, "-NOAUTH") {
			return fmt.Errorf("PING: %s", strings.TrimSpace(reply))
		}
		return nil
	}
}
