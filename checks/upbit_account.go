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
	"github.com/alertnative/preflight/checks/internal/strict"
)

// keys reads the expiry of the keys. It tries to read the withdrawals, because
// Upbit does not report the permissions of keys. Keys for trading do not need
// this permission. Upbit binds all keys to addresses.
func (u upbit) keys(ctx context.Context) (report keyReport, err error) {
	calls, ctx := errgroup.WithContext(ctx)
	calls.Go(func() (err error) { report.expires, err = u.expiry(ctx); return err })
	calls.Go(func() error {
		a, err := u.get(ctx, "/v1/withdraws", "limit=1", true)
		switch a.status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return nil
		}
		report.withdraws = err == nil
		return err
	})
	err = calls.Wait()
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
	if err := strict.Unmarshal(a.body, &keys); err != nil {
		return time.Time{}, badAnswer("the list of keys", err)
	}
	for _, k := range keys {
		if k.AccessKey == u.AccessKey {
			return k.ExpireAt, nil
		}
	}
	return time.Time{}, rejection{"bad_answer", "the list of keys lacks these keys"}
}

// account reads what the account may order, if the keys must be able to trade.
func (u upbit) account(ctx context.Context, trades bool) ([]checker.Observation, error) {
	if !trades {
		return nil, nil
	}
	symbols := u.Trading.Symbols
	if symbols == nil {
		symbols = []symbolConfig{{Symbol: "KRW-BTC"}}
	}
	found := make([][]checker.Observation, len(symbols))
	calls, ctx := errgroup.WithContext(ctx)
	for i, s := range symbols {
		calls.Go(func() (err error) { found[i], err = u.chance(ctx, s); return err })
	}
	err := calls.Wait()
	return slices.Concat(found...), err
}

// orderSide describes the orders to buy or to sell.
type orderSide struct {
	MinTotal decimal `json:"min_total"`
}

// chance reads how the account may order a symbol.
func (u upbit) chance(ctx context.Context, s symbolConfig) (found []checker.Observation, err error) {
	a, err := u.get(ctx, "/v1/orders/chance", "market="+url.QueryEscape(s.Symbol), true)
	refusal, _ := errors.AsType[rejection](err)
	switch {
	case refusal.reason == "missing_permission":
		return []checker.Observation{checker.Failed(u.Name, "cannot_trade", "the keys may not see orders (주문조회)")}, nil
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
			MaxTotal decimal   `json:"max_total"`
		} `json:"market"`
	}
	if err := strict.Unmarshal(a.body, &chance); err != nil {
		return nil, badAnswer("the orders of "+s.Symbol, err)
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
	for side, min := range map[string]decimal{"bid": m.Bid.MinTotal, "ask": m.Ask.MinTotal} {
		limit := valueLimit{name: side, min: min, max: m.MaxTotal}
		if refused := limit.refuses(price, parseDecimal(s.OrderSize), true); refused != "" {
			return append(found, checker.Failed(u.Name, "order_value_refused", s.Symbol+" refuses the declared order: "+refused)), nil
		}
	}
	return found, nil
}

// orderPrice returns the declared price of orders, or the last price.
func (u upbit) orderPrice(ctx context.Context, s symbolConfig) (decimal, error) {
	if s.Price != "" {
		return parseDecimal(s.Price), nil
	}
	l := new(listing)
	_, err := u.tickers(ctx, "markets="+url.QueryEscape(s.Symbol), map[string]*listing{s.Symbol: l})
	return l.last, err
}
