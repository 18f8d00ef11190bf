package checks

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/alertnative/preflight/checker"
)

// openPositionsConfig declares the allowed positions and resting orders on the
// configured exchanges. All others are unexpected.
type openPositionsConfig struct {
	Timeout     time.Duration       `yaml:"timeout"` // 2s by default
	Allow       []allowConfig       `yaml:"allow"`
	AllowOrders []allowOrdersConfig `yaml:"allow_orders"`
}

func (c *openPositionsConfig) observer(env checker.Env) observer {
	if c == nil {
		return openPositions{}
	}
	return openPositions{
		Exchanges: exchangesIn(env).list(env), Live: env.Live, Timeout: cmp.Or(c.Timeout, defaultTimeout),
		Allowed: c.allowances(env.Name), AllowedOrders: c.orderAllowances(env.Name), Declared: c.wallets(),
	}
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
		problems = append(problems, a.problems(names, i)...)
	}
	for i, a := range c.AllowOrders {
		problems = append(problems, a.problems(names, i)...)
	}
	return append(problems, timeoutProblem(c.Timeout, "timeout")...)
}

// openPositions checks the positions and the resting orders of the accounts on
// the exchanges.
type openPositions struct {
	Exchanges     []exchange
	Live          bool // the environment is live
	Allowed       []allowance
	AllowedOrders []orderAllowance
	Declared      map[wallet]bool // with an entry, in any environment
	Timeout       time.Duration
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
	case e.padded != "":
		return checker.Failed(e.Name, "auth_failed", e.padded+" starts or ends with white space, which is no part of a key")
	}
	began := time.Now()
	seen, err := p.look(ctx, e)
	latency := time.Since(began)
	if err != nil && !seen.failed() {
		reason, detail := explainExchange(err, p.Timeout)
		return checker.Failed(e.Name, reason, detail)
	}
	o := p.judge(e.Name, seen)
	o.Latency = latency
	return o
}

func unset(variable, value string) string {
	if value == "" {
		return variable
	}
	return ""
}

// seen holds the readings of an exchange.
type seen struct {
	account
	compared []checker.Observation       // keys and settings that are not as declared
	prices   map[string]map[string]price // by quote currency and asset
}

// failed reports whether the keys or the settings fail. They explain why other
// calls are refused.
func (s seen) failed() bool {
	return slices.ContainsFunc(s.compared, func(o checker.Observation) bool { return o.Status == checker.Fail })
}

// look reads the account and the keys' permissions concurrently. Then it compares
// the settings, and reads the prices that limits need. With an error it returns
// what was compared.
func (p openPositions) look(ctx context.Context, e exchange) (seen, error) {
	client := newHTTPClient()
	defer client.CloseIdleConnections()
	api, err := e.api(client)
	if err != nil {
		return seen{}, err
	}
	out := seen{prices: map[string]map[string]price{}}
	trades := e.Trading.mustTrade(p.Live)
	keys := make(chan error, 1)
	go func() {
		report, err := api.keys(ctx)
		out.compared = report.observe(e, p.Live)
		keys <- err
	}()
	out.account, err = api.holdings(ctx)
	if failed := <-keys; err == nil {
		err = failed
	}
	if err != nil {
		return out, err
	}
	settings, err := api.settings(ctx, out.account, trades)
	if err != nil {
		return out, err
	}
	out.compared = append(out.compared, settings...)
	for quote, assets := range p.toPrice(e.Name, out.held) {
		if out.prices[quote], err = api.prices(ctx, quote, assets); err != nil {
			return out, err
		}
	}
	return out, nil
}

// judge compares the account with what is allowed. The gravest finding decides,
// and the detail has all.
func (p openPositions) judge(exchange string, s seen) checker.Observation {
	grave := checker.Warned
	if p.Live {
		grave = checker.Failed
	}
	var found []checker.Observation
	add := func(observe func(target, reason, detail string) checker.Observation, reason, intro string, list []string) {
		if len(list) > 0 {
			found = append(found, observe(exchange, reason, intro+some(list)))
		}
	}
	held := p.compare(exchange, s)
	add(grave, "unexpected_position", "holds ", held.unexpected)
	add(grave, "resting_order", "orders rest: ", p.unexpectedOrders(exchange, s.orders))
	add(checker.Failed, "no_price", "", held.unpriced)
	if p.Live {
		add(checker.Warned, "wallet_not_read", "cannot be read: ", s.unread)
	}
	add(checker.Warned, "undeclared_wallet", "wallets without an entry hold ", held.undeclared)
	found = append(found, s.compared...)
	if len(found) == 0 {
		detail := "nothing unexpected is open"
		if len(s.unread) > 0 {
			detail += "; not read: " + some(s.unread)
		}
		return checker.Passed(exchange, detail)
	}
	return worst(found)
}
