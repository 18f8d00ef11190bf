// Package servers runs the real servers that a preflight checks or uses: a
// redis-server and a PostgreSQL on the loopback interface, with their data in a
// given folder. The demo and the benchmarks use it, and tests through package
// testservers.
//
// The servers are set up for speed: they do not sync data to disk.
package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// Config sets the folder, the port and the options of a server.
type Config struct {
	Dir  string // folder of its data and log; created if missing, never removed
	Port int    // port on 127.0.0.1; 0: a free one
	// Options are arguments for Redis ("--requirepass", "secret"), or settings
	// for PostgreSQL ("max_connections=5").
	Options []string
}

// Server is a server that can be stopped and started again, with the same port
// and data folder.
type Server struct {
	spec     proc.Spec
	addr     string
	reserved *proc.Port // nil if the port is given
	process  *proc.Process
}

// newServer sets the folder and the address of a server.
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

// Start starts the server after [Server.Stop] and returns when it answers.
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

// Stop stops the server: connections to it are refused. It does nothing if the
// server is not running.
func (s *Server) Stop() error {
	if !s.running() {
		return nil
	}
	process := s.process
	s.process = nil
	return process.Stop()
}

// Kill stops the server like a crash. It does nothing if the server is not
// running.
func (s *Server) Kill() {
	if s.running() {
		s.process.Kill()
		s.process = nil
	}
}

// Pause suspends the server: it accepts connections and sends no answer until
// [Server.Resume].
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume continues a paused server.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

// Close stops the server and releases its port. The data stay.
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
