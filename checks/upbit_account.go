package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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

// settings reads how the account may order the declared symbols, if the keys must
// be able to trade.
func (u upbit) settings(ctx context.Context, _ account, trades bool) ([]checker.Observation, error) {
	if !trades {
		return nil, nil
	}
	found := make([][]checker.Observation, len(u.Trading.Symbols))
	calls, ctx := errgroup.WithContext(ctx)
	for i, s := range u.Trading.Symbols {
		calls.Go(func() (err error) { found[i], err = u.chance(ctx, s); return err })
	}
	var tested []checker.Observation
	if u.Trading.OrderTest {
		calls.Go(func() (err error) { tested, err = u.testOrder(ctx); return err })
	}
	err := calls.Wait()
	return slices.Concat(tested, slices.Concat(found...)), err
}

// orderSide describes the orders to buy or to sell.
type orderSide struct {
	MinTotal exact `json:"min_total"`
}

// chance reads how the account may order a symbol.
func (u upbit) chance(ctx context.Context, s symbolConfig) (found []checker.Observation, err error) {
	a, err := u.get(ctx, "/v1/orders/chance", "market="+url.QueryEscape(s.Symbol), true)
	switch {
	case a.status == http.StatusNotFound:
		return []checker.Observation{checker.Failed(u.Name, "unknown_symbol", "Upbit has no market "+s.Symbol)}, nil
	case err != nil:
		return nil, err
	}
	var chance struct {
		Market struct {
			State    string    `json:"state"`
			Bid      orderSide `json:"bid"`
			Ask      orderSide `json:"ask"`
			MaxTotal exact     `json:"max_total"`
		} `json:"market"`
	}
	if err := a.decode("the orders of "+s.Symbol, &chance); err != nil {
		return nil, err
	}
	m := chance.Market
	if m.State != "active" {
		found = append(found, checker.Failed(u.Name, "symbol_not_trading", fmt.Sprintf("%s does not trade: its state is %s", s.Symbol, m.State)))
	}
	if s.OrderSize == "" {
		return found, nil
	}
	price, err := u.orderPrice(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, limit := range []valueLimit{
		{name: "bid", min: m.Bid.MinTotal, max: m.MaxTotal}, {name: "ask", min: m.Ask.MinTotal, max: m.MaxTotal},
	} {
		if refused := limit.refuses(price, parseExact(s.OrderSize), true); refused != "" {
			return append(found, checker.Failed(u.Name, "order_value_refused", s.Symbol+" refuses the declared order: "+refused)), nil
		}
	}
	return found, nil
}

// orderPrice returns the declared price of orders, or the last price.
func (u upbit) orderPrice(ctx context.Context, s symbolConfig) (exact, error) {
	if s.Price != "" {
		return parseExact(s.Price), nil
	}
	l := new(listing)
	_, err := u.tickers(ctx, "markets="+url.QueryEscape(s.Symbol), map[string]*listing{s.Symbol: l})
	return l.last, err
}
