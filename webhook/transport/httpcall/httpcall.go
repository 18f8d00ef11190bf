// Package httpcall observes the HTTP calls of a transport, so that it can classify a
// failure: whether the service may have carried out the call, and what it answered.
package httpcall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Timeout bounds a call: after it the outcome counts as unknown.
const Timeout = 30 * time.Second

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 1 << 20

// Outcome is the knowledge of a call that the error of a library lacks.
type Outcome struct {
	Status int // 0 if no answer arrived
	Body   bytes.Buffer

	written atomic.Bool
}

// Written reports whether the whole request was written, so that the service may
// have carried it out.
func (o *Outcome) Written() bool { return o.written.Load() }

type outcomeKey struct{}

// Begin returns the context of one call, whose outcome [Client.Do] notes. The caller
// calls cancel when the call is over.
func Begin(ctx context.Context) (_ context.Context, o *Outcome, cancel context.CancelFunc) {
	ctx, cancel = context.WithTimeout(ctx, Timeout)
	o = new(Outcome)
	ctx = context.WithValue(ctx, outcomeKey{}, o)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			o.written.Store(true)
		}
	}}), o, cancel
}

// Client makes calls. It notes the answers, bounds their size, and follows no
// redirect, which would reveal credentials to its target.
type Client struct{ client http.Client }

// NewClient returns a client that calls through another one. With nil it uses the
// proxy of the environment.
func NewClient(c *http.Client) *Client {
	if c == nil {
		c = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	client := &Client{*c}
	client.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Do makes a call.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	body := io.LimitReader(resp.Body, maxAnswer)
	if o, ok := r.Context().Value(outcomeKey{}).(*Outcome); ok {
		o.Status = resp.StatusCode
		body = io.TeeReader(body, &o.Body)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{body, resp.Body}
	return resp, nil
}

// CheckURL returns an error if an address is no base of URLs. The error does not
// quote the address, which can hold a password. What names it.
func CheckURL(what, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the address of %s is not an http or https URL", what)
	}
	return nil
}

// maxDescription bounds a description, in characters.
const maxDescription = 200

// Clean returns a description on one line, shortened and without secrets.
func Clean(description string, secrets ...string) string {
	for _, secret := range secrets {
		description = strings.ReplaceAll(description, secret, "***")
	}
	r := []rune(strings.Join(strings.Fields(description), " "))
	if len(r) > maxDescription {
		return string(r[:maxDescription]) + "…"
	}
	return string(r)
}

// Status describes an answer that has no description.
func Status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", code, http.StatusText(code)))
}

// Cause describes a failed connection to a service without the addresses that the
// error quotes: an address can hold a token, and that of a proxy a password.
func Cause(service string, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var u *url.Error
	switch {
	case errors.As(err, &dns):
		return "the host of " + service + " is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return "timeout"
	case strings.Contains(err.Error(), "proxy"):
		return "the proxy of the environment does not work"
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return "TLS handshake failed"
	case errors.As(err, &op):
		return op.Op + " failed"
	default:
		return "connection lost"
	}
}
