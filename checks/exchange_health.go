package checks

import (
	"cmp"
	"context"
	"fmt"
	"math"
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

	MaxTickerAge time.Duration `yaml:"max_ticker_age"` // 1m by default
	MaxUsedLimit float64       `yaml:"max_used_limit"` // share of the rate limit, above it the check warns; not looked at by default
}

func (c *exchangeHealthConfig) observer(env checker.Env) observer {
	exchanges := exchangesIn(env)
	if c == nil {
		return exchangeHealth{}
	}
	return exchangeHealth{
		Exchanges: exchanges.list(env), Timeout: cmp.Or(c.Timeout, defaultTimeout),
		MaxLatency: cmp.Or(c.MaxLatency, time.Second), MaxSkew: cmp.Or(c.MaxSkew, time.Second),
		MaxTickerAge: cmp.Or(c.MaxTickerAge, time.Minute), MaxUsedLimit: c.MaxUsedLimit,
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
	if c.MaxUsedLimit < 0 || c.MaxUsedLimit > 1 || math.IsNaN(c.MaxUsedLimit) {
		problems = append(problems, wrong("must be a share from 0 to 1, such as 0.8", "max_used_limit"))
	}
	problems = append(problems, timeoutProblem(c.MaxTickerAge, "max_ticker_age")...)
	return append(problems, timeoutProblem(c.MaxSkew, "max_skew")...)
}

// exchangeHealth checks that the exchanges' public APIs answer in time, that
// their clocks agree with ours, and that declared symbols trade.
type exchangeHealth struct {
	Exchanges           []exchange
	Timeout             time.Duration
	MaxLatency, MaxSkew time.Duration
	MaxTickerAge        time.Duration
	MaxUsedLimit        float64
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
	var m market
	if err == nil && (len(e.Trading.Symbols) > 0 || h.MaxUsedLimit > 0) {
		m, err = api.market(ctx, e.Trading.names())
	}
	if err != nil {
		reason, detail := explainExchange(err, h.Timeout)
		return checker.Failed(e.Name, reason, detail)
	}
	found := h.observeClock(e, reading)
	if latency > h.MaxLatency {
		found = append(found, checker.Warned(e.Name, "slow", fmt.Sprintf("answered in %s, %s is allowed", latency.Round(time.Millisecond), h.MaxLatency)))
	}
	found = append(found, h.observeMarket(e, m, reading.now())...)
	o := checker.Passed(e.Name, "answered")
	if len(found) > 0 {
		o = worst(found)
	}
	o.Latency = latency
	return o
}

// observeClock compares the clocks. Binance refuses signed calls whose time is
// in the future, or older than recvWindow, whatever difference is allowed here.
func (h exchangeHealth) observeClock(e exchange, reading clockReading) []checker.Observation {
	const maxAhead = time.Second
	ahead := reading.ahead()
	text := fmt.Sprintf("this machine's clock is %s ahead", ahead.Round(time.Millisecond))
	if ahead < 0 {
		text = fmt.Sprintf("this machine's clock is %s behind", -ahead.Round(time.Millisecond))
	}
	fail := func(limit string) []checker.Observation {
		return []checker.Observation{checker.Failed(e.Name, "clock_skew", text+", "+limit)}
	}
	switch {
	case e.Name != targetUpbit && ahead > maxAhead:
		return fail(fmt.Sprintf("and Binance refuses calls more than %s in the future", maxAhead))
	case e.Name != targetUpbit && -ahead > recvWindow:
		return fail(fmt.Sprintf("and Binance refuses calls more than %s old", recvWindow))
	case ahead.Abs() > h.MaxSkew:
		return fail(fmt.Sprintf("%s is allowed", h.MaxSkew))
	case !reading.ticker.IsZero():
		if reason, text := tickerProblem(reading.now().Sub(reading.ticker), h.MaxTickerAge); reason != "" {
			return []checker.Observation{checker.Failed(e.Name, reason, "the ticker "+text)}
		}
	}
	return nil
}

// observeMarket compares the declared symbols with how they trade.
func (h exchangeHealth) observeMarket(e exchange, m market, now time.Time) (found []checker.Observation) {
	for _, s := range e.Trading.Symbols {
		if l := m.listings[s.Symbol]; l != nil {
			found = append(found, s.observe(e.Name, l, now, cmp.Or(s.MaxTickerAge, h.MaxTickerAge))...)
		} else {
			found = append(found, checker.Failed(e.Name, "unknown_symbol", "the exchange does not list "+s.Symbol))
		}
	}
	if h.MaxUsedLimit == 0 {
		return found
	}
	switch used, err := m.used(); {
	case err != nil:
		found = append(found, checker.Failed(e.Name, "bad_answer", err.Error()))
	case used > h.MaxUsedLimit:
		found = append(found, checker.Warned(e.Name, "limit_nearly_used", fmt.Sprintf("%.0f%% of the rate limit of this address are used, %.0f%% are allowed", 100*used, 100*h.MaxUsedLimit)))
	}
	return found
}
