package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
)

// tradingConfig declares how the system trades on an exchange. Exchange Health
// and Open Positions compare what is declared.
type tradingConfig struct {
	Trades           *bool          `yaml:"trades"`             // the keys must be able to trade; by default in live environments
	KeyExpiresWithin time.Duration  `yaml:"key_expires_within"` // keys that expire sooner warn
	PositionMode     string         `yaml:"position_mode"`      // one_way or hedge
	MultiAssets      *bool          `yaml:"multi_assets"`       // multi-assets mode is on
	OrderTest        bool           `yaml:"order_test"`         // send an order to Upbit's test of orders
	Symbols          []symbolConfig `yaml:"symbols"`
}

// symbolConfig declares a symbol that the system trades.
type symbolConfig struct {
	Symbol     string `yaml:"symbol"`      // as the exchange writes it: KRW-BTC, BTCUSDT
	OrderSize  string `yaml:"order_size"`  // size of an order, in coins
	Price      string `yaml:"price"`       // of a limit order; without it the order is a market order
	MarginType string `yaml:"margin_type"` // isolated or crossed
	Leverage   int    `yaml:"leverage"`

	MaxTickerAge time.Duration `yaml:"max_ticker_age"` // that of exchange_health by default
}

// Position modes and margin types in preflight.yml.
const (
	oneWay, hedge     = "one_way", "hedge"
	isolated, crossed = "isolated", "crossed"
)

// maxSymbols limits the calls of a run. Upbit takes 30 a second.
const maxSymbols = 20

// problems returns the mistakes in the declaration of an exchange.
func (c tradingConfig) problems(exchange string) (problems []checker.Problem) {
	add := func(text string, path ...any) {
		problems = append(problems, wrong(text, append([]any{exchange}, path...)...))
	}
	const futuresOnly = "only binance_futures has it"
	futures := exchange == targetBinanceFutures
	problems = append(problems, timeoutProblem(c.KeyExpiresWithin, exchange, "key_expires_within")...)
	if c.KeyExpiresWithin > 0 && (futures || exchange == targetBinanceCoin) {
		add("Binance reports no expiry of the permission for futures: leave it out", "key_expires_within")
	}
	switch {
	case c.PositionMode != "" && !futures:
		add(futuresOnly, "position_mode")
	case c.PositionMode != "" && c.PositionMode != oneWay && c.PositionMode != hedge:
		add(fmt.Sprintf("%q is neither %s nor %s", c.PositionMode, oneWay, hedge), "position_mode")
	}
	if c.MultiAssets != nil && !futures {
		add(futuresOnly, "multi_assets")
	}
	switch {
	case c.OrderTest && exchange != targetUpbit:
		add("only upbit has it: Binance reports the permissions of keys", "order_test")
	case c.OrderTest && !slices.ContainsFunc(c.Symbols, func(s symbolConfig) bool { return s.Price != "" }):
		add("needs a symbol with order_size and price", "order_test")
	}
	if len(c.Symbols) > maxSymbols {
		add(fmt.Sprintf("declare at most %d symbols: each needs calls of its own", maxSymbols), "symbols")
		return problems
	}
	seen := map[string]bool{}
	for i, s := range c.Symbols {
		switch text := s.nameProblem(exchange); {
		case text != "":
			add(text, "symbols", i, "symbol")
		case seen[s.Symbol]:
			add(s.Symbol+" is declared twice", "symbols", i, "symbol")
		}
		seen[s.Symbol] = true
		for _, p := range s.problems(futures) {
			add(p.Text, append([]any{"symbols", i}, p.Path...)...)
		}
	}
	return problems
}

// nameProblem describes the mistake in a symbol's name, or returns "".
func (s symbolConfig) nameProblem(exchange string) string {
	example := "BTCUSDT"
	if exchange == targetUpbit {
		example = "KRW-BTC"
	}
	if s.Symbol == "" || strings.ToUpper(s.Symbol) != s.Symbol || strings.ContainsAny(s.Symbol, " /,\"*") ||
		strings.Contains(s.Symbol, "-") != (exchange == targetUpbit) {
		return "write the symbol as the exchange does, such as " + example
	}
	return ""
}

func (s symbolConfig) problems(futures bool) (problems []checker.Problem) {
	add := func(key, text string) { problems = append(problems, wrong(text, key)) }
	for _, number := range []struct{ key, text string }{{"order_size", s.OrderSize}, {"price", s.Price}} {
		if number.text != "" && !parseExact(number.text).set() {
			add(number.key, "must be a number above 0, such as 0.001")
		}
	}
	if s.Price != "" && s.OrderSize == "" {
		add("price", "needs order_size")
	}
	switch {
	case s.MarginType != "" && !futures:
		add("margin_type", "only binance_futures has it")
	case s.MarginType != "" && s.MarginType != isolated && s.MarginType != crossed:
		add("margin_type", fmt.Sprintf("%q is neither %s nor %s", s.MarginType, isolated, crossed))
	}
	problems = append(problems, timeoutProblem(s.MaxTickerAge, "max_ticker_age")...)
	switch {
	case s.Leverage != 0 && !futures:
		add("leverage", "only binance_futures has it")
	case s.Leverage < 0:
		add("leverage", "must be positive")
	}
	return problems
}

// names returns the declared symbols.
func (c tradingConfig) names() []string {
	var names []string
	for _, s := range c.Symbols {
		names = append(names, s.Symbol)
	}
	return names
}

// mustTrade reports whether the keys must be able to trade.
func (c tradingConfig) mustTrade(live bool) bool {
	if c.Trades != nil {
		return *c.Trades
	}
	return live
}
