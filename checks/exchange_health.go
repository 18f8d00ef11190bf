package checks

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
)

// exchangeHealthConfig configures the check Exchange Health of the configured
// exchanges.
type exchangeHealthConfig struct {
	Timeout    time.Duration `yaml:"timeout"`     // 2s by default
	MaxLatency time.Duration `yaml:"max_latency"` // above it the check warns; 1s by default
	MaxSkew    time.Duration `yaml:"max_skew"`    // of the clocks, above it the check fails; 1s by default
}

func (c *exchangeHealthConfig) observer(env checker.Env) observer {
	exchanges := exchangesIn(env)
	if c == nil {
		return exchangeHealth{}
	}
	return exchangeHealth{
		Exchanges: exchanges.list(env), Timeout: cmp.Or(c.Timeout, defaultTimeout),
		MaxLatency: cmp.Or(c.MaxLatency, time.Second), MaxSkew: cmp.Or(c.MaxSkew, time.Second),
	}
}

func (c *exchangeHealthConfig) Problems(env checker.Env) (problems []checker.Problem) {
	if c == nil {
		return nil
	}
	if names, _ := exchangesIn(env).declared(); len(names) == 0 {
		problems = append(problems, wrong("declare the exchanges to look at, under exchanges"))
	}
	problems = append(problems, timeoutProblem(c.Timeout, "timeout")...)
	problems = append(problems, timeoutProblem(c.MaxLatency, "max_latency")...)
	return append(problems, timeoutProblem(c.MaxSkew, "max_skew")...)
}

// exchangeHealth checks that the exchanges' public APIs answer in time, and
// that their clocks agree with ours.
type exchangeHealth struct {
	Exchanges           []exchange
	Timeout             time.Duration
	MaxLatency, MaxSkew time.Duration
}

// targets returns the exchanges.
func (h exchangeHealth) targets() []string { return exchangeNames(h.Exchanges) }

func exchangeNames(exchanges []exchange) []string {
	var names []string
	for _, e := range exchanges {
		names = append(names, e.Name)
	}
	return names
}

// maxDuration returns the timeout of all exchanges together.
func (h exchangeHealth) maxDuration() time.Duration { return h.Timeout }

// run checks all exchanges concurrently.
func (h exchangeHealth) run(ctx context.Context, _ checker.Env) []checker.Observation {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	return eachExchange(h.Exchanges, func(e exchange) checker.Observation { return h.observe(ctx, e) })
}

func eachExchange(exchanges []exchange, observe func(exchange) checker.Observation) []checker.Observation {
	out := make([]checker.Observation, len(exchanges))
	var wg sync.WaitGroup
	for i, e := range exchanges {
		wg.Go(func() { out[i] = observe(e) })
	}
	wg.Wait()
	return out
}

func (h exchangeHealth) observe(ctx context.Context, e exchange) checker.Observation {
	client := newHTTPClient()
	defer client.CloseIdleConnections()
	api, err := e.api(client)
	var reading clockReading
	began := time.Now()
	if err == nil {
		reading, err = api.clock(ctx)
	}
	latency := time.Since(began)
	if err != nil {
		reason, detail := explainExchange(err, h.Timeout)
		return checker.Failed(e.Name, reason, detail)
	}
	o := checker.Passed(e.Name, "answered")
	switch {
	case reading.skew() > h.MaxSkew:
		o = checker.Failed(e.Name, "clock_skew", fmt.Sprintf("the clocks are %s apart, %s is allowed", reading.skew().Round(time.Millisecond), h.MaxSkew))
	case latency > h.MaxLatency:
		o = checker.Warned(e.Name, "slow", fmt.Sprintf("answered in %s, %s is allowed", latency.Round(time.Millisecond), h.MaxLatency))
	}
	o.Latency = latency
	return o
}
