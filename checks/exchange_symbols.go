package checks

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/checker"
)

// market is the public state of the symbols on an exchange.
type market struct {
	listings map[string]*listing
	used     func() (float64, error) // used share of the rate limit, from 0 to 1
}

// listing is how an exchange lets a symbol trade.
type listing struct {
	halted  string    // why it does not trade, or ""
	warning string    // warning of the exchange, or ""
	delists time.Time // announced end of trading, or zero
	size    []grid    // of limit orders
	market  []grid    // of market orders, in addition
	price   []grid
	value   []valueLimit
	last    exact     // last or average price
	traded  time.Time // time of that price
}

// grid is a filter: a number must be between two numbers, in steps. Limits that
// are 0 do not apply.
type grid struct {
	name           string
	min, max, step exact
	from           exact // start of the steps; 0 if not set
	// coarser: the steps are larger above the last price, and may be smaller
	// below it.
	coarser bool
}

// valueLimit is a filter of the value of orders, which is price times size.
type valueLimit struct {
	name                 string
	min, max             exact
	minMarket, maxMarket bool // they apply to market orders, too
}

// refuses describes why a number is not on the grid, or returns "".
func (g grid) refuses(v exact) string {
	switch {
	case g.min.set() && v.less(g.min):
		return fmt.Sprintf("%s is below the minimum %s (%s)", v, g.min, g.name)
	case g.max.set() && g.max.less(v):
		return fmt.Sprintf("%s is above the maximum %s (%s)", v, g.max, g.name)
	case g.step.set() && !v.inSteps(g.from, g.step):
		return fmt.Sprintf("%s is no multiple of %s (%s)", v, g.step, g.name)
	}
	return ""
}

// refuses describes why an order has the wrong value, or returns "".
func (l valueLimit) refuses(price, size exact, isLimit bool) string {
	value := price.times(size)
	switch {
	case l.min.set() && (isLimit || l.minMarket) && value.less(l.min):
		return fmt.Sprintf("%s × %s is %s, below the minimum %s (%s)", size, price, value, l.min, l.name)
	case l.max.set() && (isLimit || l.maxMarket) && l.max.less(value):
		return fmt.Sprintf("%s × %s is %s, above the maximum %s (%s)", size, price, value, l.max, l.name)
	}
	return ""
}

// observe compares a declared symbol with its listing. Prices are at most maxAge
// old at the time now of the exchange.
func (s symbolConfig) observe(exchange string, l *listing, now time.Time, maxAge time.Duration) (found []checker.Observation) {
	fail := func(reason, format string, args ...any) {
		found = append(found, checker.Failed(exchange, reason, s.Symbol+" "+fmt.Sprintf(format, args...)))
	}
	if l.halted != "" {
		fail("symbol_not_trading", "does not trade: %s", l.halted)
	} else if reason, text := tickerProblem(now.Sub(l.traded), maxAge); reason != "" {
		fail(reason, "%s", text)
	}
	if !l.delists.IsZero() {
		found = append(found, delisted(exchange, s.Symbol, l.delists))
	}
	if l.warning != "" {
		found = append(found, checker.Warned(exchange, "market_warning", s.Symbol+" "+l.warning))
	}
	if s.OrderSize != "" {
		found = append(found, s.observeOrder(exchange, l)...)
	}
	return found
}

var errMissing = errors.New("is missing")

// tickerProblem describes the mistake in the age of a price by the exchange's
// clock, or returns "".
func tickerProblem(age, maxAge time.Duration) (reason, text string) {
	const tolerance = 10 * time.Second
	switch {
	case age > maxAge:
		return "stale_ticker", fmt.Sprintf("has a price that is %s old, %s is allowed", age.Round(time.Second), maxAge)
	case age < -tolerance:
		return "bad_answer", fmt.Sprintf("has a price that is %s in the future", -age.Round(time.Second))
	}
	return "", ""
}

// observeOrder compares the declared order with the filters.
func (s symbolConfig) observeOrder(exchange string, l *listing) (found []checker.Observation) {
	size, price, isLimit := parseExact(s.OrderSize), l.last, s.Price != ""
	add := func(observe func(target, reason, detail string) checker.Observation, reason, field, refused string) {
		if refused != "" {
			found = append(found, observe(exchange, reason, s.Symbol+" refuses the declared "+field+": "+refused))
		}
	}
	grids := l.size
	if !isLimit {
		grids = slices.Concat(l.size, l.market)
	}
	for _, g := range grids {
		add(checker.Failed, "order_size_refused", "order_size", g.refuses(size))
	}
	if isLimit {
		price = parseExact(s.Price)
		for _, g := range l.price {
			observe := checker.Failed
			if g.coarser && l.last.value != nil && price.less(l.last) {
				observe = checker.Warned
			}
			add(observe, "order_price_refused", "price", g.refuses(price))
		}
	}
	if price.value == nil {
		return found // a market order of a symbol that does not trade
	}
	for _, limit := range l.value {
		add(checker.Failed, "order_value_refused", "order", limit.refuses(price, size, isLimit))
	}
	return found
}
