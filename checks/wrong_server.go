package checks

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// A server of another kind may wait for more of a message that it cannot read.
// Then the check would report a timeout. After this silence it looks for the
// kind of the server on a second connection.
const silence = 250 * time.Millisecond

// attentive is a connection that breaks with an error when its server turns out
// to be of another kind.
type attentive struct {
	net.Conn
	timer *time.Timer
	found atomic.Pointer[error]
}

// attend calls identify if the server has sent nothing for a while.
func attend(conn net.Conn, identify func() error) net.Conn {
	a := &attentive{Conn: conn}
	a.timer = time.AfterFunc(silence, func() {
		if err := identify(); err != nil {
			a.found.Store(&err)
			_ = conn.Close()
		}
	})
	return a
}

func (a *attentive) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	if n > 0 {
		a.timer.Stop()
	}
	if found := a.found.Load(); err != nil && found != nil {
		return n, *found
	}
	return n, err
}

func (a *attentive) Close() error {
	a.timer.Stop()
	return a.Conn.Close()
}

// isRedis returns an error if a Redis without TLS answers at the address.
func isRedis(ctx context.Context, network, addr, wanted string) error {
	answer := firstBytes(ctx, network, addr, []byte("PING\r\n"))
	for _, start := range []string{"+PONG", "-NOAUTH ", "-ERR ", "-DENIED ", "-LOADING ", "-MISCONF ", "-MASTERDOWN "} {
		if strings.HasPrefix(string(answer), start) {
			return rejection{"wrong_server", "a Redis answers, not a " + wanted}
		}
	}
	return nil
}

// isPlainRedis returns an error if a Redis without TLS answers at the address.
func isPlainRedis(ctx context.Context, network, addr string) error {
	if isRedis(ctx, network, addr, "") != nil {
		return rejection{"tls_failed", "the server answers without TLS: the address must start with redis://"}
	}
	return nil
}

// isNoPlainRedis returns an error if a PostgreSQL, or a server with TLS, answers
// at the address.
func isNoPlainRedis(ctx context.Context, network, addr string) error {
	if answer := firstBytes(ctx, network, addr, sslRequest()); bytes.Equal(answer, []byte("S")) || bytes.Equal(answer, []byte("N")) {
		return rejection{"wrong_server", "a PostgreSQL answers, not a Redis"}
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	// The connection carries nothing, so the certificate does not matter.
	if tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) == nil {
		return rejection{"tls_failed", "the server answers with TLS: the address must start with rediss://"}
	}
	return nil
}

// sslRequest returns PostgreSQL's question whether a server speaks TLS.
func sslRequest() []byte {
	return binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, 80877103)
}

// firstBytes sends a message on a new connection and returns the start of the
// answer, if one comes at once.
func firstBytes(ctx context.Context, network, addr string, message []byte) []byte {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if _, err := conn.Write(message); err != nil {
		return nil
	}
	answer := make([]byte, 64)
	n, _ := conn.Read(answer)
	return answer[:n]
}
