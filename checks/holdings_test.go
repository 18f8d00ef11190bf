package checks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// allowing returns the check Open Positions with these entries, in a live
// environment.
func (e *exchanges) allowing(entries ...string) subject {
	return e.allowingIn("live", entries...)
}

func (e *exchanges) allowingIn(env string, entries ...string) subject {
	text := "open_positions:\n  timeout: 20s\n  allow:\n  - {exchange: upbit, asset: KRW}\n  - {exchange: binance_spot, asset: USDT}\n"
	orders := ""
	for _, entry := range entries {
		if strings.Contains(entry, "symbol:") {
			orders += "  - {" + entry + "}\n"
		} else {
			text += "  - {" + entry + "}\n"
		}
	}
	if orders != "" {
		text += "  allow_orders:\n" + orders
	}
	return fromConfig(e.t, e.config+text, "Open Positions", env, e.vars...)
}

// says expects an observation whose detail has a text.
func says(t *testing.T, s subject, target string, status checker.Status, reason, text string) {
	t.Helper()
	if o := expect(t, s, target, status, reason); !strings.Contains(o.Detail, text) {
		t.Errorf("%q does not say %q", o.Detail, text)
	}
}

// Each amount counts, in whatever field the exchange reports it.
func TestEveryAmountCounts(t *testing.T) {
	t.Parallel()
	for field, amount := range map[string]string{"locked": "0.5", "freeze": "0.25", "withdrawing": "7", "ipoable": "1e-7"} {
		e := newExchanges(t)
		e.binance.SetAmount(fakeexchange.Spot, "BTC", field, amount)
		says(t, e.allowing(), "binance_spot", checker.Fail, "unexpected_position", "holds BTC ")
		expect(t, e.allowing("exchange: binance_spot, asset: BTC, max: 7"), "binance_spot", checker.Pass, "")
	}
	e := newExchanges(t)
	e.binance.SetBalance("BTC", "0.5")
	e.binance.SetAmount(fakeexchange.Spot, "BTC", "locked", "0.25")
	e.binance.SetAmount(fakeexchange.Spot, "BTC", "withdrawing", "0.5")
	says(t, e.allowing("exchange: binance_spot, asset: BTC, max: 1"), "binance_spot", checker.Fail, "unexpected_position", "BTC 1.25")

	e.upbit.SetBalance("BTC", "0")
	e.upbit.Lock("BTC", "0.5")
	says(t, e.allowing(), "upbit", checker.Fail, "unexpected_position", "BTC 0.5")
}

// Sums and values are those of decimal numbers.
func TestDecimalSums(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.upbit.SetBalance("BTC", "0.1")
	e.upbit.Lock("BTC", "0.2")
	expect(t, e.allowing("exchange: upbit, asset: BTC, max: 0.3"), "upbit", checker.Pass, "")
	says(t, e.allowing("exchange: upbit, asset: BTC, max: 0.29999999"), "upbit", checker.Fail, "unexpected_position", "BTC 0.3")
	for _, field := range []string{"free", "locked", "freeze"} {
		e.binance.SetAmount(fakeexchange.Funding, "BTC", field, "0.1")
	}
	expect(t, e.allowing("exchange: binance_spot, wallet: funding, asset: BTC, max: 0.3"), "binance_spot", checker.Pass, "")
	e.binance.SetPrice("BTCUSDT", "3", time.Now())
	expect(t, e.allowing("exchange: binance_spot, wallet: funding, asset: BTC, max_value: 0.9, quote: USDT"), "binance_spot", checker.Pass, "")
}

func TestOtherWallets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ wallet, asset, field, amount, allow, held string }{
		{fakeexchange.Funding, "BTC", "free", "0.5", "binance_spot, wallet: funding, asset: BTC", "funding: BTC 0.5"},
		{fakeexchange.Funding, "BTC", "locked", "0.5", "binance_spot, wallet: funding, asset: BTC", "funding: BTC 0.5"},
		{fakeexchange.Funding, "BTC", "freeze", "0.5", "binance_spot, wallet: funding, asset: BTC", "funding: BTC 0.5"},
		{fakeexchange.Funding, "BTC", "withdrawing", "0.5", "binance_spot, wallet: funding, asset: BTC", "funding: BTC 0.5"},
		{fakeexchange.CrossMargin, "BTC", "free", "2", "binance_spot, wallet: cross_margin, asset: BTC", "cross_margin: BTC 2"},
		{fakeexchange.CrossMargin, "BTC", "locked", "2", "binance_spot, wallet: cross_margin, asset: BTC", "cross_margin: BTC 2"},
		{fakeexchange.CrossMargin, "BTC", "borrowed", "2", "binance_spot, wallet: cross_margin, asset: BTC", "cross_margin: BTC borrowed -2"},
		{fakeexchange.CrossMargin, "BTC", "interest", "2", "binance_spot, wallet: cross_margin, asset: BTC", "cross_margin: BTC borrowed -2"},
		{fakeexchange.Isolated, "BTCUSDT/BTC", "free", "2", "binance_spot, wallet: isolated_margin, asset: BTC", "isolated_margin: BTC 2"},
		{fakeexchange.Isolated, "BTCUSDT/USDT", "borrowed", "2", "binance_spot, wallet: isolated_margin, asset: USDT", "isolated_margin: USDT borrowed -2"},
		{fakeexchange.Futures, "BNB", "balance", "2", "binance_futures, wallet: collateral, asset: BNB", "collateral: BNB 2"},
		{fakeexchange.Futures, "USDT", "balance", "-2", "binance_futures, wallet: collateral, asset: USDT", "collateral: USDT -2"},
		{fakeexchange.CoinFutures, "BTC", "balance", "2", "binance_coin_futures, wallet: collateral, asset: BTC", "collateral: BTC 2"},
	} {
		e := newExchanges(t)
		e.binance.SetAmount(tt.wallet, tt.asset, tt.field, tt.amount)
		target, _, _ := strings.Cut(tt.allow, ",")
		says(t, e.allowing(), target, checker.Warn, "undeclared_wallet", tt.held)
		expect(t, e.allowing("exchange: "+tt.allow), target, checker.Pass, "")
		expect(t, e.allowing("exchange: "+tt.allow+", max: 2"), target, checker.Pass, "")
		says(t, e.allowing("exchange: "+tt.allow+", max: 0.1"), target, checker.Fail, "unexpected_position", tt.held)
		// The entry of another environment declares the wallet.
		says(t, e.allowing("exchange: "+tt.allow+", envs: [test]"), target, checker.Fail, "unexpected_position", tt.held)
		// An entry of the main wallet is not about the others.
		expect(t, e.allowing("exchange: "+target+", asset: '*'"), target, checker.Warn, "undeclared_wallet")
	}
}

// An asset and a debt, or a long and a short position, do not cancel each other
// out.
func TestNothingIsNetted(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.SetAmount(fakeexchange.CrossMargin, "BTC", "free", "5")
	e.binance.SetAmount(fakeexchange.CrossMargin, "BTC", "borrowed", "5")
	says(t, e.allowing(), "binance_spot", checker.Warn, "undeclared_wallet", "BTC 5, cross_margin: BTC borrowed -5")

	e.binance.SetSide("ETHUSDT", "LONG", "2")
	e.binance.SetSide("ETHUSDT", "SHORT", "-2")
	says(t, e.allowing(), "binance_futures", checker.Fail, "unexpected_position", "ETHUSDT ")
	expect(t, e.allowing("exchange: binance_futures, asset: ETHUSDT, max: 2"), "binance_futures", checker.Pass, "")
	e.binance.SetSide("ETHUSDT", "SHORT", "-2.001")
	says(t, e.allowing("exchange: binance_futures, asset: ETHUSDT, max: 2"), "binance_futures", checker.Fail, "unexpected_position", "ETHUSDT SHORT -2.001")

	e.binance.SetContracts("ETHUSD_PERP", "-3")
	says(t, e.allowing(), "binance_coin_futures", checker.Fail, "unexpected_position", "ETHUSD_PERP -3")
}

func TestRestingOrders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, call, symbol string }{
		{"binance_spot", fakeexchange.SpotOrders, "BTCUSDT"},
		{"binance_futures", fakeexchange.USDMOrders, "BTCUSDT"},
		{"binance_futures", fakeexchange.AlgoOrders, "BTCUSDT"}, // conditional ones
		{"binance_coin_futures", fakeexchange.CoinMOrders, "BTCUSD_PERP"},
		{"upbit", "wait", "KRW-BTC"},
		{"upbit", "watch", "KRW-BTC"}, // until its condition is met
	} {
		e := newExchanges(t)
		rest := func() {
			if tt.target == "upbit" {
				e.upbit.Rest(tt.symbol, tt.call)
			} else {
				e.binance.Rest(tt.call, tt.symbol)
			}
		}
		rest()
		entry := fmt.Sprintf("exchange: %s, symbol: %s", tt.target, tt.symbol)
		says(t, e.allowing(), tt.target, checker.Fail, "resting_order", tt.symbol+" 1")
		expect(t, e.allowingIn("paper"), tt.target, checker.Warn, "resting_order")
		expect(t, e.allowing(entry), tt.target, checker.Pass, "")
		expect(t, e.allowing("exchange: "+tt.target+", symbol: '*', max: 1"), tt.target, checker.Pass, "")
		expect(t, e.allowing(entry+", envs: [paper]"), tt.target, checker.Fail, "resting_order")
		other := strings.Replace(tt.symbol, "BTC", "OTHER", 1)
		expect(t, e.allowing("exchange: "+tt.target+", symbol: "+other), tt.target, checker.Fail, "resting_order")
		rest()
		says(t, e.allowing(entry+", max: 1"), tt.target, checker.Fail, "resting_order", tt.symbol+" 2")
	}
}

// The order that waits for another one of its list is in the lists alone.
func TestOrderLists(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.Rest(fakeexchange.SpotOrders, "BTCUSDT")
	e.binance.Rest(fakeexchange.SpotLists, "BTCUSDT")
	says(t, e.allowing("exchange: binance_spot, symbol: BTCUSDT, max: 1"), "binance_spot", checker.Fail, "resting_order", "BTCUSDT 2")
}

func TestMarginOrders(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.Rest(fakeexchange.MarginOrders, "BTCUSDT")
	e.binance.SetAmount(fakeexchange.CrossMargin, "USDT", "locked", "5")
	says(t, e.allowing(), "binance_spot", checker.Fail, "resting_order", "BTCUSDT 1")

	e = newExchanges(t)
	e.binance.Rest(fakeexchange.MarginOrders, "BTCUSDT")
	e.binance.SetAmount(fakeexchange.Isolated, "BTCUSDT/USDT", "locked", "5")
	says(t, e.allowing(), "binance_spot", checker.Fail, "resting_order", "BTCUSDT 1")
}

// Upbit's list of orders has pages.
func TestPagesOfOrders(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	for range 200 {
		e.upbit.Rest("KRW-BTC", "wait")
	}
	allowed := "exchange: upbit, symbol: KRW-BTC"
	expect(t, e.allowing(allowed), "upbit", checker.Pass, "")
	e.upbit.Rest("KRW-XRP", "wait")
	says(t, e.allowing(allowed), "upbit", checker.Fail, "resting_order", "orders rest: KRW-XRP 1")
	for range 2000 {
		e.upbit.Rest("KRW-BTC", "wait")
	}
	says(t, e.allowing(allowed), "upbit", checker.Fail, "bad_answer", "has no end after 2000")
}

// Keys that may not read orders cannot prove that there are none.
func TestOrdersOfUpbitAreNotReadable(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.upbit.Permit(fakeexchange.ViewOrders, false)
	says(t, e.allowing(), "upbit", checker.Fail, "missing_permission", "may not read orders")
}

// Wallets that the keys may not read are named.
func TestUnreadWallets(t *testing.T) {
	t.Parallel()
	for path, wallet := range map[string]string{
		"/sapi/v3/asset/getUserAsset":      "spot",
		"/sapi/v1/asset/get-funding-asset": "funding",
		"/sapi/v1/margin/account":          "cross_margin",
		"/sapi/v1/margin/isolated/account": "isolated_margin",
	} {
		e := newExchanges(t)
		e.binance.Refuse(path, -2015)
		says(t, e.allowing(), "binance_spot", checker.Warn, "wallet_not_read", wallet+" (Binance answers -2015)")
		says(t, e.allowingIn("paper"), "binance_spot", checker.Pass, "", "not read: "+wallet)
		e.binance.Refuse(path, -3022) // an account that may not use it
		says(t, e.allowing(), "binance_spot", checker.Warn, "wallet_not_read", wallet+" (Binance answers -3022)")
		e.binance.Refuse(path, -3003) // an account that does not have it
		expect(t, e.allowing(), "binance_spot", checker.Pass, "")
		e.binance.Refuse(path, -1021)
		expect(t, e.allowing(), "binance_spot", checker.Fail, "clock_skew")
	}
	e := newExchanges(t)
	e.binance.Refuse(fakeexchange.SpotOrders, -2015)
	expect(t, e.allowing(), "binance_spot", checker.Fail, "auth_failed")
}

// All findings are in the detail; the gravest decides.
func TestAllFindingsAreShown(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.SetAmount(fakeexchange.Funding, "BTC", "free", "1")
	e.binance.Rest(fakeexchange.SpotOrders, "BTCUSDT")
	e.binance.SetBalance("DOGE", "1")
	o := expect(t, e.allowing(), "binance_spot", checker.Fail, "unexpected_position")
	if want := "holds DOGE 1; orders rest: BTCUSDT 1; wallets without an entry hold funding: BTC 1"; o.Detail != want {
		t.Errorf("%q, want %q", o.Detail, want)
	}
}

func TestLimitsInValue(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		target, allow string
		set           func(e *exchanges, price string, at time.Time)
	}{
		{"binance_spot", "asset: '*', max_value: 5, quote: USDT", func(e *exchanges, price string, at time.Time) {
			e.binance.SetBalance("DOGE", "10")
			e.binance.SetPrice("DOGEUSDT", price, at)
		}},
		{"binance_spot", "wallet: cross_margin, asset: DOGE, max_value: 5, quote: USDT", func(e *exchanges, price string, at time.Time) {
			e.binance.SetAmount(fakeexchange.CrossMargin, "DOGE", "borrowed", "10")
			e.binance.SetPrice("DOGEUSDT", price, at)
		}},
		{"binance_futures", "asset: DOGEUSDT_991231, max: 10, max_value: 5, quote: USDT", func(e *exchanges, price string, at time.Time) {
			e.binance.SetPosition("DOGEUSDT_991231", "-10")
			e.binance.SetPrice("DOGEUSDT_991231", price, at)
		}},
		{"binance_futures", "wallet: collateral, asset: BNB, max_value: 5, quote: USDT", func(e *exchanges, price string, at time.Time) {
			e.binance.SetAmount(fakeexchange.Futures, "BNB", "balance", "10")
			e.binance.SetPrice("BNBUSDT", price, at)
		}},
		{"binance_coin_futures", "wallet: collateral, asset: BTC, max_value: 5, quote: USD", func(e *exchanges, price string, at time.Time) {
			e.binance.SetAmount(fakeexchange.CoinFutures, "BTC", "balance", "10")
			e.binance.SetPrice("BTCUSD_PERP", price, at)
		}},
		{"upbit", "asset: XRP, max_value: 5, quote: KRW", func(e *exchanges, price string, at time.Time) {
			e.upbit.SetBalance("XRP", "10")
			e.upbit.SetPrice("KRW-XRP", price, at)
		}},
	} {
		e := newExchanges(t)
		entry := "exchange: " + tt.target + ", " + tt.allow
		tt.set(e, "0.5", now)
		expect(t, e.allowing(entry), tt.target, checker.Pass, "")
		tt.set(e, "0.51", now)
		expect(t, e.allowing(entry), tt.target, checker.Fail, "unexpected_position")
		tt.set(e, "0", now)
		says(t, e.allowing(entry), tt.target, checker.Fail, "no_price", "has no price in ")
		tt.set(e, "0.5", now.Add(-2*time.Hour))
		says(t, e.allowing(entry), tt.target, checker.Fail, "no_price", " is of ")
		expect(t, e.allowingIn("paper", entry), tt.target, checker.Fail, "no_price")
	}
}

func TestLimitsWithoutAPrice(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	dust := "exchange: binance_spot, asset: '*', max_value: 5, quote: USDT"
	e.binance.SetBalance("LDBNB", "0.1")
	says(t, e.allowing(dust), "binance_spot", checker.Fail, "no_price", "LDBNB 0.1 has no price in USDT")
	expect(t, e.allowing(dust, "exchange: binance_spot, asset: LDBNB, max: 0.1"), "binance_spot", checker.Pass, "") // no price is needed
	says(t, e.allowing(dust, "exchange: binance_spot, asset: LDBNB, max: 0.01"), "binance_spot", checker.Fail, "no_price", "LDBNB")
	// Above the amount, the value does not matter.
	expect(t, e.allowing("exchange: binance_spot, asset: LDBNB, max: 0.01, max_value: 5, quote: USDT"), "binance_spot", checker.Fail, "unexpected_position")
	// The price of another contract is none.
	e.binance.SetPosition("BTCUSDC", "1")
	e.binance.SetPrice("BTCUSDC", "1", time.Now())
	expect(t, e.allowing("exchange: binance_futures, asset: BTCUSDC, max_value: 5, quote: USDT"), "binance_futures", checker.Fail, "no_price")
	// Only the quote currency itself has the price 1.
	e = newExchanges(t)
	e.binance.SetBalance("FDUSD", "1")
	e.binance.SetAmount(fakeexchange.Funding, "USDT", "free", "5")
	funding := "exchange: binance_spot, wallet: funding, asset: USDT, max_value: 5, quote: USDT"
	expect(t, e.allowing(dust, funding), "binance_spot", checker.Fail, "no_price")
	e.binance.SetBalance("FDUSD", "0")
	expect(t, e.allowing(dust, funding), "binance_spot", checker.Pass, "")
	e.binance.SetAmount(fakeexchange.Funding, "USDT", "free", "5.01")
	expect(t, e.allowing(dust, funding), "binance_spot", checker.Fail, "unexpected_position")
}

// A contract of COIN-M futures is worth a fixed number of dollars.
func TestValueOfContracts(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	entry := "exchange: binance_coin_futures, asset: '*', max_value: 300, quote: USD"
	e.binance.SetContracts("BTCUSD_PERP", "-3")
	expect(t, e.allowing(entry), "binance_coin_futures", checker.Pass, "")
	e.binance.SetContracts("BTCUSD_PERP", "-4")
	expect(t, e.allowing(entry), "binance_coin_futures", checker.Fail, "unexpected_position")
	e.binance.SetContracts("BTCUSD_PERP", "3")
	e.binance.SetContracts("XRPUSD_PERP", "1") // no contract of that name has a size
	expect(t, e.allowing(entry), "binance_coin_futures", checker.Fail, "no_price")
}

// A run makes the documented calls, and no price is asked for without need.
func TestCallsOfARun(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.Limit(6000, time.Hour)
	expect(t, e.health(), "upbit", checker.Pass, "")
	expect(t, e.allowing("exchange: binance_spot, asset: '*', max_value: 5, quote: USDT"), "upbit", checker.Pass, "")
	if spot, futures, coin := e.binance.Used(); spot != 107+28 || futures != 91+5 || coin != 43+5 { // 5 for the rights, in live
		t.Errorf("weights of %d, %d and %d are used: correct docs/reference/checks.md", spot, futures, coin)
	}
	for name, got := range map[string][]string{"upbit": e.upbit.Calls(), "binance": e.binance.Calls()} {
		slices.Sort(got)
		want := map[string][]string{
			"upbit": {"/v1/accounts", "/v1/api_keys", "/v1/orders/open", "/v1/ticker", "/v1/withdraws"},
			"binance": {
				"/api/v3/account", "/api/v3/openOrderList", "/api/v3/openOrders", "/api/v3/time",
				"/dapi/v1/account", "/dapi/v1/balance", "/dapi/v1/openOrders", "/dapi/v1/positionRisk", "/dapi/v1/time",
				"/fapi/v1/accountConfig", "/fapi/v1/openAlgoOrders", "/fapi/v1/openOrders", "/fapi/v1/time", "/fapi/v3/balance", "/fapi/v3/positionRisk",
				"/sapi/v1/account/apiRestrictions", "/sapi/v1/asset/get-funding-asset", "/sapi/v1/margin/account",
				"/sapi/v1/margin/isolated/account", "/sapi/v1/system/status", "/sapi/v3/asset/getUserAsset",
			},
		}[name]
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
