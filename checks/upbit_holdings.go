package checks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// holdings reads the balances and the open orders of the pocket to which the
// keys belong.
func (u upbit) holdings(ctx context.Context) (account, error) {
	all, err := u.balances(ctx)
	if err != nil {
		return account{}, err
	}
	all.orders, err = u.openOrders(ctx)
	return all, err
}

func (u upbit) balances(ctx context.Context) (account, error) {
	const what = "the accounts"
	a, err := u.get(ctx, "/v1/accounts", "", true)
	if err != nil {
		return account{}, err
	}
	var body []struct {
		Currency name   `json:"currency"`
		Balance  amount `json:"balance"`
		Locked   amount `json:"locked"`
	}
	if err := a.decode(what, &body); err != nil {
		return account{}, err
	}
	var out account
	seen := once{}
	for _, c := range body {
		if err := seen.add(what, c.Currency); err != nil {
			return account{}, err
		}
		out.hold(holding{asset: string(c.Currency), amount: float64(c.Balance + c.Locked)})
	}
	return out, nil
}

const (
	ordersPerPage = 100 // the most that Upbit gives
	mostPages     = 20  // of one run; Upbit allows 30 calls a second
)

// openOrders reads the orders that wait, and those that watch for their
// condition, until the last page.
func (u upbit) openOrders(ctx context.Context) ([]order, error) {
	const what = "the open orders"
	var out []order
	for page := 1; page <= mostPages; page++ {
		query := fmt.Sprintf("states[]=wait&states[]=watch&page=%d&limit=%d&order_by=asc", page, ordersPerPage)
		a, err := u.get(ctx, "/v1/orders/open", query, true)
		if r, ok := errors.AsType[rejection](err); ok && r.reason == "missing_permission" {
			return nil, rejection{r.reason, "the keys may not read orders: " + r.detail}
		}
		if err != nil {
			return nil, err
		}
		var body []struct {
			UUID   name `json:"uuid"`
			Market name `json:"market"`
		}
		if err := a.decode(what, &body); err != nil {
			return nil, err
		}
		if len(body) > ordersPerPage {
			return nil, badAnswer(what, fmt.Errorf("has %d entries, %d were asked for", len(body), ordersPerPage))
		}
		for _, o := range body {
			out = append(out, order{string(o.Market), string(o.UUID)})
		}
		if len(body) < ordersPerPage {
			return out, nil
		}
	}
	return nil, badAnswer(what, fmt.Errorf("has no end after %d", len(out)))
}

// prices reads the prices of all currencies in one call.
func (u upbit) prices(ctx context.Context, quote string, _ []string) (map[string]price, error) {
	const what = "the tickers"
	a, err := u.get(ctx, "/v1/ticker/all", "quote_currencies="+quote, false)
	if err != nil {
		return nil, err
	}
	var body []struct {
		Market name   `json:"market"`
		Price  amount `json:"trade_price"`
		Time   int64  `json:"trade_timestamp"`
	}
	if err := a.decode(what, &body); err != nil {
		return nil, err
	}
	out := map[string]price{}
	seen := once{}
	for _, t := range body {
		if err := seen.add(what, t.Market); err != nil {
			return nil, err
		}
		if currency, ok := strings.CutPrefix(string(t.Market), quote+"-"); ok {
			out[currency] = price{float64(t.Price), time.UnixMilli(t.Time)}
		}
	}
	return out, nil
}
