package checks

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ExchangeHealthConfig declares what the check Exchange Health asks for. It
// looks at the exchanges of the configuration.
type ExchangeHealthConfig struct {
	Timeout    time.Duration `yaml:"timeout"`     // 2s when not given
	MaxLatency time.Duration `yaml:"max_latency"` // more warns; 1s when not given
	MaxSkew    time.Duration `yaml:"max_skew"`    // between the clocks, more fails; 1s when not given
}

func (c *ExchangeHealthConfig) check(s Setting) Check {
	if c == nil {
		return ExchangeHealth{}
	}
	return ExchangeHealth{
		Exchanges: s.exchanges.list(s), Timeout: or(c.Timeout, defaultTimeout),
		MaxLatency: or(c.MaxLatency, time.Second), MaxSkew: or(c.MaxSkew, time.Second),
	}
}

func (c *ExchangeHealthConfig) problems(all Config) (problems []problem) {
	if c == nil {
		return nil
	}
	if names, _ := all.Exchanges.declared(); len(names) == 0 {
		problems = append(problems, wrong("declare the exchanges to look at, under exchanges"))
	}
	problems = append(problems, timeoutProblem(c.Timeout, "timeout")...)
	problems = append(problems, timeoutProblem(c.MaxLatency, "max_latency")...)
	return append(problems, timeoutProblem(c.MaxSkew, "max_skew")...)
}

// ExchangeHealth checks that the exchanges' public APIs answer, in time, and
// that their clocks agree with ours.
type ExchangeHealth struct {
	Exchanges           []Exchange
	Timeout             time.Duration
	MaxLatency, MaxSkew time.Duration
}

// Spec describes the check.
func (ExchangeHealth) Spec() Spec {
	return Spec{
		Name:    "Exchange Health",
		Looks:   "each exchange's public API answers in time, and its clock agrees with this machine's",
		Network: true,
		Reasons: append([]Reason{
			{"slow", "the exchange answers, and takes longer than allowed", "look at the network to the exchange and at its status page"},
		}, exchangeReasons()...),
	}
}

// Targets are the exchanges.
func (h ExchangeHealth) Targets() []string { return exchangeNames(h.Exchanges) }

func exchangeNames(exchanges []Exchange) []string {
	var names []string
	for _, e := range exchanges {
		names = append(names, e.Name)
	}
	return names
}

// MaxDuration is the time that the exchanges have, all at once.
func (h ExchangeHealth) MaxDuration() time.Duration { return h.Timeout }

// Run asks every exchange, all at once.
func (h ExchangeHealth) Run(ctx context.Context) []Observation {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	return eachExchange(h.Exchanges, func(e Exchange) Observation { return h.observe(ctx, e) })
}

func eachExchange(exchanges []Exchange, observe func(Exchange) Observation) []Observation {
	out := make([]Observation, len(exchanges))
	var wg sync.WaitGroup
	for i, e := range exchanges {
		wg.Go(func() { out[i] = observe(e) })
	}
	wg.Wait()
	return out
}

func (h ExchangeHealth) observe(ctx context.Context, e Exchange) Observation {
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
		return Failed(e.Name, reason, detail)
	}
	o := Passed(e.Name, "answered")
	switch {
	case reading.skew() > h.MaxSkew:
		o = Failed(e.Name, "clock_skew", fmt.Sprintf("the clocks are %s apart, %s is allowed", reading.skew().Round(time.Millisecond), h.MaxSkew))
	case latency > h.MaxLatency:
		o = Warned(e.Name, "slow", fmt.Sprintf("answered in %s, %s is allowed", latency.Round(time.Millisecond), h.MaxLatency))
	}
	o.Latency = latency
	return o
}
