// Package servers runs the real programs that a preflight looks at or works
// with: a redis-server and a PostgreSQL of their own, on the loopback
// interface, with their data in a given folder. The demo, the benchmarks and
// the tests use it; tests by way of package testservers.
//
// The servers are set up for speed, not for keeping data: nothing is synced to
// disk.
package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// Config says where and how a server runs.
type Config struct {
	Dir  string // for its data and its log; made when missing, not removed
	Port int    // on 127.0.0.1; 0: a free one
	// Options are given to the server: arguments for Redis ("--requirepass",
	// "secret"), settings for PostgreSQL ("max_connections=5").
	Options []string
}

// Server is a server that can be stopped and started again, on the same port
// and with the same data folder.
type Server struct {
	spec     proc.Spec
	addr     string
	reserved *proc.Port // nil when the port was given
	process  *proc.Process
}

// newServer gives a server its folder and its address.
func newServer(name string, cfg Config) (*Server, error) {
	if cfg.Dir == "" {
		return nil, fmt.Errorf("%s: no folder given for its data", name)
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("%s: its folder: %w", name, err)
	}
	s := &Server{addr: fmt.Sprintf("127.0.0.1:%d", cfg.Port)}
	if cfg.Port == 0 {
		port, err := proc.ReservePort()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.reserved, s.addr = port, port.Addr()
	}
	return s, nil
}

// Addr returns the server's host and port.
func (s *Server) Addr() string { return s.addr }

// Start starts the server again after [Server.Stop] and returns when it
// answers.
func (s *Server) Start(ctx context.Context) error {
	if s.running() {
		return fmt.Errorf("%s: already running", s.spec.Name)
	}
	process, err := proc.Start(ctx, s.spec)
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// Stop ends the server: connections to it are refused from then on. It does
// nothing when the server is not running.
func (s *Server) Stop() error {
	if !s.running() {
		return nil
	}
	process := s.process
	s.process = nil
	return process.Stop()
}

// Kill ends the server as a crash would. It does nothing when the server is
// not running.
func (s *Server) Kill() {
	if s.running() {
		s.process.Kill()
		s.process = nil
	}
}

// Pause hangs the server: it accepts connections and answers nothing, until
// [Server.Resume].
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

// Close stops the server and gives its port back. The data stays.
func (s *Server) Close() error {
	err := s.Stop()
	if s.reserved != nil {
		s.reserved.Release()
	}
	return err
}

func (s *Server) running() bool { return s.process != nil }

func (s *Server) signal(sig syscall.Signal) error {
	if !s.running() {
		return fmt.Errorf("%s: not running", s.spec.Name)
	}
	if err := s.process.Signal(sig); err != nil {
		return errors.Join(s.process.Err(), fmt.Errorf("%s: %s: %w", s.spec.Name, sig, err))
	}
	return nil
}
