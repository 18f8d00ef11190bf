package checks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// OpenPositionsConfig declares what the accounts may hold. Everything else is
// unexpected. The check looks at the exchanges of the configuration.
type OpenPositionsConfig struct {
	Timeout time.Duration `yaml:"timeout"` // 2s when not given
	Allow   []AllowConfig `yaml:"allow"`
}

// AllowConfig declares something that an account may hold.
type AllowConfig struct {
	Exchange string   `yaml:"exchange"`
	Asset    string   `yaml:"asset"` // a currency, or the symbol of a futures contract; * for any
	Max      *float64 `yaml:"max"`   // of the amount, long or short; no limit when not given
	Envs     []string `yaml:"envs"`  // where; everywhere when not given
}

func (c *OpenPositionsConfig) check(s Setting) Check {
	if c == nil {
		return OpenPositions{}
	}
	check := OpenPositions{Exchanges: s.exchanges.list(s), Live: s.live, Timeout: or(c.Timeout, defaultTimeout)}
	for _, a := range c.Allow {
		if a.Envs == nil || slices.Contains(a.Envs, s.Env) {
			allowance := Allowance{a.Exchange, a.Asset, math.Inf(1)}
			if a.Max != nil {
				allowance.Max = *a.Max
			}
			check.Allowed = append(check.Allowed, allowance)
		}
	}
	return check
}

func (c *OpenPositionsConfig) problems(all Config) (problems []problem) {
	if c == nil {
		return nil
	}
	names, _ := all.Exchanges.declared()
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

// OpenPositions checks what the accounts on the exchanges hold.
type OpenPositions struct {
	Exchanges []Exchange
	Live      bool // the environment trades for real
	Allowed   []Allowance
	Timeout   time.Duration
}

// Allowance is something that an account may hold.
type Allowance struct {
	Exchange string
	Asset    string // "*" for any
	Max      float64
}

// Spec describes the check.
func (OpenPositions) Spec() Spec {
	return Spec{
		Name:    "Open Positions",
		Looks:   "the accounts on the exchanges hold only what is allowed, and their keys cannot withdraw",
		Network: true,
		Reasons: append([]Reason{
			{"unexpected_position", "the account holds what is not allowed, or more of it", "find out who opened it; close it, or allow it in preflight.yml"},
			{"withdrawal_permission", "the keys have to do with withdrawals, which trading does not need", "make keys that can only look and trade"},
			{"not_configured", "keys of the exchange are not set", "set the variables with the exchange's keys"},
			{"auth_failed", "the exchange refuses the keys or the signature", "correct the keys; they belong to one account and one network"},
			{"key_expired", "the keys are no longer valid", "make new keys on the exchange's site"},
			{"ip_not_allowed", "the keys may not be used from this address", "add this machine's public address to the keys' list"},
			{"missing_permission", "the keys may not look at the account", "give them the permission to read"},
		}, exchangeReasons()...),
	}
}

// Targets are the exchanges.
func (p OpenPositions) Targets() []string { return exchangeNames(p.Exchanges) }

// MaxDuration is the time that the exchanges have, all at once.
func (p OpenPositions) MaxDuration() time.Duration { return p.Timeout }

// Run asks every exchange, all at once.
func (p OpenPositions) Run(ctx context.Context) []Observation {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return eachExchange(p.Exchanges, func(e Exchange) Observation { return p.observe(ctx, e) })
}

func (p OpenPositions) observe(ctx context.Context, e Exchange) Observation {
	switch missing := cmp.Or(unset(e.AccessKeyVariable, e.AccessKey), unset(e.SecretKeyVariable, e.SecretKey)); {
	case e.AccessKey == "" && e.SecretKey == "" && !p.Live:
		return Passed(e.Name, "no keys, so nothing is open through them")
	case missing != "":
		return Failed(e.Name, "not_configured", missing+" is not set")
	}
	began := time.Now()
	held, withdraws, err := p.look(ctx, e)
	latency := time.Since(began)
	if err != nil {
		reason, detail := explainExchange(err, p.Timeout)
		return Failed(e.Name, reason, detail)
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
func (p OpenPositions) look(ctx context.Context, e Exchange) (held []holding, withdraws bool, err error) {
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
func (p OpenPositions) judge(exchange string, held []holding, withdraws bool) Observation {
	var unexpected []string
	for _, h := range held {
		if amount := math.Abs(h.amount); amount > 0 && !(amount <= p.allowed(exchange, h.asset)) {
			unexpected = append(unexpected, h.asset+" "+strconv.FormatFloat(h.amount, 'f', -1, 64))
		}
	}
	switch {
	case len(unexpected) > 0 && p.Live:
		return Failed(exchange, "unexpected_position", "holds "+some(unexpected))
	case len(unexpected) > 0:
		return Warned(exchange, "unexpected_position", "holds "+some(unexpected))
	case withdraws:
		return Warned(exchange, "withdrawal_permission", "the keys have to do with withdrawals")
	}
	return Passed(exchange, "nothing unexpected is open")
}

// allowed is how much of an asset may be held.
func (p OpenPositions) allowed(exchange, asset string) float64 {
	most := 0.0
	for _, a := range p.Allowed {
		if a.Exchange == exchange && (a.Asset == asset || a.Asset == "*") {
			most = max(most, a.Max)
		}
	}
	return most
}
