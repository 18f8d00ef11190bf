package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Pauses between two probes of a starting program. They are short at first,
// because most programs are ready within milliseconds.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond
	// probeTimeout limits one probe, so that later ones follow a hanging one.
	probeTimeout = 5 * time.Second
)

// HTTP returns a Ready function: a GET of the URL returns a 2xx status.
func HTTP(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return fmt.Errorf("GET %s: %s", url, resp.Status)
		}
		return nil
	}
}

// TCP returns a Ready function: the address accepts connections.
func TCP(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// awaitReady returns nil when the program is ready, or the reason why it is
// not.
func (p *Process) awaitReady(ctx context.Context) error {
	if p.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.spec.ReadyTimeout,
		fmt.Errorf("was not ready within %s", p.spec.ReadyTimeout))
	defer cancel()
	var last error
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if err := p.probe(ctx); err == nil {
			return nil
		} else if ctx.Err() == nil {
			last = err
		}
		select {
		case <-p.done:
			return fmt.Errorf("was not ready yet when it %w", p.exit)
		case <-ctx.Done():
			if last == nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-time.After(pause):
		}
	}
}

// probe checks once whether the program is ready. An exited program is not
// ready, even if another one answers at its address.
func (p *Process) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := p.spec.Ready(ctx); err != nil {
		return err
	}
	if p.ended() {
		return errors.New("another program answers at its address")
	}
	return nil
}
