package checks

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
)

// allowConfig declares an allowed position.
type allowConfig struct {
	Exchange string   `yaml:"exchange"`
	Wallet   string   `yaml:"wallet"`    // spot and futures positions by default
	Asset    string   `yaml:"asset"`     // currency, or symbol of a futures contract; * for any
	Max      *float64 `yaml:"max"`       // maximum amount, long or short; no limit by default
	MaxValue *float64 `yaml:"max_value"` // maximum value in the currency quote; no limit by default
	Quote    string   `yaml:"quote"`
	Envs     []string `yaml:"envs"` // environments; all by default
}

// allowOrdersConfig declares allowed resting orders.
type allowOrdersConfig struct {
	Exchange string   `yaml:"exchange"`
	Symbol   string   `yaml:"symbol"` // symbol of the market; * for any
	Max      *int     `yaml:"max"`    // maximum number for each symbol; no limit by default
	Envs     []string `yaml:"envs"`   // environments; all by default
}

// allowance is an allowed position.
type allowance struct {
	wallet
	Asset    string // "*" for any
	Max      float64
	MaxValue float64
	Quote    string // "" without MaxValue
}

// wallet is a wallet on an exchange. The main one has no name.
type wallet struct{ Exchange, Name string }

// orderAllowance is a number of allowed orders of a symbol.
type orderAllowance struct {
	Exchange, Symbol string
	Max              int
}

// walletsOf returns the names of an exchange's wallets in preflight.yml. The
// first is the main one.
func walletsOf(exchange string) []string {
	switch exchange {
	case targetBinanceSpot:
		return []string{"spot", walletFunding, walletCross, walletIsolated}
	case targetBinanceFutures, targetBinanceCoin:
		return []string{"positions", walletCollateral}
	}
	return []string{"pocket"}
}

// quotes returns the currencies in which an exchange gives prices; nil for many.
func quotes(exchange string) []string {
	switch exchange {
	case targetUpbit:
		return []string{"KRW", "BTC", "USDT"}
	case targetBinanceCoin:
		return []string{"USD"}
	}
	return nil
}

func (a allowConfig) problems(exchanges []string, i int) []checker.Problem {
	at := func(key, format string, args ...any) []checker.Problem {
		return []checker.Problem{wrong(fmt.Sprintf(format, args...), "allow", i, key)}
	}
	named := walletsOf(a.Exchange)
	priced := quotes(a.Exchange)
	switch {
	case !slices.Contains(exchanges, a.Exchange):
		return at("exchange", "%q is none of the declared exchanges %v", a.Exchange, exchanges)
	case a.Asset == "":
		return at("asset", "name the asset, such as KRW or BTCUSDT, or * for any")
	case a.Asset != "*" && (strings.ToUpper(a.Asset) != a.Asset || strings.ContainsAny(a.Asset, " -/,*")):
		return at("asset", "%q is no name: write it as the exchange does, such as BTC or BTCUSDT, or * for any", a.Asset)
	case a.Wallet != "" && !slices.Contains(named, a.Wallet):
		return at("wallet", "%q is no wallet of %s (there are %s)", a.Wallet, a.Exchange, strings.Join(named, ", "))
	case a.Max != nil && !(*a.Max >= 0):
		return at("max", "must not be negative")
	case a.MaxValue != nil && !(*a.MaxValue >= 0):
		return at("max_value", "must not be negative")
	case a.MaxValue != nil && a.Quote == "":
		return at("max_value", "name its currency under quote, such as USDT")
	case a.MaxValue == nil && a.Quote != "":
		return at("quote", "is the currency of max_value, which is missing")
	case a.Quote != "" && priced != nil && !slices.Contains(priced, a.Quote):
		return at("quote", "%s gives no prices in %s (it gives them in %s)", a.Exchange, a.Quote, strings.Join(priced, ", "))
	case a.Quote != "" && strings.Trim(a.Quote, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "":
		return at("quote", "must be the code of a currency, such as USDT")
	}
	return nil
}

func (a allowOrdersConfig) problems(exchanges []string, i int) []checker.Problem {
	at := func(key, format string, args ...any) []checker.Problem {
		return []checker.Problem{wrong(fmt.Sprintf(format, args...), "allow_orders", i, key)}
	}
	switch {
	case !slices.Contains(exchanges, a.Exchange):
		return at("exchange", "%q is none of the declared exchanges %v", a.Exchange, exchanges)
	case a.Symbol == "":
		return at("symbol", "name the symbol, such as KRW-BTC or BTCUSDT, or * for any")
	case a.Symbol != "*" && symbolConfig{Symbol: a.Symbol}.nameProblem(a.Exchange) != "":
		return at("symbol", "%q is no symbol: write it as the exchange does, such as KRW-BTC or BTCUSDT, or * for any", a.Symbol)
	case a.Max != nil && *a.Max < 0:
		return at("max", "must not be negative")
	}
	return nil
}

func (a allowConfig) wallet() wallet {
	if a.Wallet == walletsOf(a.Exchange)[0] {
		return wallet{a.Exchange, ""}
	}
	return wallet{a.Exchange, a.Wallet}
}

// wallets returns the wallets with an entry, in any environment.
func (c *openPositionsConfig) wallets() map[wallet]bool {
	out := map[wallet]bool{}
	for _, a := range c.Allow {
		out[a.wallet()] = true
	}
	return out
}

// allowances returns the allowed positions in an environment.
func (c *openPositionsConfig) allowances(env string) (out []allowance) {
	unlimited := math.Inf(1)
	for _, a := range c.Allow {
		if a.Envs != nil && !slices.Contains(a.Envs, env) {
			continue
		}
		allowed := allowance{a.wallet(), a.Asset, unlimited, unlimited, a.Quote}
		if a.Max != nil {
			allowed.Max = *a.Max
		}
		if a.MaxValue != nil {
			allowed.MaxValue = *a.MaxValue
		}
		out = append(out, allowed)
	}
	return out
}

func (c *openPositionsConfig) orderAllowances(env string) (out []orderAllowance) {
	for _, a := range c.AllowOrders {
		if a.Envs != nil && !slices.Contains(a.Envs, env) {
			continue
		}
		allowed := orderAllowance{a.Exchange, a.Symbol, math.MaxInt}
		if a.Max != nil {
			allowed.Max = *a.Max
		}
		out = append(out, allowed)
	}
	return out
}

// covers reports whether the entry is about a holding.
func (a allowance) covers(exchange string, h holding) bool {
	return a.wallet == wallet{exchange, h.wallet} && (a.Asset == h.asset || a.Asset == "*")
}

// findings are the holdings that are not allowed.
type findings struct {
	unexpected []string
	undeclared []string // in wallets without an entry
	unpriced   []string // those without a price that their limit needs
}

// compare compares the holdings with the allowed positions. Each is judged by
// itself: a long position does not make up for a short one.
func (p openPositions) compare(exchange string, s seen) (f findings) {
	for _, h := range s.held {
		if h.amount == 0 {
			continue
		}
		allowed, unpriced := p.allows(exchange, h, s.prices)
		switch {
		case allowed:
		case unpriced != "":
			f.unpriced = append(f.unpriced, unpriced)
		case h.wallet != "" && !p.Declared[wallet{exchange, h.wallet}]:
			f.undeclared = append(f.undeclared, h.String())
		default:
			f.unexpected = append(f.unexpected, h.String())
		}
	}
	return f
}

// allows reports whether an entry allows a holding. If only a price decides that
// and there is none, it says so.
func (p openPositions) allows(exchange string, h holding, prices map[string]map[string]price) (ok bool, unpriced string) {
	amount := math.Abs(h.amount)
	for _, a := range p.Allowed {
		if !a.covers(exchange, h) || amount > a.Max {
			continue
		}
		if a.Quote == "" {
			return true, ""
		}
		unit, problem := priceOf(h, a.Quote, prices[a.Quote])
		if problem != "" {
			unpriced = problem
		} else if decimals(amount*unit) <= a.MaxValue {
			return true, ""
		}
	}
	return false, unpriced
}

// maxPriceAge is the age above which a price says nothing about the value.
const maxPriceAge = time.Hour

// priceOf returns the price of a holding's unit, or what is wrong with it. Only
// the quote currency itself has the price 1.
func priceOf(h holding, quote string, prices map[string]price) (unit float64, problem string) {
	if h.asset == quote {
		return 1, ""
	}
	p, ok := prices[h.asset]
	switch {
	case !ok || p.value == 0:
		return 0, fmt.Sprintf("%s has no price in %s", h, quote)
	case time.Since(p.at).Abs() > maxPriceAge:
		return 0, fmt.Sprintf("%s: the price in %s is of %s", h, quote, p.at.UTC().Format(time.RFC3339))
	}
	return p.value, ""
}

// toPrice returns the assets whose limits need a price, by quote currency.
func (p openPositions) toPrice(exchange string, held []holding) map[string][]string {
	out := map[string][]string{}
	for _, h := range held {
		if h.amount == 0 {
			continue
		}
		needed := map[string]bool{}
		for _, a := range p.Allowed {
			if a.covers(exchange, h) && math.Abs(h.amount) <= a.Max {
				needed[a.Quote] = true
			}
		}
		if needed[""] {
			continue // allowed without a price
		}
		for quote := range needed {
			if h.asset != quote && !slices.Contains(out[quote], h.asset) {
				out[quote] = append(out[quote], h.asset)
			}
		}
	}
	return out
}

// unexpectedOrders returns the symbols with more orders than allowed, and the
// number of their orders.
func (p openPositions) unexpectedOrders(exchange string, orders []order) (out []string) {
	count := map[string]int{}
	for _, o := range orders {
		count[o.symbol]++
	}
	for _, symbol := range slices.Sorted(maps.Keys(count)) {
		most := 0
		for _, a := range p.AllowedOrders {
			if a.Exchange == exchange && (a.Symbol == symbol || a.Symbol == "*") {
				most = max(most, a.Max)
			}
		}
		if count[symbol] > most {
			out = append(out, symbol+" "+strconv.Itoa(count[symbol]))
		}
	}
	return out
}
