package pipelinetest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
)

// network connects the parts of a pipeline in their bubble: real HTTP over
// pipes, by host:port.
type network struct {
	mu    sync.Mutex
	hosts map[string]*host
	// used counts requests that may change something, and failed connections.
	// Without them the parts have nothing new to expose.
	used atomic.Int64
}

func newNetwork() *network { return &network{hosts: map[string]*host{}} }

// host is one HTTP server.
type host struct {
	server *http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// serve registers a handler for an address, until unplug.
func (n *network) serve(addr string, handler http.Handler) {
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		if r.Method != http.MethodGet {
			n.used.Add(1)
		}
	})
	h := &host{
		server: &http.Server{Handler: counted, ErrorLog: log.New(io.Discard, "", 0)},
		conns:  make(chan net.Conn), closed: make(chan struct{}),
	}
	n.mu.Lock()
	n.hosts[addr] = h
	n.mu.Unlock()
	go func() { _ = h.server.Serve(h) }()
}

// unplug stops the server of an address. Connections break, and new ones are
// refused.
func (n *network) unplug(addr string) {
	n.mu.Lock()
	h := n.hosts[addr]
	delete(n.hosts, addr)
	n.mu.Unlock()
	if h != nil {
		_ = h.server.Close()
	}
}

// close stops every server.
func (n *network) close() {
	for _, addr := range n.addresses() {
		n.unplug(addr)
	}
}

func (n *network) addresses() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for addr := range n.hosts {
		all = append(all, addr)
	}
	return all
}

// dial connects to the server of an address.
func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	h := n.hosts[addr]
	n.mu.Unlock()
	if h == nil {
		n.used.Add(1)
		return nil, fmt.Errorf("dial tcp %s: %w", addr, syscall.ECONNREFUSED)
	}
	client, server := net.Pipe()
	select {
	case h.conns <- server:
		return client, nil
	case <-h.closed:
		return nil, fmt.Errorf("dial tcp %s: %w", addr, syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// client returns an HTTP client for the network.
func (n *network) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: n.dial}}
}

// Accept implements [net.Listener].
func (h *host) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (h *host) Close() error { h.once.Do(func() { close(h.closed) }); return nil }

// Addr implements [net.Listener].
func (h *host) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
