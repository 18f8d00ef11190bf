package checks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/alertnative/preflight/checker"
)

// openPositionsConfig declares what the accounts may hold. Everything else is
// unexpected. The check looks at the exchanges of the configuration.
type openPositionsConfig struct {
	Timeout time.Duration `yaml:"timeout"` // 2s when not given
	Allow   []allowConfig `yaml:"allow"`
}

// allowConfig declares something that an account may hold.
type allowConfig struct {
	Exchange string   `yaml:"exchange"`
	Asset    string   `yaml:"asset"` // a currency, or the symbol of a futures contract; * for any
	Max      *float64 `yaml:"max"`   // of the amount, long or short; no limit when not given
	Envs     []string `yaml:"envs"`  // where; everywhere when not given
}

func (c *openPositionsConfig) observer(env checker.Env) observer {
	if c == nil {
		return openPositions{}
	}
	check := openPositions{Exchanges: exchangesIn(env).list(env), Live: env.Live, Timeout: cmp.Or(c.Timeout, defaultTimeout)}
	for _, a := range c.Allow {
		if a.Envs == nil || slices.Contains(a.Envs, env.Name) {
			allowance := allowance{a.Exchange, a.Asset, math.Inf(1)}
			if a.Max != nil {
				allowance.Max = *a.Max
			}
			check.Allowed = append(check.Allowed, allowance)
		}
	}
	return check
}

func (c *openPositionsConfig) Problems(env checker.Env) (problems []checker.Problem) {
	if c == nil {
		return nil
	}
	names, _ := exchangesIn(env).declared()
	if len(names) == 0 {
		problems = append(problems, wrong("declare the exchanges to look at, under exchanges"))
	}
	for i, a := range c.Allow {
		switch {
		case !slices.Contains(names, a.Exchange):
			problems = append(problems, wrong(fmt.Sprintf("%q is none of the declared exchanges %v", a.Exchange, names), "allow", i, "exchange"))
		case a.Asset == "":
			problems = append(problems, wrong("name the asset, as KRW or BTCUSDT, or * for any", "allow", i, "asset"))
		case a.Max != nil && !(*a.Max >= 0):
			problems = append(problems, wrong("must not be negative", "allow", i, "max"))
		}
	}
	return append(problems, timeoutProblem(c.Timeout, "timeout")...)
}

// openPositions checks what the accounts on the exchanges hold.
type openPositions struct {
	Exchanges []exchange
	Live      bool // the environment trades for real
	Allowed   []allowance
	Timeout   time.Duration
}

// allowance is something that an account may hold.
type allowance struct {
	Exchange string
	Asset    string // "*" for any
	Max      float64
}

// targets returns the exchanges.
func (p openPositions) targets() []string { return exchangeNames(p.Exchanges) }

// maxDuration returns the time that all exchanges have together.
func (p openPositions) maxDuration() time.Duration { return p.Timeout }

// run asks every exchange, all at once.
func (p openPositions) run(ctx context.Context, _ checker.Env) []checker.Observation {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return eachExchange(p.Exchanges, func(e exchange) checker.Observation { return p.observe(ctx, e) })
}

func (p openPositions) observe(ctx context.Context, e exchange) checker.Observation {
	switch missing := cmp.Or(unset(e.AccessKeyVariable, e.AccessKey), unset(e.SecretKeyVariable, e.SecretKey)); {
	case e.AccessKey == "" && e.SecretKey == "" && !p.Live:
		return checker.Passed(e.Name, "no keys, so nothing is open through them")
	case missing != "":
		return checker.Failed(e.Name, "not_configured", missing+" is not set")
	}
	began := time.Now()
	held, withdraws, err := p.look(ctx, e)
	latency := time.Since(began)
	if err != nil {
		reason, detail := explainExchange(err, p.Timeout)
		return checker.Failed(e.Name, reason, detail)
	}
	o := p.judge(e.Name, held, withdraws)
	o.Latency = latency
	return o
}

func unset(variable, value string) string {
	if value == "" {
		return variable
	}
	return ""
}

// look asks for what the account holds and what the keys can do, both at once.
func (p openPositions) look(ctx context.Context, e exchange) (held []holding, withdraws bool, err error) {
	client := newHTTPClient()
	defer client.CloseIdleConnections()
	api, err := e.api(client)
	if err != nil {
		return nil, false, err
	}
	permission := make(chan error, 1)
	go func() {
		var err error
		withdraws, err = api.withdraws(ctx)
		permission <- err
	}()
	held, err = api.holdings(ctx)
	if failed := <-permission; err == nil {
		err = failed
	}
	return held, withdraws, err
}

// judge compares what is held with what is allowed.
func (p openPositions) judge(exchange string, held []holding, withdraws bool) checker.Observation {
	var unexpected []string
	for _, h := range held {
		if amount := math.Abs(h.amount); amount > 0 && !(amount <= p.allowed(exchange, h.asset)) {
			unexpected = append(unexpected, h.asset+" "+strconv.FormatFloat(h.amount, 'f', -1, 64))
		}
	}
	switch {
	case len(unexpected) > 0 && p.Live:
		return checker.Failed(exchange, "unexpected_position", "holds "+some(unexpected))
	case len(unexpected) > 0:
		return checker.Warned(exchange, "unexpected_position", "holds "+some(unexpected))
	case withdraws:
		return checker.Warned(exchange, "withdrawal_permission", "the keys have to do with withdrawals")
	}
	return checker.Passed(exchange, "nothing unexpected is open")
}

// allowed returns how much of an asset may be held.
func (p openPositions) allowed(exchange, asset string) float64 {
	most := 0.0
	for _, a := range p.Allowed {
		if a.Exchange == exchange && (a.Asset == asset || a.Asset == "*") {
			most = max(most, a.Max)
		}
	}
	return most
}
