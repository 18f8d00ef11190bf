package fakeexchange

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Wallets of Binance.
const (
	Spot        = "spot"         // freeze, withdrawing and ipoable beside free and locked
	Funding     = "funding"      // free, locked, freeze, withdrawing
	CrossMargin = "cross_margin" // free, locked, borrowed, interest
	Isolated    = "isolated"     // the same; the asset is BTCUSDT/BTC or BTCUSDT/USDT
	Futures     = "futures"      // balance
	CoinFutures = "coin_futures" // balance
)

// Calls that list resting orders.
const (
	SpotOrders   = "/api/v3/openOrders"
	SpotLists    = "/api/v3/openOrderList"
	MarginOrders = "/sapi/v1/margin/openOrders"
	USDMOrders   = "/fapi/v1/openOrders"
	AlgoOrders   = "/fapi/v1/openAlgoOrders"
	CoinMOrders  = "/dapi/v1/openOrders"
)

// books holds the wallets, positions and orders of an account.
type books struct {
	wallets   map[string]map[string]map[string]string // wallet → asset → field → amount
	sides     map[[2]string]string                    // symbol and side → amount, in hedge mode
	contracts map[string]string                       // COIN-M positions
	orders    map[string][]string                     // call → symbols
	prices    map[string]tick                         // by symbol
	refused   map[string]int                          // call → code of the error
}

func newBooks() books {
	return books{
		map[string]map[string]map[string]string{}, map[[2]string]string{}, map[string]string{},
		map[string][]string{}, map[string]tick{}, map[string]int{},
	}
}

// Calls returns the paths of all calls so far.
func (b *Binance) Calls() (paths []string) {
	b.set(func() { paths = slices.Clone(b.asked) })
	return paths
}

// Used returns the weight that was used in spot (with /sapi), USDⓈ-M and COIN-M.
func (b *Binance) Used() (spot, futures, coin int) {
	b.set(func() { spot, futures, coin = b.spot.used, b.futures.used, b.coin.used })
	return spot, futures, coin
}

// Answer replaces the body of a path's answers; "" restores it.
func (b *Binance) Answer(path, body string) { b.set(func() { b.answer(path, body) }) }

// Refuse answers a call with the code of an error, -2015 for keys that may not
// make it. Zero ends that.
func (b *Binance) Refuse(path string, code int) { b.set(func() { b.books.refused[path] = code }) }

// SetAmount sets a field of an asset in a wallet.
func (b *Binance) SetAmount(wallet, asset, field, amount string) {
	b.set(func() {
		if b.books.wallets[wallet] == nil {
			b.books.wallets[wallet] = map[string]map[string]string{}
		}
		if b.books.wallets[wallet][asset] == nil {
			b.books.wallets[wallet][asset] = map[string]string{}
		}
		b.books.wallets[wallet][asset][field] = amount
	})
}

// SetSide sets the USDⓈ-M position of one side, LONG or SHORT, in hedge mode.
func (b *Binance) SetSide(symbol, side, amount string) {
	b.set(func() { b.books.sides[[2]string{symbol, side}] = amount })
}

// SetContracts sets the COIN-M position in a contract.
func (b *Binance) SetContracts(symbol, amount string) {
	b.set(func() { b.books.contracts[symbol] = amount })
}

// Rest adds a resting order to those that a call lists.
func (b *Binance) Rest(call, symbol string) {
	b.set(func() { b.books.orders[call] = append(b.books.orders[call], symbol) })
}

// SetPrice sets the last trade of a symbol.
func (b *Binance) SetPrice(symbol, price string, at time.Time) {
	b.set(func() { b.books.prices[symbol] = tick{price, at} })
}

// methods and parameters describe the calls that are no plain GET.
var (
	methods = map[string]string{
		"/sapi/v3/asset/getUserAsset":      http.MethodPost,
		"/sapi/v1/asset/get-funding-asset": http.MethodPost,
	}
	parameters = map[string][]string{
		"/api/v3/account":       {"omitZeroBalances"},
		"/api/v3/avgPrice":      {"symbol"},
		"/fapi/v3/positionRisk": {"symbol"},
		"/dapi/v1/positionRisk": {"marginAsset", "pair"},
		SpotOrders:              {"symbol"},
		MarginOrders:            {"symbol", "isIsolated"},
		USDMOrders:              {"symbol"},
		AlgoOrders:              {"symbol", "algoType", "algoId"},
		CoinMOrders:             {"symbol", "pair"},
	}
)

func init() {
	maps.Copy(calls, map[string]call{
		"/sapi/v3/asset/getUserAsset":      {5, true, (*Binance).userAssets},
		"/sapi/v1/asset/get-funding-asset": {1, true, (*Binance).fundingAssets},
		"/sapi/v1/margin/account":          {10, true, (*Binance).crossMargin},
		"/sapi/v1/margin/isolated/account": {10, true, (*Binance).isolatedMargin},
		"/api/v3/avgPrice":                 {2, false, (*Binance).averagePrice},
		"/fapi/v3/balance":                 {5, true, func(b *Binance) any { return b.futuresBalances(Futures) }},
		"/dapi/v1/time":                    {1, false, (*Binance).time},
		"/dapi/v1/positionRisk":            {1, true, (*Binance).coinPositions},
		"/dapi/v1/balance":                 {1, true, func(b *Binance) any { return b.futuresBalances(CoinFutures) }},
		SpotOrders:                         {80, true, func(b *Binance) any { return b.open(SpotOrders) }},
		SpotLists:                          {6, true, (*Binance).openLists},
		MarginOrders:                       {10, true, (*Binance).openMargin},
		USDMOrders:                         {40, true, func(b *Binance) any { return b.open(USDMOrders) }},
		AlgoOrders:                         {40, true, (*Binance).openAlgo},
		CoinMOrders:                        {40, true, func(b *Binance) any { return b.open(CoinMOrders) }},
	})
}

const none = "0.00000000"

func zero(amount string) bool { return strings.Trim(amount, "0.") == "" }

// fields returns an asset as an answer has it, with zero for amounts that are
// not set. It returns nil if all are zero.
func fields(asset string, amounts map[string]string, names ...string) map[string]any {
	out := map[string]any{"asset": asset}
	all := true
	for _, name := range names {
		amount := cmp.Or(amounts[name], none)
		out[name] = amount
		all = all && zero(amount)
	}
	if all {
		return nil
	}
	return out
}

// spotAssets returns the amounts of the spot wallet.
func (b *Binance) spotAssets() map[string]map[string]string {
	all := map[string]map[string]string{}
	for asset, amounts := range b.books.wallets[Spot] {
		all[asset] = maps.Clone(amounts)
	}
	for asset, free := range b.balances {
		if all[asset] == nil {
			all[asset] = map[string]string{}
		}
		all[asset]["free"] = free
	}
	return all
}

func (b *Binance) account() any {
	balances := []any{}
	for asset, amounts := range b.spotAssets() {
		if c := fields(asset, amounts, "free", "locked"); c != nil {
			balances = append(balances, c)
		} else if b.query.Get("omitZeroBalances") != "true" {
			balances = append(balances, map[string]any{"asset": asset, "free": none, "locked": none})
		}
	}
	return map[string]any{"canTrade": !b.frozen, "canWithdraw": true, "canDeposit": true, "accountType": "SPOT", "balances": balances, "permissions": []string{"SPOT", "TRD_GRP_004"}}
}

func (b *Binance) userAssets() any {
	assets := []any{}
	for asset, amounts := range b.spotAssets() {
		if c := fields(asset, amounts, "free", "locked", "freeze", "withdrawing", "ipoable"); c != nil {
			c["btcValuation"] = "0"
			assets = append(assets, c)
		}
	}
	return assets
}

func (b *Binance) fundingAssets() any {
	assets := []any{}
	for asset, amounts := range b.books.wallets[Funding] {
		if c := fields(asset, amounts, "free", "locked", "freeze", "withdrawing"); c != nil {
			c["btcValuation"] = "0"
			assets = append(assets, c)
		}
	}
	return assets
}

func margin(asset string, amounts map[string]string) map[string]any {
	out := map[string]any{"asset": asset, "netAsset": none}
	for _, name := range []string{"borrowed", "free", "interest", "locked"} {
		out[name] = cmp.Or(amounts[name], none)
	}
	return out
}

func (b *Binance) crossMargin() any {
	assets := []any{margin("BTC", nil)}
	for asset, amounts := range b.books.wallets[CrossMargin] {
		if asset == "BTC" {
			assets = assets[1:]
		}
		assets = append(assets, margin(asset, amounts))
	}
	return map[string]any{"created": len(b.books.wallets[CrossMargin]) > 0, "tradeEnabled": true, "marginLevel": "999", "accountType": "MARGIN_1", "userAssets": assets}
}

func (b *Binance) isolatedMargin() any {
	pairs := map[string]map[string]any{}
	for asset, amounts := range b.books.wallets[Isolated] {
		symbol, currency, _ := strings.Cut(asset, "/")
		if pairs[symbol] == nil {
			base := strings.TrimSuffix(symbol, "USDT")
			pairs[symbol] = map[string]any{"symbol": symbol, "enabled": true, "baseAsset": margin(base, nil), "quoteAsset": margin("USDT", nil)}
		}
		side := "baseAsset"
		if currency == "USDT" {
			side = "quoteAsset"
		}
		pairs[symbol][side] = margin(currency, amounts)
	}
	if len(pairs) == 0 {
		return refusal{-11001, "Isolated margin account does not exist."}
	}
	return map[string]any{"assets": slices.Collect(maps.Values(pairs)), "totalAssetOfBtc": "0", "totalLiabilityOfBtc": "0", "totalNetAssetOfBtc": "0"}
}
