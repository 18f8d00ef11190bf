package checks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

func health(e *exchanges) subject { return e.health() }

// healthWith returns Exchange Health with further keys.
func healthWith(keys string) func(*exchanges) subject {
	return func(e *exchanges) subject {
		return fromConfig(e.t, e.config+"exchange_health: {timeout: 20s, max_latency: 20s, "+keys+"}", "Exchange Health", "live", e.vars...)
	}
}

// order declares an order of a symbol.
func order(symbol, size, price string) string {
	if price == "" {
		return fmt.Sprintf("symbols: [{symbol: %s, order_size: %q}]", symbol, size)
	}
	return fmt.Sprintf("symbols: [{symbol: %s, order_size: %q, price: %q}]", symbol, size, price)
}

func spot(change func(fakeexchange.Symbol)) func(*exchanges) {
	return func(e *exchanges) { e.binance.ChangeSymbol("BTCUSDT", change) }
}

func contract(change func(fakeexchange.Symbol)) func(*exchanges) {
	return func(e *exchanges) { e.binance.ChangeContract("BTCUSDT", change) }
}

func coinContract(change func(fakeexchange.Symbol)) func(*exchanges) {
	return func(e *exchanges) { e.binance.ChangeCoinContract("BTCUSD_PERP", change) }
}

func upbitMarket(change func(*fakeexchange.Market)) func(*exchanges) {
	return func(e *exchanges) { e.upbit.ChangeMarket("KRW-BTC", change) }
}

func field(name string, value any) func(fakeexchange.Symbol) {
	return func(s fakeexchange.Symbol) { s[name] = value }
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	const btc = "symbols: [{symbol: BTCUSDT}]"
	const krw = "symbols: [{symbol: KRW-BTC}, {symbol: KRW-ETH}]"
	ends := time.Now().Add(30 * 24 * time.Hour)
	expectStates(t, health, []state{
		{"trades", "binance_spot", btc, nil, checker.Pass, "", ""},
		{"is halted", "binance_spot", btc, spot(field("status", "HALT")), checker.Fail, "symbol_not_trading", "BTCUSDT does not trade: its status is HALT"},
		{"is halted, with a market order", "binance_spot", order("BTCUSDT", "1", ""), spot(field("status", "BREAK")), checker.Fail, "symbol_not_trading", "BREAK"},
		{"has no spot trading", "binance_spot", btc, spot(field("isSpotTradingAllowed", false)), checker.Fail, "symbol_not_trading", "not allowed"},
		{"is unknown", "binance_spot", "symbols: [{symbol: NOSUCH}]", nil, checker.Fail, "unknown_symbol", "NOSUCH"},
		{"is unknown beside a halted one", "binance_spot", "symbols: [{symbol: NOSUCH}, {symbol: BTCUSDT}]", spot(field("status", "HALT")), checker.Fail, "unknown_symbol", "BTCUSDT does not trade"},
		{"lacks its status", "binance_spot", btc, spot(func(s fakeexchange.Symbol) { delete(s, "status") }), checker.Fail, "bad_answer", "BTCUSDT: status is missing"},
		{"lacks its filters", "binance_spot", btc, spot(field("filters", nil)), checker.Fail, "bad_answer", "filters is null"},
		{"has no filters", "binance_spot", btc, spot(field("filters", []any{})), checker.Fail, "bad_answer", "the filters of BTCUSDT: PRICE_FILTER is missing"},
		{"has no filter of the size", "binance_spot", btc, spot(field("filters", []any{map[string]any{"filterType": "PRICE_FILTER", "minPrice": "1", "maxPrice": "2", "tickSize": "1"}})), checker.Fail, "bad_answer", "LOT_SIZE is missing"},
		{"has no filters", "binance_futures", btc, contract(field("filters", []any{})), checker.Fail, "bad_answer", "PRICE_FILTER is missing"},
		{"has no filters", "binance_coin_futures", "symbols: [{symbol: BTCUSD_PERP}]", coinContract(field("filters", []any{})), checker.Fail, "bad_answer", "PRICE_FILTER is missing"},
		{"has a filter without a step", "binance_spot", btc, spot(func(s fakeexchange.Symbol) {
			s.Filters(map[string]any{"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "2"})
		}), checker.Fail, "bad_answer", "LOT_SIZE: lacks a field"},
		{"has a filter twice", "binance_spot", btc, spot(func(s fakeexchange.Symbol) {
			size := map[string]any{"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "2", "stepSize": "1"}
			s.Filters(size, size)
		}), checker.Fail, "bad_answer", "has LOT_SIZE twice"},
		{"has a negative step", "binance_spot", btc, spot(func(s fakeexchange.Symbol) {
			s.Filters(map[string]any{"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "2", "stepSize": "-1"})
		}), checker.Fail, "bad_answer", "stepSize is no amount"},

		{"trades", "binance_futures", btc, nil, checker.Pass, "", ""},
		{"is in settlement", "binance_futures", btc, contract(field("status", "SETTLING")), checker.Fail, "symbol_not_trading", "SETTLING"},
		{"is unknown", "binance_futures", "symbols: [{symbol: NOSUCH}]", nil, checker.Fail, "unknown_symbol", "NOSUCH"},
		{"will be delisted", "binance_futures", btc, contract(field("deliveryDate", ends.UnixMilli())), checker.Warn, "delisting", "BTCUSDT will be delisted at " + ends.UTC().Format(time.DateTime)},
		{"is dated", "binance_futures", "symbols: [{symbol: BTCUSDT_270326}]", func(e *exchanges) {
			e.binance.ChangeContract("BTCUSDT_270326", func(s fakeexchange.Symbol) {
				s["contractType"], s["deliveryDate"] = "CURRENT_QUARTER", ends.UnixMilli()
			})
		}, checker.Pass, "", ""},
		{"is dated and ends soon", "binance_futures", "symbols: [{symbol: BTCUSDT_270326}]", func(e *exchanges) {
			e.binance.ChangeContract("BTCUSDT_270326", func(s fakeexchange.Symbol) {
				s["contractType"], s["deliveryDate"] = "CURRENT_QUARTER", time.Now().Add(time.Hour).UnixMilli()
			})
		}, checker.Warn, "delisting", ""},
		{"a broken contract that is not declared", "binance_futures", btc, func(e *exchanges) {
			e.binance.ChangeContract("NEWUSDT", func(s fakeexchange.Symbol) { clear(s) })
		}, checker.Pass, "", ""},
		{"is listed twice", "binance_futures", btc, func(e *exchanges) {
			e.binance.ChangeContract("AGAINUSDT", field("symbol", "BTCUSDT"))
		}, checker.Fail, "bad_answer", "BTCUSDT is listed twice"},
		{"among 2,000 contracts", "binance_futures", btc, func(e *exchanges) {
			for i := range 2000 {
				e.binance.ChangeContract(fmt.Sprintf("C%dUSDT", i), func(fakeexchange.Symbol) {})
			}
		}, checker.Pass, "", ""},

		{"trades", "binance_coin_futures", "symbols: [{symbol: BTCUSD_PERP}]", nil, checker.Pass, "", ""},
		{"is in delivery", "binance_coin_futures", "symbols: [{symbol: BTCUSD_PERP}]", coinContract(field("contractStatus", "PRE_DELIVERING")), checker.Fail, "symbol_not_trading", "PRE_DELIVERING"},
		{"has no status", "binance_coin_futures", "symbols: [{symbol: BTCUSD_PERP}]", coinContract(func(s fakeexchange.Symbol) { delete(s, "contractStatus") }), checker.Fail, "bad_answer", "the status of BTCUSD_PERP is missing"},
		{"is unknown", "binance_coin_futures", "symbols: [{symbol: BTCUSD}]", nil, checker.Fail, "unknown_symbol", "BTCUSD"},

		{"trades", "upbit", krw, nil, checker.Pass, "", ""},
		{"has a warning", "upbit", krw, upbitMarket(func(m *fakeexchange.Market) { m.Warning = true }), checker.Warn, "market_warning", "KRW-BTC has a trading warning"},
		{"has a caution", "upbit", krw, upbitMarket(func(m *fakeexchange.Market) { m.Caution = "TRADING_VOLUME_SOARING" }), checker.Warn, "market_warning", "TRADING_VOLUME_SOARING"},
		{"trades, on a site outside Korea", "upbit", krw, func(e *exchanges) { e.upbit.Abroad(true) }, checker.Pass, "", ""},
		{"has a warning, on a site outside Korea", "upbit", krw, func(e *exchanges) {
			e.upbit.Abroad(true)
			e.upbit.ChangeMarket("KRW-BTC", func(m *fakeexchange.Market) { m.Warning = true })
		}, checker.Warn, "market_warning", "CAUTION"},
		{"was delisted", "upbit", "symbols: [{symbol: KRW-OLD}, {symbol: KRW-BTC}]", nil, checker.Fail, "unknown_symbol", "KRW-OLD"},
		{"no symbol is known", "upbit", "symbols: [{symbol: KRW-OLD}]", nil, checker.Fail, "unknown_symbol", "KRW-OLD"},
	})
}

func TestOrders(t *testing.T) {
	t.Parallel()
	filters := func(filters ...map[string]any) func(*exchanges) {
		return spot(func(s fakeexchange.Symbol) { s.Filters(filters...) })
	}
	oldNotional := func(market bool) func(*exchanges) {
		return filters(map[string]any{"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": market, "avgPriceMins": 5})
	}
	expectStates(t, health, []state{
		{"fits", "binance_spot", order("BTCUSDT", "0.00010", "50000.01"), nil, checker.Pass, "", ""},
		{"a step too small by 1e-8", "binance_spot", order("BTCUSDT", "0.00010001", "60000"), nil, checker.Fail, "order_size_refused", "0.00010001 is no multiple of 0.00001 (LOT_SIZE)"},
		{"below the smallest size", "binance_spot", order("BTCUSDT", "0.000009", "900000"), nil, checker.Fail, "order_size_refused", "0.000009 is below the minimum 0.00001"},
		{"above the largest size", "binance_spot", order("BTCUSDT", "9001", "1"), nil, checker.Fail, "order_size_refused", "9001 is above the maximum 9000"},
		{"above the largest market order", "binance_spot", order("BTCUSDT", "101", ""), nil, checker.Fail, "order_size_refused", "MARKET_LOT_SIZE"},
		{"a limit order above the largest market order", "binance_spot", order("BTCUSDT", "101", "60000"), nil, checker.Pass, "", ""},
		{"a tick too small", "binance_spot", order("BTCUSDT", "0.001", "60000.001"), nil, checker.Fail, "order_price_refused", "60000.001 is no multiple of 0.01 (PRICE_FILTER)"},
		{"a price above the largest", "binance_spot", order("BTCUSDT", "0.001", "1000000.01"), nil, checker.Fail, "order_price_refused", "above the maximum 1000000"},
		{"worth too little", "binance_spot", order("BTCUSDT", "0.00008", "60000"), nil, checker.Fail, "order_value_refused", "4.8, below the minimum 5 (NOTIONAL)"},
		{"a market order worth too little", "binance_spot", order("BTCUSDT", "0.00008", ""), nil, checker.Fail, "order_value_refused", "4.8"},
		{"worth too much", "binance_spot", order("BTCUSDT", "151", "60000"), nil, checker.Fail, "order_value_refused", "9060000, above the maximum 9000000"},
		{"the older filter of values", "binance_spot", order("BTCUSDT", "0.00012", ""), oldNotional(true), checker.Fail, "order_value_refused", "7.2, below the minimum 10 (MIN_NOTIONAL)"},
		{"the older filter for limit orders only", "binance_spot", order("BTCUSDT", "0.00012", ""), oldNotional(false), checker.Pass, "", ""},
		{"the older filter without its field", "binance_spot", order("BTCUSDT", "1", ""), filters(map[string]any{"filterType": "MIN_NOTIONAL", "notional": "10"}), checker.Fail, "bad_answer", "MIN_NOTIONAL: lacks a field"},
		{"no filters of the value", "binance_spot", order("BTCUSDT", "0.00001", "0.1"), filters(), checker.Pass, "", ""},
		{"several faults", "binance_spot", order("BTCUSDT", "0.000001", "0.001"), nil, checker.Fail, "order_size_refused", "BTCUSDT refuses the declared price: 0.001 is below the minimum 0.01"},

		{"fits", "binance_futures", order("BTCUSDT", "0.001", "60000.1"), nil, checker.Pass, "", ""},
		{"a step too small", "binance_futures", order("BTCUSDT", "0.0015", "60000"), nil, checker.Fail, "order_size_refused", "0.0015 is no multiple of 0.001"},
		{"a tick too small", "binance_futures", order("BTCUSDT", "0.001", "60000.05"), nil, checker.Fail, "order_price_refused", "0.1"},
		{"worth too little", "binance_futures", order("BTCUSDT", "0.001", "49999.9"), nil, checker.Fail, "order_value_refused", "49.9999, below the minimum 50"},
		{"a market order that is too large", "binance_futures", order("BTCUSDT", "120.001", ""), nil, checker.Fail, "order_size_refused", "MARKET_LOT_SIZE"},
		{"steps start at the minimum", "binance_futures", order("BTCUSDT", "0.0015", ""), contract(func(s fakeexchange.Symbol) {
			s.Filters(map[string]any{"filterType": "LOT_SIZE", "minQty": "0.0005", "maxQty": "1000", "stepSize": "0.001"})
		}), checker.Pass, "", ""},

		{"whole contracts", "binance_coin_futures", order("BTCUSD_PERP", "5", "60000.1"), nil, checker.Pass, "", ""},
		{"half a contract", "binance_coin_futures", order("BTCUSD_PERP", "1.5", ""), nil, checker.Fail, "order_size_refused", "1.5 is no multiple of 1"},

		{"fits", "upbit", order("KRW-BTC", "0.001", "140001000"), nil, checker.Pass, "", ""},
		{"a tick too small above the last price", "upbit", order("KRW-BTC", "0.001", "150000500"), nil, checker.Fail, "order_price_refused", "150000500 is no multiple of 1000 (tick_size)"},
		{"a tick too small below the last price", "upbit", order("KRW-BTC", "0.001", "1000500"), nil, checker.Warn, "order_price_refused", "1000500"},
		{"a tick size that is no number", "upbit", order("KRW-BTC", "0.001", "1000"), upbitMarket(func(m *fakeexchange.Market) { m.Tick = "" }), checker.Fail, "bad_answer", "tick_size is no amount"},
	})
}

func TestTickers(t *testing.T) {
	t.Parallel()
	age := func(age time.Duration) func(*exchanges) {
		return func(e *exchanges) {
			e.upbit.AgePrices(age)
			e.binance.AgePrices(age)
		}
	}
	const btc, krw = "symbols: [{symbol: BTCUSDT}]", "symbols: [{symbol: KRW-ETH}]"
	var states []state
	for target, symbols := range map[string]string{"binance_spot": btc, "binance_futures": btc, "binance_coin_futures": "symbols: [{symbol: BTCUSD_PERP}]", "upbit": krw} {
		states = append(states,
			state{"young", target, symbols, age(30 * time.Second), checker.Pass, "", ""},
			state{"old", target, symbols, age(90 * time.Second), checker.Fail, "stale_ticker", "1m0s is allowed"},
			state{"from the future", target, symbols, age(-time.Minute), checker.Fail, "bad_answer", "in the future"},
			state{"old by a clock that is behind", target, symbols, func(e *exchanges) {
				age(90 * time.Second)(e)
				e.upbit.ShiftClock(500 * time.Millisecond)
				e.binance.ShiftClock(500 * time.Millisecond)
			}, checker.Fail, "stale_ticker", ""},
		)
	}
	states = append(states,
		state{"old, without declared symbols", "upbit", "", age(90 * time.Second), checker.Fail, "stale_ticker", "the ticker has a price that is 1m30s old"},
		state{"of another contract", "binance_futures", btc, func(e *exchanges) {
			e.binance.Answer("/fapi/v2/ticker/price", fmt.Sprintf(`{"symbol": "ETHUSDT", "price": "3000", "time": %d}`, time.Now().UnixMilli()))
		}, checker.Fail, "bad_answer", "the ticker is not that of BTCUSDT"},
		state{"of another contract", "binance_coin_futures", "symbols: [{symbol: BTCUSD_PERP}]", func(e *exchanges) {
			e.binance.Answer("/dapi/v1/ticker/price", fmt.Sprintf(`[{"symbol": "ETHUSD_PERP", "price": "3000", "time": %d}]`, time.Now().UnixMilli()))
		}, checker.Fail, "bad_answer", "the ticker is not that of BTCUSD_PERP"},
		state{"of a halted symbol", "binance_spot", btc, func(e *exchanges) {
			spot(field("status", "HALT"))(e)
			age(time.Hour)(e)
		}, checker.Fail, "symbol_not_trading", ""},
	)
	expectStates(t, health, states)
	expectStates(t, health, []state{
		{"old as declared for the symbol", "binance_spot", "symbols: [{symbol: BTCUSDT, max_ticker_age: 2h}]", age(time.Hour), checker.Pass, "", ""},
		{"older than declared for the symbol", "binance_spot", "symbols: [{symbol: BTCUSDT, max_ticker_age: 30m}]", age(time.Hour), checker.Fail, "stale_ticker", "30m0s is allowed"},
		{"old as declared for one of two symbols", "binance_spot", "symbols: [{symbol: BTCUSDT, max_ticker_age: 2h}, {symbol: ETHUSDT}]", age(time.Hour), checker.Fail, "stale_ticker", "ETHUSDT has a price that is 1h0m0s old"},
	})
	expectStates(t, healthWith("max_ticker_age: 2h"), []state{{"old as declared", "binance_spot", btc, age(time.Hour), checker.Pass, "", ""}})
}

func TestUsedLimit(t *testing.T) {
	t.Parallel()
	limit := func(weight int) func(*exchanges) {
		return func(e *exchanges) {
			e.binance.Limit(weight, time.Hour)
			e.upbit.Limit(10, time.Hour)
		}
	}
	// The fakes of spot and futures share a host, and so a ban of one of them.
	onlyFutures := func(e *exchanges) {
		limit(3)(e)
		e.config = "exchanges: {binance_futures: {url_from: BINANCE}}\nlive_waivers: [{of: BINANCE, risk: other_host, reason: a fake}]\n"
	}
	expectStates(t, healthWith("max_used_limit: 0.5"), []state{
		{"little used", "binance_spot", "", limit(6000), checker.Pass, "", ""},
		{"nearly used", "binance_spot", "", limit(30), checker.Warn, "limit_nearly_used", "50% are allowed"},
		{"nearly used", "binance_futures", "", onlyFutures, checker.Warn, "limit_nearly_used", "67% of the rate limit"},
		{"little used", "upbit", "", limit(6000), checker.Pass, "", ""},
	})
	expectStates(t, healthWith("max_used_limit: 0.1"), []state{
		{"more used than allowed", "upbit", "", limit(6000), checker.Warn, "limit_nearly_used", "20% of the rate limit"},
	})
	// The share is declared, and the answer does not show it.
	for _, header := range []string{"", "group=ticker; min=600"} {
		e := newExchanges(t)
		silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.upbit.ServeHTTP(headerless{w, header}, r)
		}))
		t.Cleanup(silent.Close)
		e.vars = append(e.vars, "UPBIT="+silent.URL)
		expect(t, healthWith("max_used_limit: 0.5")(e), "upbit", checker.Fail, "bad_answer")
		expect(t, e.health(), "upbit", checker.Pass, "")
	}
}

// headerless replaces the header with the used limit.
type headerless struct {
	http.ResponseWriter
	instead string
}

func (h headerless) WriteHeader(status int) {
	h.Header().Set("Remaining-Req", h.instead)
	h.ResponseWriter.WriteHeader(status)
}

// A clock that is ahead makes Binance refuse signed calls sooner than one that
// is behind, whatever difference is allowed.
func TestClockSigns(t *testing.T) {
	t.Parallel()
	shift := func(d time.Duration) func(*exchanges) {
		return func(e *exchanges) {
			e.upbit.ShiftClock(d)
			e.binance.ShiftClock(d)
		}
	}
	expectStates(t, livePositions, []state{
		{"a signed call from the future", "binance_spot", "", shift(-3 * time.Second), checker.Fail, "clock_skew", "clock is ahead"},
		{"a signed call of the past", "binance_futures", "", shift(8 * time.Second), checker.Fail, "clock_skew", "clock is behind"},
	})
	expectStates(t, healthWith("max_skew: 30s"), []state{
		{"this clock is 3 s ahead", "binance_spot", "", shift(-3 * time.Second), checker.Fail, "clock_skew", "ahead, and Binance refuses calls more than 1s in the future"},
		{"this clock is 3 s ahead", "binance_futures", "", shift(-3 * time.Second), checker.Fail, "clock_skew", "ahead"},
		{"this clock is 3 s behind", "binance_spot", "", shift(3 * time.Second), checker.Pass, "", ""},
		{"this clock is 3 s ahead", "binance_coin_futures", "", shift(-3 * time.Second), checker.Fail, "clock_skew", "ahead"},
		{"this clock is 8 s behind", "binance_futures", "", shift(8 * time.Second), checker.Fail, "clock_skew", "behind, and Binance refuses calls more than 5s old"},
		{"this clock is 8 s ahead", "upbit", "", shift(-8 * time.Second), checker.Pass, "", ""},
		{"this clock is 40 s behind", "upbit", "", shift(40 * time.Second), checker.Fail, "clock_skew", "behind, 30s is allowed"},
	})
}

// An answer that is too long is never read in part.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	long := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "exchangeInfo") {
			e.binance.ServeHTTP(w, r)
			return
		}
		fmt.Fprint(w, strings.Repeat(" ", 4<<20), `{"rateLimits": [], "symbols": []}`)
	}))
	t.Cleanup(long.Close)
	e.declare("binance_futures", "symbols: [{symbol: BTCUSDT}]")
	e.vars = append(e.vars, "BINANCE="+long.URL)
	if o := expect(t, e.health(), "binance_futures", checker.Fail, "bad_answer"); !strings.Contains(o.Detail, "longer than 4 MiB") {
		t.Errorf("%+v", o)
	}
}
