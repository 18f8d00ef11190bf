package checks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/checker"
)

// keys reads the expiry of the keys. It tries to read the withdrawals, because
// Upbit does not report the permissions of keys. Keys for trading do not need
// this permission. Upbit binds all keys to addresses.
func (u upbit) keys(ctx context.Context) (report keyReport, err error) {
	a, err := u.get(ctx, "/v1/withdraws", "limit=1", true)
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusNotFound:
	case err != nil:
		return report, err
	default:
		var withdrawals []struct{} // their content does not matter
		if err := a.decode("the withdrawals", &withdrawals); err != nil {
			return report, err
		}
		report.withdraws = true
	}
	report.expires, err = u.expiry(ctx)
	return report, err
}

// expiry returns the time at which the keys expire.
func (u upbit) expiry(ctx context.Context) (time.Time, error) {
	a, err := u.get(ctx, "/v1/api_keys", "", true)
	if err != nil {
		return time.Time{}, err
	}
	var keys []struct {
		AccessKey string    `json:"access_key"`
		ExpireAt  time.Time `json:"expire_at"`
	}
	if err := a.decode("the list of keys", &keys); err != nil {
		return time.Time{}, err
	}
	for _, k := range keys {
		if k.AccessKey == u.AccessKey {
			return k.ExpireAt, nil
		}
	}
	return time.Time{}, badAnswer("the list of keys", errors.New("lacks these keys"))
}

// settings compares how the account may order the declared symbols, if the keys
// must be able to trade.
func (u upbit) settings(ctx context.Context, _ account, trades bool) ([]checker.Observation, error) {
	if !trades {
		return nil, nil
	}
	chances := make([]*orderChance, len(u.Trading.Symbols))
	calls, group := errgroup.WithContext(ctx)
	for i, s := range u.Trading.Symbols {
		calls.Go(func() (err error) { chances[i], err = u.chance(group, s.Symbol); return err })
	}
	var found []checker.Observation
	if u.Trading.OrderTest {
		calls.Go(func() (err error) { found, err = u.testOrder(group); return err })
	}
	if err := calls.Wait(); err != nil {
		return nil, err
	}
	last, err := u.lastPrices(ctx, chances)
	if err != nil {
		return nil, err
	}
	for i, s := range u.Trading.Symbols {
		price := parseExact(s.Price)
		if l := last[s.Symbol]; l != nil {
			price = l.last
		}
		found = append(found, chances[i].observe(u.Name, s, price)...)
	}
	return found, nil
}

// orderChance is how an account may order a symbol.
type orderChance struct {
	Market struct {
		State    string    `json:"state"`
		Bid      orderSide `json:"bid"`
		Ask      orderSide `json:"ask"`
		MaxTotal exact     `json:"max_total"`
	} `json:"market"`
}

// orderSide describes the orders to buy or to sell.
type orderSide struct {
	MinTotal exact `json:"min_total"`
}

// chance reads how the account may order a symbol; nil if there is no such
// market.
func (u upbit) chance(ctx context.Context, symbol string) (*orderChance, error) {
	a, err := u.get(ctx, "/v1/orders/chance", "market="+url.QueryEscape(symbol), true)
	if a.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	chance := new(orderChance)
	err = a.decode("the orders of "+symbol, chance)
	return chance, err
}

// lastPrices reads the last prices for orders without a price. It is one call:
// Upbit takes ten of them a second.
func (u upbit) lastPrices(ctx context.Context, chances []*orderChance) (map[string]*listing, error) {
	last := map[string]*listing{}
	for i, s := range u.Trading.Symbols {
		if chances[i] != nil && s.OrderSize != "" && s.Price == "" {
			last[s.Symbol] = new(listing)
		}
	}
	if len(last) == 0 {
		return nil, nil
	}
	names := strings.Join(slices.Sorted(maps.Keys(last)), ",")
	_, err := u.tickers(ctx, "markets="+url.QueryEscape(names), last)
	return last, err
}

// observe compares a declared symbol with how the account may order it.
func (c *orderChance) observe(exchange string, s symbolConfig, price exact) (found []checker.Observation) {
	if c == nil {
		return []checker.Observation{checker.Failed(exchange, "unknown_symbol", "Upbit has no market "+s.Symbol)}
	}
	m := c.Market
	if m.State != "active" {
		found = append(found, checker.Failed(exchange, "symbol_not_trading", fmt.Sprintf("%s does not trade: its state is %s", s.Symbol, m.State)))
	}
	if s.OrderSize == "" {
		return found
	}
	for _, limit := range []valueLimit{
		{name: "bid", min: m.Bid.MinTotal, max: m.MaxTotal}, {name: "ask", min: m.Ask.MinTotal, max: m.MaxTotal},
	} {
		if refused := limit.refuses(price, parseExact(s.OrderSize), true); refused != "" {
			return append(found, checker.Failed(exchange, "order_value_refused", s.Symbol+" refuses the declared order: "+refused))
		}
	}
	return found
}
