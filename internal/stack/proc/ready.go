package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// The pauses between two looks at a program that is starting: short at first,
// since most are ready within milliseconds.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond
	// probeTimeout bounds one look, so that one that hangs is followed by others.
	probeTimeout = 5 * time.Second
)

// HTTP is ready when a GET of the URL gives a 2xx status.
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

// TCP is ready when the address accepts connections.
func TCP(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// awaitReady returns nil when the program is ready, and else what kept it.
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

// probe looks once whether the program is ready. A program that has ended is
// not, even if another one answers in its place.
func (p *Process) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := p.spec.Ready(ctx); err != nil {
		return err
	}
	if p.ended() {
		return errors.New("something else answers in its place")
	}
	return nil
}
