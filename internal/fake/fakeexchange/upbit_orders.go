package fakeexchange

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// tick is the last trade of a market.
type tick struct {
	price string
	at    time.Time
}

// Calls returns the paths of all calls so far.
func (u *Upbit) Calls() (paths []string) {
	u.set(func() { paths = slices.Clone(u.asked) })
	return paths
}

// Answer replaces the body of a path's answers; "" restores it.
func (u *Upbit) Answer(path, body string) { u.set(func() { u.answer(path, body) }) }

// Lock sets the amount of a currency that orders lock.
func (u *Upbit) Lock(currency, amount string) { u.set(func() { u.locked[currency] = amount }) }

// Rest adds an order that waits in a market, in the state wait, or watch until
// its condition is met.
func (u *Upbit) Rest(market, state string) {
	u.set(func() {
		u.orders = append(u.orders, map[string]any{
			"uuid": uuid.NewString(), "side": "bid", "ord_type": "limit", "price": "1000", "state": state, "market": market,
			"created_at": "2026-01-01T00:00:00+09:00", "volume": "1.0", "remaining_volume": "1.0", "executed_volume": "0.0",
			"reserved_fee": "0.5", "remaining_fee": "0.5", "paid_fee": "0", "locked": "1000.5", "trades_count": 0,
		})
	})
}

// SetPrice sets the last trade of a market, such as KRW-XRP.
func (u *Upbit) SetPrice(market, price string, at time.Time) {
	u.set(func() { u.prices[market] = tick{price, at} })
}

func (u *Upbit) tickers(w http.ResponseWriter, r *http.Request) {
	quote := r.URL.Query().Get("quote_currencies")
	if quote == "" {
		u.refuse(w, http.StatusBadRequest, "", "Missing request parameter error. Check the required parameters!")
		return
	}
	all := []map[string]any{}
	for market, t := range u.prices {
		if price, err := strconv.ParseFloat(t.price, 64); err == nil && strings.HasPrefix(market, quote+"-") {
			all = append(all, map[string]any{"market": market, "trade_price": price, "trade_timestamp": t.at.UnixMilli(), "timestamp": t.at.UnixMilli()})
		}
	}
	u.serve(w, r.URL.Path, all)
}

func (u *Upbit) openOrders(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	states := query["states[]"]
	page, pageErr := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	limit, limitErr := strconv.Atoi(cmp.Or(query.Get("limit"), "100"))
	for name := range query {
		if !slices.Contains([]string{"market", "state", "states[]", "page", "limit", "order_by"}, name) {
			pageErr = strconv.ErrSyntax
		}
	}
	if pageErr != nil || limitErr != nil || page < 1 || limit < 1 || limit > 100 || query.Has("state") && len(states) > 0 {
		u.refuse(w, http.StatusBadRequest, "validation_error", "잘못된 파라미터입니다.")
		return
	}
	if len(states) == 0 {
		states = []string{cmp.Or(query.Get("state"), "wait")}
	}
	found := []map[string]any{}
	for _, o := range u.orders {
		if slices.Contains(states, o["state"].(string)) {
			found = append(found, o)
		}
	}
	first := min((page-1)*limit, len(found))
	u.serve(w, r.URL.Path, found[first:min(first+limit, len(found))])
}
