package checks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// priced makes the checks ask for prices, too.
var priced = []string{
	"exchange: upbit, asset: '*', max_value: 5, quote: KRW", "exchange: binance_spot, asset: '*', max_value: 5, quote: USDT",
	"exchange: binance_futures, asset: '*', max_value: 5, quote: USDT", "exchange: binance_coin_futures, asset: '*', max_value: 5, quote: USD",
}

// answered are the calls whose answers decide something.
var answered = []struct{ target, path, check string }{
	{"upbit", "/v1/ticker", "health"},
	{"upbit", "/v1/accounts", ""},
	{"upbit", "/v1/orders/open", ""},
	{"upbit", "/v1/withdraws", ""},
	{"upbit", "/v1/ticker/all", ""},
	{"binance_spot", "/api/v3/time", "health"},
	{"binance_spot", "/sapi/v1/system/status", "health"},
	{"binance_spot", "/api/v3/account", ""},
	{"binance_spot", "/api/v3/avgPrice", ""},
	{"binance_spot", "/sapi/v1/account/apiRestrictions", ""},
	{"binance_spot", "/sapi/v3/asset/getUserAsset", ""},
	{"binance_spot", "/sapi/v1/asset/get-funding-asset", ""},
	{"binance_spot", "/sapi/v1/margin/account", ""},
	{"binance_spot", "/sapi/v1/margin/isolated/account", ""},
	{"binance_spot", fakeexchange.SpotOrders, ""},
	{"binance_spot", fakeexchange.SpotLists, ""},
	{"binance_spot", fakeexchange.MarginOrders, ""},
	{"binance_futures", "/fapi/v1/time", "health"},
	{"binance_futures", "/fapi/v3/positionRisk", ""},
	{"binance_futures", "/fapi/v3/balance", ""},
	{"binance_futures", "/fapi/v2/ticker/price", ""},
	{"binance_futures", fakeexchange.USDMOrders, ""},
	{"binance_futures", fakeexchange.AlgoOrders, ""},
	{"binance_coin_futures", "/dapi/v1/time", "health"},
	{"binance_coin_futures", "/dapi/v1/positionRisk", ""},
	{"binance_coin_futures", "/dapi/v1/balance", ""},
	{"binance_coin_futures", "/dapi/v1/ticker/price", ""},
	{"binance_coin_futures", "/dapi/v1/exchangeInfo", ""},
	{"binance_coin_futures", fakeexchange.CoinMOrders, ""},
}

// busyExchanges returns exchanges whose checks make all of these calls.
func busyExchanges(t *testing.T) *exchanges {
	e := newExchanges(t)
	e.upbit.SetBalance("XRP", "1")
	e.upbit.SetPrice("KRW-XRP", "1", time.Now())
	e.upbit.Permit(fakeexchange.ViewWithdrawals, true)
	e.binance.SetBalance("DOGE", "1")
	e.binance.SetPrice("DOGEUSDT", "1", time.Now())
	e.binance.SetPosition("ETHUSDT", "1")
	e.binance.SetPrice("ETHUSDT", "1", time.Now())
	e.binance.SetContracts("ETHUSD_PERP", "0.5")
	e.binance.SetAmount(fakeexchange.CrossMargin, "BTC", "locked", "1")
	return e
}

func (e *exchanges) answer(target, path, body string) {
	if target == "upbit" {
		e.upbit.Answer(path, body)
	} else {
		e.binance.Answer(path, body)
	}
}

// An answer that lacks what it must have is never taken for an empty account.
func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	e := busyExchanges(t)
	health, positions := e.health(), e.allowing(priced...)
	for _, tt := range answered {
		check := positions
		if tt.check == "health" {
			check = health
		}
		list := strings.HasSuffix(tt.path, "rders") || strings.HasSuffix(tt.path, "List")
		for _, body := range []string{
			"null", " ", "{", "0", `"text"`, `{"code": 0, "msg": ""}`, `{"data": []}`, "[null]", "[{}]", "[[]]", "{}",
			strings.Repeat(" ", 4<<20) + "[]", `[{"a": 1, "a": 2}]`, `{"a": 1, "A": 2}`,
		} {
			e.answer(tt.target, tt.path, body)
			if o := observe(t, check, tt.target); o.Status != checker.Fail || o.Reason != "bad_answer" || o.Detail == "" {
				if tt.path != "/v1/withdraws" || body != "[{}]" { // their content does not matter
					t.Errorf("%s answers %.30q: %+v", tt.path, body, o)
				}
			}
		}
		if list {
			e.answer(tt.target, tt.path, "[]")
			if o := observe(t, check, tt.target); o.Reason == "bad_answer" {
				t.Errorf("%s without orders: %+v", tt.path, o)
			}
		}
		e.answer(tt.target, tt.path, "")
	}
}

// Amounts are text of digits. An amount that is none is never taken for zero.
func TestAmountsOfAnswers(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	type place struct{ target, path, body string }
	var places []place
	for _, field := range []string{"free", "locked"} {
		places = append(places, place{"binance_spot", "/api/v3/account", `{"canTrade": true, "permissions": [], "balances": [` + object("asset", "free", "locked")(field) + `]}`})
	}
	for _, field := range []string{"free", "locked", "freeze", "withdrawing", "ipoable"} {
		places = append(places, place{"binance_spot", "/sapi/v3/asset/getUserAsset", "[" + object("asset", "free", "locked", "freeze", "withdrawing", "ipoable")(field) + "]"})
	}
	for _, field := range []string{"free", "locked", "freeze", "withdrawing"} {
		places = append(places, place{"binance_spot", "/sapi/v1/asset/get-funding-asset", "[" + object("asset", "free", "locked", "freeze", "withdrawing")(field) + "]"})
	}
	for _, field := range []string{"borrowed", "free", "interest", "locked"} {
		asset := object("asset", "borrowed", "free", "interest", "locked")
		places = append(places,
			place{"binance_spot", "/sapi/v1/margin/account", `{"userAssets": [` + asset(field) + "]}"},
			place{"binance_spot", "/sapi/v1/margin/isolated/account", `{"assets": [{"symbol": "S", "baseAsset": ` + asset(field) + `, "quoteAsset": ` + asset("") + "}]}"},
			place{"binance_spot", "/sapi/v1/margin/isolated/account", `{"assets": [{"symbol": "S", "baseAsset": ` + asset("") + `, "quoteAsset": ` + asset(field) + "}]}"})
	}
	for _, field := range []string{"balance", "locked"} {
		places = append(places, place{"upbit", "/v1/accounts", "[" + object("currency", "balance", "locked")(field) + "]"})
	}
	negative := len(places)
	places = append(places,
		place{"binance_futures", "/fapi/v3/positionRisk", `[{"symbol": "S", "positionSide": "BOTH", "positionAmt": AMOUNT}]`},
		place{"binance_futures", "/fapi/v3/balance", `[{"asset": "S", "balance": AMOUNT}]`},
		place{"binance_coin_futures", "/dapi/v1/positionRisk", `[{"symbol": "S", "positionSide": "LONG", "positionAmt": AMOUNT}]`},
		place{"binance_coin_futures", "/dapi/v1/balance", `[{"asset": "S", "balance": AMOUNT}]`})
	check := e.allowing()
	malformed := []string{
		`" "`, `"1 "`, `"Inf"`, `"-Infinity"`, `"0x10"`, `"1,5"`, `"+1"`, `".5"`, `"5."`, `"--1"`, `"1e"`, `"1e999"`, `"1e-999"`, `"٥"`,
		"true", "[]", "{}", `["0"]`,
	}
	for i, p := range places {
		amounts := []string{`""`, `"NaN"`, `"1_000"`, "null"}
		if i == 0 || i == negative { // all places of a kind use one decoder
			amounts = append(amounts, malformed...)
		}
		if i < negative {
			amounts = append(amounts, `"-5"`, `"-0.1"`, "-5")
		}
		for _, amount := range amounts {
			e.answer(p.target, p.path, strings.Replace(p.body, "AMOUNT", amount, 1))
			expect(t, check, p.target, checker.Fail, "bad_answer")
		}
		for _, zero := range []string{`"0.00000000"`, `"0E-8"`} {
			e.answer(p.target, p.path, strings.Replace(p.body, "AMOUNT", zero, 1))
			expect(t, check, p.target, checker.Pass, "")
		}
		e.answer(p.target, p.path, "")
	}
}

// object returns a function that writes an object with AMOUNT in one field, and
// zero in the others. The first field is a name.
func object(first string, others ...string) func(field string) string {
	return func(field string) string {
		text := `{"` + first + `": "BTC"`
		for _, name := range others {
			amount := `"0"`
			if name == field {
				amount = "AMOUNT"
			}
			text += `, "` + name + `": ` + amount
		}
		return text + "}"
	}
}

func TestAnswersNameTheFault(t *testing.T) {
	t.Parallel()
	e := busyExchanges(t)
	check := e.allowing(priced...)
	for _, tt := range []struct{ target, path, body, detail string }{
		{"binance_spot", "/api/v3/account", `null`, "the account is null"},
		{"binance_spot", "/api/v3/account", `{}`, "the account: balances is missing"},
		{"binance_spot", "/api/v3/account", `{"balances": null}`, "the account: balances is null"},
		{"binance_spot", "/api/v3/account", `{"balances": [{"asset": "BTC", "free": "5", "FREE": "0", "locked": "0"}]}`, "the account: balances[0].FREE comes twice"},
		{"binance_spot", "/api/v3/account", `{"balances": [{"asset": "BTC", "free": "5", "locked": "-5"}]}`, "the account: balances[0].locked is negative"},
		{"binance_spot", "/api/v3/account", `{"balances": [{"asset": "BTC", "free": "0", "locked": "0"}, {"asset": "BTC", "free": "0", "locked": "0"}]}`, "the account: has BTC twice"},
		{"binance_spot", "/api/v3/account", `{"balances": [{"asset": "", "free": "0", "locked": "0"}]}`, "the account: balances[0].asset is empty"},
		{"binance_spot", "/api/v3/account", `{"balances": [], "` + strings.Repeat("x", 1<<20) + `": 1, "` + strings.Repeat("X", 1<<20) + `": 1}`, "the account: XXX"},
		{"binance_spot", "/api/v3/account", strings.Repeat(" ", 4<<20) + "{}", "the account is longer than 4 MiB"},
		{"binance_spot", "/sapi/v3/asset/getUserAsset", `[{"asset": "BTC", "free": "0", "locked": "0", "freeze": "0", "withdrawing": "0"}]`, "ipoable of BTC is missing"},
		{"binance_spot", "/api/v3/avgPrice", `{"mins": 5, "price": "-1", "closeTime": 1}`, "the price of DOGEUSDT: price is negative"},
		{"binance_spot", fakeexchange.SpotOrders, `[{"symbol": "BTCUSDT", "orderId": null}]`, "the open orders: [0].orderId is null"},
		{"binance_futures", "/fapi/v3/positionRisk", `[{"symbol": "S", "positionSide": "both", "positionAmt": "0"}]`, `positionSide "both" of S is none of BOTH, LONG, SHORT`},
		{"binance_futures", "/fapi/v3/positionRisk", `[{"symbol": "S", "positionAmt": "0"}]`, "the positions: [0].positionSide is missing"},
		{"binance_futures", "/fapi/v3/positionRisk", `[{"symbol": "S", "positionSide": "BOTH", "positionAmt": "5"}, {"symbol": "S", "positionSide": "BOTH", "positionAmt": "-5"}]`, "has S BOTH twice"},
		{"binance_futures", "/fapi/v3/balance", `[{"asset": "A", "balance": "5"}, {"asset": "A", "balance": "-5"}]`, "the balances: has A twice"},
		{"binance_futures", "/fapi/v2/ticker/price", `[{"symbol": "S", "price": "1", "time": 1}, {"symbol": "S", "price": "2", "time": 1}]`, "the tickers: has S twice"},
		{"binance_coin_futures", "/dapi/v1/exchangeInfo", `{"symbols": [{"symbol": "S", "quoteAsset": "USD"}]}`, "the contracts: symbols[0].contractSize is missing"},
		{"upbit", "/v1/accounts", `[{"currency": "BTC", "balance": "0", "locked": "0"}, {"currency": "BTC", "balance": "0", "locked": "0"}]`, "the accounts: has BTC twice"},
		{"upbit", "/v1/orders/open", `[{"uuid": "x"}]`, "the open orders: [0].market is missing"},
		{"upbit", "/v1/ticker/all", `[{"market": "KRW-XRP", "trade_price": -1, "trade_timestamp": 1}]`, "the tickers: [0].trade_price is negative"},
	} {
		e.answer(tt.target, tt.path, tt.body)
		o := expect(t, check, tt.target, checker.Fail, "bad_answer")
		if !strings.Contains(o.Detail, tt.detail) || len(o.Detail) > 300 {
			t.Errorf("%.300q does not say %q", o.Detail, tt.detail)
		}
		e.answer(tt.target, tt.path, "")
	}
}
