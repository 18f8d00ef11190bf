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

// openPositionsConfig declares the allowed positions on the configured
// exchanges. All others are unexpected.
type openPositionsConfig struct {
	Timeout time.Duration `yaml:"timeout"` // 2s by default
	Allow   []allowConfig `yaml:"allow"`
}

// allowConfig declares an allowed position.
type allowConfig struct {
	Exchange string   `yaml:"exchange"`
	Asset    string   `yaml:"asset"` // currency, or symbol of a futures contract; * for any
	Max      *float64 `yaml:"max"`   // maximum amount, long or short; no limit by default
	Envs     []string `yaml:"envs"`  // environments; all by default
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
			problems = append(problems, wrong("name the asset, such as KRW or BTCUSDT, or * for any", "allow", i, "asset"))
		case a.Max != nil && !(*a.Max >= 0):
			problems = append(problems, wrong("must not be negative", "allow", i, "max"))
		}
	}
	return append(problems, timeoutProblem(c.Timeout, "timeout")...)
}

// openPositions checks the positions of the accounts on the exchanges.
type openPositions struct {
	Exchanges []exchange
	Live      bool // the environment is live
	Allowed   []allowance
	Timeout   time.Duration
}

// allowance is an allowed position.
type allowance struct {
	Exchange string
	Asset    string // "*" for any
	Max      float64
}

// targets returns the exchanges.
func (p openPositions) targets() []string { return exchangeNames(p.Exchanges) }

// maxDuration returns the timeout of all exchanges together.
func (p openPositions) maxDuration() time.Duration { return p.Timeout }

// run checks all exchanges concurrently.
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
	held, found, err := p.look(ctx, e)
	latency := time.Since(began)
	noTrade := slices.ContainsFunc(found, func(o checker.Observation) bool { return o.Status == checker.Fail })
	if err != nil && !noTrade {
		reason, detail := explainExchange(err, p.Timeout)
		return checker.Failed(e.Name, reason, detail)
	}
	o := summary(e.Name, "nothing unexpected is open", append(p.judge(e.Name, held), found...))
	o.Latency = latency
	return o
}

func unset(variable, value string) string {
	if value == "" {
		return variable
	}
	return ""
}

// look reads the account's holdings, and compares keys and settings with the
// declarations, concurrently.
func (p openPositions) look(ctx context.Context, e exchange) (held []holding, found []checker.Observation, err error) {
	client := newHTTPClient()
	defer client.CloseIdleConnections()
	api, err := e.api(client)
	if err != nil {
		return nil, nil, err
	}
	trades := e.Trading.mustTrade(p.Live)
	compared := make(chan error, 1)
	go func() {
		var err error
		found, err = compare(ctx, api, e, trades)
		compared <- err
	}()
	held, err = api.holdings(ctx)
	if failed := <-compared; err == nil {
		err = failed
	}
	return held, found, err
}

// judge compares the holdings with the allowed positions.
func (p openPositions) judge(exchange string, held []holding) []checker.Observation {
	var unexpected []string
	for _, h := range held {
		if amount := math.Abs(h.amount); amount > 0 && !(amount <= p.allowed(exchange, h.asset)) {
			unexpected = append(unexpected, h.asset+" "+strconv.FormatFloat(h.amount, 'f', -1, 64))
		}
	}
	switch {
	case len(unexpected) > 0 && p.Live:
		return []checker.Observation{checker.Failed(exchange, "unexpected_position", "holds "+some(unexpected))}
	case len(unexpected) > 0:
		return []checker.Observation{checker.Warned(exchange, "unexpected_position", "holds "+some(unexpected))}
	}
	return nil
}

// allowed returns the allowed amount of an asset.
func (p openPositions) allowed(exchange, asset string) float64 {
	most := 0.0
	for _, a := range p.Allowed {
		if a.Exchange == exchange && (a.Asset == asset || a.Asset == "*") {
			most = max(most, a.Max)
		}
	}
	return most
}
