package checks_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// declare replaces the declaration of an exchange. Keys follow those that all
// declarations have.
func (e *exchanges) declare(target, keys string) {
	variable := "BINANCE"
	if target == "upbit" {
		variable = "UPBIT"
	}
	old := target + ": {url_from: " + variable + "}"
	if !strings.Contains(e.config, old) {
		e.t.Fatalf("%s has no %s", e.config, old)
	}
	e.config = strings.Replace(e.config, old, target+": {url_from: "+variable+", "+keys+"}", 1)
}

// state is a state of an exchange with the right answer of a check.
type state struct {
	name, target string
	declared     string // keys of the exchange in preflight.yml
	change       func(*exchanges)
	status       checker.Status
	reason       string
	detail       string // part of the detail
}

// expectStates brings the exchanges into each state.
func expectStates(t *testing.T, check func(*exchanges) subject, states []state) {
	t.Helper()
	for _, s := range states {
		t.Run(s.target+": "+s.name, func(t *testing.T) {
			t.Parallel()
			e := newExchanges(t)
			if s.declared != "" {
				e.declare(s.target, s.declared)
			}
			if s.change != nil {
				s.change(e)
			}
			if o := expect(t, check(e), s.target, s.status, s.reason); !strings.Contains(o.Detail, s.detail) {
				t.Errorf("the detail is %q, without %q", o.Detail, s.detail)
			}
		})
	}
}

func livePositions(e *exchanges) subject { return e.positions("live") }

func paperPositions(e *exchanges) subject { return e.positions("paper") }

// permission returns a change of a permission of Binance's keys.
func permission(field string, value any) func(*exchanges) {
	return func(e *exchanges) { e.binance.ChangeKeys(field, value) }
}

func TestKeyPermissions(t *testing.T) {
	t.Parallel()
	const ended = 1628985600000
	soon := time.Now().Add(100 * time.Hour)
	expectStates(t, livePositions, []state{
		{"may not trade", "binance_spot", "", permission("enableSpotAndMarginTrading", false), checker.Fail, "cannot_trade", "enableSpotAndMarginTrading"},
		{"may not trade, as declared", "binance_spot", "trades: false", permission("enableSpotAndMarginTrading", false), checker.Pass, "", ""},
		{"may not trade futures, so Binance refuses all calls", "binance_futures", "", permission("enableFutures", false), checker.Fail, "cannot_trade", "enableFutures"},
		{"futures need no permission for spot", "binance_futures", "", permission("enableSpotAndMarginTrading", false), checker.Pass, "", ""},
		{"the account is locked", "binance_spot", "", func(e *exchanges) { e.binance.LockAccount(true) }, checker.Fail, "cannot_trade", "canTrade"},
		{"the account is locked", "binance_futures", "", func(e *exchanges) { e.binance.LockAccount(true) }, checker.Fail, "cannot_trade", "canTrade"},
		{"internal transfers", "binance_spot", "", permission("enableInternalTransfer", true), checker.Warn, "transfer_permission", ""},
		{"universal transfers", "binance_futures", "", permission("permitsUniversalTransfer", true), checker.Warn, "transfer_permission", ""},
		{"withdrawals with keys for futures", "binance_futures", "", permission("enableWithdrawals", true), checker.Warn, "withdrawal_permission", ""},
		{"every address", "binance_spot", "", permission("ipRestrict", false), checker.Warn, "no_ip_list", ""},
		{"every address", "binance_futures", "", permission("ipRestrict", false), checker.Warn, "no_ip_list", ""},
		{"several warnings", "binance_spot", "", func(e *exchanges) {
			e.binance.PermitWithdrawals(true)
			e.binance.ChangeKeys("ipRestrict", false)
		}, checker.Warn, "withdrawal_permission", "the keys can be used from every address"},
		{"a failure after a warning", "binance_spot", "", func(e *exchanges) {
			e.binance.PermitWithdrawals(true)
			e.binance.LockAccount(true)
		}, checker.Fail, "cannot_trade", "permissions for withdrawals"},
		{"the permission to trade ended", "binance_spot", "", permission("tradingAuthorityExpirationTime", ended), checker.Fail, "key_expired", "2021-08-15"},
		{"the permission to trade ends soon", "binance_spot", "key_expires_within: 168h", permission("tradingAuthorityExpirationTime", soon.UnixMilli()), checker.Warn, "key_expires_soon", soon.UTC().Format(time.DateTime)},
		{"the permission to trade ends later", "binance_spot", "key_expires_within: 72h", permission("tradingAuthorityExpirationTime", soon.UnixMilli()), checker.Pass, "", ""},
		{"the permission to trade has no end", "binance_spot", "", permission("tradingAuthorityExpirationTime", 0), checker.Pass, "", ""},
		{"no expiry is declared", "binance_spot", "", permission("tradingAuthorityExpirationTime", soon.UnixMilli()), checker.Pass, "", ""},
		{"portfolio margin", "binance_spot", "", permission("enablePortfolioMarginTrading", true), checker.Warn, "wallet_not_read", "portfolio margin"},
		{"portfolio margin takes the permission for futures", "binance_futures", "", func(e *exchanges) {
			e.binance.ChangeKeys("enablePortfolioMarginTrading", true)
			e.binance.ChangeKeys("enableFutures", false)
		}, checker.Fail, "cannot_trade", "portfolio margin"},
		{"older networks do not report portfolio margin", "binance_spot", "", permission("enablePortfolioMarginTrading", nil), checker.Pass, "", ""},
		{"a field is missing", "binance_spot", "", permission("enableSpotAndMarginTrading", nil), checker.Fail, "bad_answer", "enableSpotAndMarginTrading is missing"},
		{"a field is missing", "binance_futures", "", permission("ipRestrict", nil), checker.Fail, "bad_answer", "ipRestrict is missing"},
		{"may not trade futures, so Binance refuses all calls", "binance_coin_futures", "", permission("enableFutures", false), checker.Fail, "cannot_trade", "enableFutures"},
		{"the account is locked", "binance_coin_futures", "", func(e *exchanges) { e.binance.LockAccount(true) }, checker.Fail, "cannot_trade", "canTrade"},
		{"every address", "binance_coin_futures", "", permission("ipRestrict", false), checker.Warn, "no_ip_list", ""},
		{"a test network reports no permissions", "binance_futures", "", func(e *exchanges) { e.binance.Testnet(true) }, checker.Warn, "permissions_not_read", "the address does not report them"},

		{"expires soon", "upbit", "key_expires_within: 168h", func(e *exchanges) { e.upbit.ExpireKeysAt(soon) }, checker.Warn, "key_expires_soon", soon.UTC().Format(time.DateTime)},
		{"expires later", "upbit", "key_expires_within: 72h", func(e *exchanges) { e.upbit.ExpireKeysAt(soon) }, checker.Pass, "", ""},
		{"is not in the list of keys", "upbit", "", func(e *exchanges) { e.upbit.NameKey("another") }, checker.Fail, "bad_answer", "lacks these keys"},
		{"another address", "upbit", "", func(e *exchanges) { e.upbit.ForeignIP(true) }, checker.Fail, "ip_not_allowed", fakeexchange.CallerIP},
		{"another address", "binance_futures", "", func(e *exchanges) { e.binance.ForbidReading(true) }, checker.Fail, "auth_failed", "list of addresses or its permissions; this machine calls from " + fakeexchange.CallerIP},
	})
	expectStates(t, paperPositions, []state{
		{"paper trading needs no permission to trade", "binance_spot", "", permission("enableSpotAndMarginTrading", false), checker.Pass, "", ""},
		{"paper trading with declared trades", "binance_spot", "trades: true", permission("enableSpotAndMarginTrading", false), checker.Fail, "cannot_trade", ""},
		{"a test network in paper trading", "binance_futures", "", func(e *exchanges) { e.binance.Testnet(true) }, checker.Pass, "", ""},
		{"paper trading in portfolio margin", "binance_spot", "", permission("enablePortfolioMarginTrading", true), checker.Pass, "", ""},
		{"paper trading of a locked account", "binance_futures", "", func(e *exchanges) { e.binance.LockAccount(true) }, checker.Pass, "", ""},
	})
}

// Keys for futures are looked up where the spot API is declared only if they are
// the same keys.
func TestOtherKeysForFutures(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.ChangeKeys("ipRestrict", false)
	e.declare("binance_spot", "access_key_from: OTHER_KEY, secret_key_from: OTHER_SECRET")
	other := []string{"OTHER_KEY=a", "OTHER_SECRET=b"}
	expect(t, e.positions("live", other...), "binance_futures", checker.Warn, "permissions_not_read")
	expect(t, e.positions("paper", other...), "binance_futures", checker.Pass, "")
}

// Keys for futures at the real address are looked up at the real API for spot
// trading. Where that is out of reach, the check still passes with a warning. A
// proxy stands for both addresses.
func TestPermissionsOutOfReach(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{"refused": refused(t), "silent": silent(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			binance := fakeexchange.NewBinance()
			proxy := httptest.NewServer(binance)
			t.Cleanup(proxy.Close)
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(),
				childConfig+"=exchanges: {binance_futures: {url: 'http://fapi.binance.com'}}\nopen_positions: {timeout: 10s}", childEnv+"=live",
				"HTTP_PROXY="+proxy.URL, "HTTPS_PROXY=http://"+other, "NO_PROXY=",
				"BINANCE_API_KEY="+binance.APIKey, "BINANCE_API_SECRET="+binance.APISecret)
			out, err := child.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "binance_futures warn permissions_not_read") || !strings.Contains(string(out), "https://api.binance.com: ") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Exchanges with the same keys ask for their permissions once in a run.
func TestPermissionsAreReadOnce(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	observe(t, e.positions("live"), "binance_spot")
	calls := 0
	for _, path := range e.binance.Calls() {
		if path == "/sapi/v1/account/apiRestrictions" {
			calls++
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestTradingSettings(t *testing.T) {
	t.Parallel()
	const futures = "binance_futures"
	symbol := func(settings string) string { return "symbols: [{symbol: BTCUSDT, " + settings + "}]" }
	isolated := func(e *exchanges) { e.binance.SetSymbol("BTCUSDT", "ISOLATED", 5) }
	expectStates(t, livePositions, []state{
		{"one-way as declared", futures, "position_mode: one_way", nil, checker.Pass, "", ""},
		{"hedge instead of one-way", futures, "position_mode: one_way", func(e *exchanges) { e.binance.SetModes(true, false) }, checker.Fail, "wrong_position_mode", "is hedge, declared is one_way"},
		{"one-way instead of hedge", futures, "position_mode: hedge", nil, checker.Fail, "wrong_position_mode", "is one_way, declared is hedge"},
		{"undeclared", futures, "trades: true", func(e *exchanges) { e.binance.SetModes(true, true) }, checker.Pass, "", ""},
		{"multi-assets mode is off, as declared", futures, "multi_assets: false", nil, checker.Pass, "", ""},
		{"multi-assets mode is on", futures, "multi_assets: false", func(e *exchanges) { e.binance.SetModes(false, true) }, checker.Fail, "wrong_multi_assets", "is true, declared is false"},
		{"multi-assets mode is off", futures, "multi_assets: true", nil, checker.Fail, "wrong_multi_assets", "is false, declared is true"},
		{"both modes", futures, "position_mode: hedge, multi_assets: true", nil, checker.Fail, "wrong_position_mode", "multi-assets mode is false"},
		{"margin type and leverage as declared", futures, symbol("margin_type: isolated, leverage: 5"), isolated, checker.Pass, "", ""},
		{"crossed instead of isolated", futures, symbol("margin_type: isolated"), nil, checker.Fail, "wrong_margin_type", "BTCUSDT is crossed, declared is isolated"},
		{"isolated instead of crossed", futures, symbol("margin_type: crossed"), isolated, checker.Fail, "wrong_margin_type", "BTCUSDT is isolated, declared is crossed"},
		{"another leverage", futures, symbol("leverage: 5"), nil, checker.Fail, "wrong_leverage", "BTCUSDT is 20, declared is 5"},
		{"a symbol that Binance does not know", futures, "symbols: [{symbol: NOSUCH, leverage: 5}]", nil, checker.Fail, "unknown_symbol", "NOSUCH"},
		{"a symbol that the answer lacks", futures, "symbols: [{symbol: BTCUSDT, leverage: 20}, {symbol: NOSUCH, leverage: 5}]", nil, checker.Fail, "unknown_symbol", "NOSUCH"},
		{"several symbols", futures, "symbols: [{symbol: BTCUSDT, leverage: 20}, {symbol: ETHUSDT, leverage: 5}]", nil, checker.Fail, "wrong_leverage", "ETHUSDT is 20"},
		{"a symbol that the answer lacks, in paper trading with keys", futures, "trades: false, symbols: [{symbol: NOSUCH, margin_type: crossed}]", nil, checker.Fail, "unknown_symbol", "NOSUCH"},
	})
	expectStates(t, paperPositions, []state{
		{"in paper trading with keys", futures, "position_mode: hedge", nil, checker.Fail, "wrong_position_mode", ""},
	})
}

// Only the test of an order shows that Upbit's keys have the permission for
// orders.
func TestOrderTest(t *testing.T) {
	t.Parallel()
	declared := func(size, price string) string {
		return "order_test: true, symbols: [{symbol: KRW-ETH}, {symbol: KRW-BTC, order_size: '" + size + "', price: '" + price + "'}]"
	}
	market := func(change func(*fakeexchange.Market)) func(*exchanges) {
		return func(e *exchanges) { e.upbit.ChangeMarket("KRW-BTC", change) }
	}
	noOrders := func(e *exchanges) { e.upbit.Permit(fakeexchange.MakeOrders, false) }
	expectStates(t, livePositions, []state{
		{"may order", "upbit", declared("0.001", "100000000"), nil, checker.Pass, "", ""},
		{"may not order", "upbit", declared("0.001", "100000000"), noOrders, checker.Fail, "cannot_trade", "주문하기"},
		{"may not order, without the test", "upbit", order("KRW-BTC", "0.001", "100000000"), noOrders, checker.Pass, "", ""},
		{"may not order, as declared", "upbit", "trades: false, " + declared("0.001", "100000000"), noOrders, checker.Pass, "", ""},
		{"may order, without money", "upbit", declared("5", "100000000"), nil, checker.Pass, "", ""},
		{"a tick too small", "upbit", declared("0.001", "100000001"), nil, checker.Fail, "order_price_refused", "invalid_price_bid"},
		{"worth too little", "upbit", declared("0.00001", "100000000"), nil, checker.Fail, "order_value_refused", "under_min_total_bid"},
		{"the market is offline", "upbit", declared("0.001", "100000000"), market(func(m *fakeexchange.Market) { m.State = "offline" }), checker.Fail, "symbol_not_trading", "market_offline"},
		{"an order that Upbit does not take", "upbit", "order_test: true, symbols: [{symbol: KRW-OLD, order_size: 1, price: 1}]", nil, checker.Fail, "unexpected_answer", "validation_error"},
		{"an empty answer", "upbit", declared("0.001", "100000000"), func(e *exchanges) { e.upbit.Answer("/v1/orders/test", "{}") }, checker.Fail, "bad_answer", "market is missing"},
	})
}

// What an account may order is known only through its keys.
func TestAccountAndSymbols(t *testing.T) {
	t.Parallel()
	delisted := time.Now().Add(48 * time.Hour)
	market := func(change func(*fakeexchange.Market)) func(*exchanges) {
		return func(e *exchanges) { e.upbit.ChangeMarket("KRW-BTC", change) }
	}
	const btc = "symbols: [{symbol: KRW-BTC, order_size: '%s', price: '100000000'}]"
	expectStates(t, livePositions, []state{
		{"a spot symbol", "binance_spot", "symbols: [{symbol: BTCUSDT}]", nil, checker.Pass, "", ""},
		{"a symbol that the account may not trade", "binance_spot", "symbols: [{symbol: ETHUSDT}, {symbol: BTCUSDT}]", func(e *exchanges) {
			e.binance.ChangeSymbol("BTCUSDT", func(s fakeexchange.Symbol) {
				s["permissionSets"] = [][]string{{"SPOT"}, {"TRD_GRP_100", "TRD_GRP_101"}}
			})
		}, checker.Fail, "symbol_not_permitted", "BTCUSDT needs one of the permissions TRD_GRP_100, TRD_GRP_101"},
		{"an announced delisting", "binance_spot", "symbols: [{symbol: ETHUSDT}]", func(e *exchanges) { e.binance.Delist("ETHUSDT", delisted) }, checker.Warn, "delisting", "ETHUSDT will be delisted at " + delisted.UTC().Format(time.DateTime)},
		{"an announced delisting of another symbol", "binance_spot", "symbols: [{symbol: BTCUSDT}]", func(e *exchanges) { e.binance.Delist("ETHUSDT", delisted) }, checker.Pass, "", ""},
		{"no delistings on a test network", "binance_spot", "symbols: [{symbol: BTCUSDT}]", func(e *exchanges) { e.binance.Testnet(true) }, checker.Warn, "wallet_not_read", "permissions of the keys are not known"},
		{"the smallest order", "upbit", fmt.Sprintf(btc, "0.00005"), nil, checker.Pass, "", ""},
		{"an order below the minimum", "upbit", fmt.Sprintf(btc, "0.00004999"), nil, checker.Fail, "order_value_refused", "4999, below the minimum 5000"},
		{"an order above the maximum", "upbit", fmt.Sprintf(btc, "10.1"), nil, checker.Fail, "order_value_refused", "1010000000, above the maximum 1000000000"},
		{"a market order below the minimum", "upbit", "symbols: [{symbol: KRW-BTC, order_size: '0.00003'}]", nil, checker.Fail, "order_value_refused", "4500, below the minimum 5000"},
		{"another minimum", "upbit", fmt.Sprintf(btc, "0.00005"), market(func(m *fakeexchange.Market) { m.MinTotal = "10000" }), checker.Fail, "order_value_refused", "10000"},
		{"a market without orders", "upbit", "symbols: [{symbol: KRW-BTC}]", market(func(m *fakeexchange.Market) { m.State = "preview" }), checker.Fail, "symbol_not_trading", "preview"},
		{"an unknown market", "upbit", "symbols: [{symbol: KRW-OLD}]", nil, checker.Fail, "unknown_symbol", "KRW-OLD"},
		{"a minimum that is no number", "upbit", fmt.Sprintf(btc, "0.1"), market(func(m *fakeexchange.Market) { m.MinTotal = "-1" }), checker.Fail, "bad_answer", "min_total is no amount"},
	})
}

// Upbit takes ten calls for prices a second, from all programs of an address.
func TestManySymbolsOfUpbit(t *testing.T) {
	t.Parallel()
	for first, reason := range map[string]string{"KRW-BTC": "", "KRW-OLD": "unknown_symbol"} {
		e := newExchanges(t)
		symbols := []string{"{symbol: " + first + ", order_size: 1}"}
		for i := range 19 {
			name := fmt.Sprintf("KRW-C%d", i)
			e.upbit.ChangeMarket(name, func(*fakeexchange.Market) {})
			symbols = append(symbols, "{symbol: "+name+", order_size: 1}")
		}
		e.declare("upbit", "symbols: ["+strings.Join(symbols, ", ")+"]")
		status := checker.Pass
		if reason != "" {
			status = checker.Fail
		}
		expect(t, e.positions("live"), "upbit", status, reason)
		calls := e.upbit.Calls()
		if prices := len(slices.DeleteFunc(calls, func(path string) bool { return path != "/v1/ticker" })); prices != 1 {
			t.Errorf("%d calls for prices, want 1", prices)
		}
	}
}

// settled returns exchanges with declared settings and symbols, so that the
// checks make all calls about them.
func settled(t *testing.T) *exchanges {
	t.Helper()
	e := newExchanges(t)
	e.declare("upbit", order("KRW-BTC", "0.001", "140000000"))
	e.declare("binance_spot", order("BTCUSDT", "0.001", ""))
	e.declare("binance_futures", "position_mode: one_way, symbols: [{symbol: BTCUSDT, order_size: '0.001', leverage: 20}]")
	e.declare("binance_coin_futures", order("BTCUSD_PERP", "1", ""))
	return e
}

// Two entries for one symbol leave open which one counts.
func TestSymbolsListedTwice(t *testing.T) {
	t.Parallel()
	e := settled(t)
	health, positions := e.health(), e.positions("live")
	for _, tt := range []struct {
		check              subject
		target, path, body string
		answer             func(path, body string)
	}{
		{health, "upbit", "/v1/market/all", `[{"market": "KRW-BTC", "market_event": {"warning": true, "caution": {}}}, {"market": "KRW-BTC", "market_event": {"warning": false, "caution": {}}}]`, e.upbit.Answer},
		{health, "upbit", "/v1/orderbook/instruments", `[{"market": "KRW-BTC", "tick_size": "3"}, {"market": "KRW-BTC", "tick_size": "1000"}]`, e.upbit.Answer},
		{positions, "binance_futures", "/fapi/v1/symbolConfig", `[{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 20}, {"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 125}]`, e.binance.Answer},
	} {
		tt.answer(tt.path, tt.body)
		says(t, tt.check, tt.target, checker.Fail, "bad_answer", "twice")
		tt.answer(tt.path, "")
		expect(t, tt.check, tt.target, checker.Pass, "")
	}
}

// An answer that lacks what it must have is never taken for keys, settings or
// symbols that are well.
func TestEmptyAnswersAboutKeysAndSymbols(t *testing.T) {
	t.Parallel()
	e := settled(t)
	health, positions := e.health(), e.positions("live")
	for _, target := range targets {
		expect(t, health, target, checker.Pass, "")
		expect(t, positions, target, checker.Pass, "")
	}
	for _, tt := range []struct {
		check        subject
		target, path string
	}{
		{positions, "upbit", "/v1/api_keys"},
		{positions, "upbit", "/v1/orders/chance"},
		{health, "upbit", "/v1/market/all"},
		{health, "upbit", "/v1/orderbook/instruments"},
		{health, "upbit", "/v1/ticker"},
		{positions, "binance_spot", "/sapi/v1/account/apiRestrictions"},
		{positions, "binance_futures", "/sapi/v1/account/apiRestrictions"},
		{positions, "binance_coin_futures", "/sapi/v1/account/apiRestrictions"},
		{positions, "binance_spot", "/sapi/v1/spot/delist-schedule"},
		{positions, "binance_spot", "/api/v3/exchangeInfo"},
		{health, "binance_spot", "/api/v3/exchangeInfo"},
		{health, "binance_spot", "/api/v3/avgPrice"},
		{positions, "binance_futures", "/fapi/v1/accountConfig"},
		{positions, "binance_futures", "/fapi/v1/symbolConfig"},
		{health, "binance_futures", "/fapi/v1/exchangeInfo"},
		{health, "binance_futures", "/fapi/v2/ticker/price"},
		{positions, "binance_coin_futures", "/dapi/v1/account"},
		{health, "binance_coin_futures", "/dapi/v1/exchangeInfo"},
		{health, "binance_coin_futures", "/dapi/v1/ticker/price"},
	} {
		for _, body := range []string{"null", " ", "{", "0", `"text"`, `{"data": []}`, "[null]", "[{}]", "{}", `[{"a": 1, "a": 2}]`, `{"a": 1, "A": 2}`} {
			e.answer(tt.target, tt.path, body)
			o := expect(t, tt.check, tt.target, checker.Fail, "bad_answer")
			if o.Detail == "" {
				t.Errorf("%s answers %s: %+v", tt.path, body, o)
			}
		}
		e.answer(tt.target, tt.path, "")
	}
}
