package fakeexchange

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Symbol is a symbol or contract, with the fields of exchangeInfo.
type Symbol map[string]any

// Filters sets the filters of a symbol to these, each with its fields. Every
// symbol has a filter of the price and one of the size: those stay, unless they
// are among these.
func (s Symbol) Filters(filters ...map[string]any) {
	old, _ := s["filters"].([]map[string]any)
	for _, f := range old {
		kind := f["filterType"]
		given := func(f map[string]any) bool { return f["filterType"] == kind }
		if (kind == "PRICE_FILTER" || kind == "LOT_SIZE") && !slices.ContainsFunc(filters, given) {
			filters = append(filters, f)
		}
	}
	s["filters"] = append([]map[string]any{}, filters...)
}

// binanceMarket is the public state of the symbols.
type binanceMarket struct {
	symbols       map[string]Symbol
	contracts     map[string]Symbol
	coinContracts map[string]Symbol
	delisting     map[string]time.Time
	price         string
	priceAge      time.Duration
}

func newBinanceMarket() binanceMarket {
	return binanceMarket{
		symbols:       map[string]Symbol{"BTCUSDT": newSymbol("BTCUSDT"), "ETHUSDT": newSymbol("ETHUSDT")},
		contracts:     map[string]Symbol{"BTCUSDT": newContract("BTCUSDT"), "ETHUSDT": newContract("ETHUSDT")},
		coinContracts: map[string]Symbol{"BTCUSD_PERP": newCoinContract("BTCUSD_PERP", 100), "ETHUSD_PERP": newCoinContract("ETHUSD_PERP", 10)},
		delisting:     map[string]time.Time{}, price: "60000.00000000",
	}
}

func newSymbol(name string) Symbol {
	s := Symbol{
		"symbol": name, "status": "TRADING", "baseAsset": name[:3], "quoteAsset": "USDT", "orderTypes": []string{"LIMIT", "LIMIT_MAKER", "MARKET"},
		"isSpotTradingAllowed": true, "isMarginTradingAllowed": true, "permissions": []string{},
		"permissionSets": [][]string{{"SPOT", "MARGIN", "TRD_GRP_004"}},
	}
	s.Filters(
		map[string]any{"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
		map[string]any{"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
		map[string]any{"filterType": "ICEBERG_PARTS", "limit": 100},
		map[string]any{"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "100.00000000", "stepSize": "0.00000000"},
		map[string]any{"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000},
		map[string]any{"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": true, "maxNotional": "9000000.00000000", "applyMaxToMarket": false, "avgPriceMins": 5},
		map[string]any{"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
	)
	return s
}

func newContract(name string) Symbol {
	s := Symbol{
		"symbol": name, "pair": name, "contractType": "PERPETUAL", "deliveryDate": 4133404800000, "onboardDate": 1569398400000, "status": "TRADING",
		"maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000", "baseAsset": name[:3], "quoteAsset": "USDT", "marginAsset": "USDT",
		"pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8, "underlyingType": "COIN", "underlyingSubType": []string{"PoW"},
		"triggerProtect": "0.0500", "liquidationFee": "0.012500", "marketTakeBound": "0.05", "maxMoveOrderLimit": 10000,
		"orderTypes": []string{"LIMIT", "MARKET", "STOP", "STOP_MARKET"}, "timeInForce": []string{"GTC", "IOC", "FOK", "GTX", "GTD"},
	}
	s.Filters(
		map[string]any{"filterType": "PRICE_FILTER", "minPrice": "261.10", "maxPrice": "809484", "tickSize": "0.10"},
		map[string]any{"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
		map[string]any{"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"},
		map[string]any{"filterType": "MAX_NUM_ORDERS", "limit": 200},
		map[string]any{"filterType": "MIN_NOTIONAL", "notional": "50"},
		map[string]any{"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4"},
	)
	return s
}

// newCoinContract returns a COIN-M contract, which is worth some dollars.
func newCoinContract(name string, dollars int) Symbol {
	s := newContract(name)
	s["contractStatus"], s["contractSize"], s["quoteAsset"] = s["status"], dollars, "USD"
	delete(s, "status")
	s.Filters(
		map[string]any{"filterType": "PRICE_FILTER", "minPrice": "1000", "maxPrice": "4520958", "tickSize": "0.1"},
		map[string]any{"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"},
		map[string]any{"filterType": "MARKET_LOT_SIZE", "minQty": "1", "maxQty": "60000", "stepSize": "1"},
		map[string]any{"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4"},
	)
	return s
}

// ChangeSymbol changes a symbol for spot trading, or adds one.
func (b *Binance) ChangeSymbol(name string, change func(Symbol)) {
	b.set(func() {
		if b.symbols[name] == nil {
			b.symbols[name] = newSymbol(name)
		}
		change(b.symbols[name])
	})
}

// ChangeContract changes a futures contract, or adds one.
func (b *Binance) ChangeContract(name string, change func(Symbol)) {
	b.set(func() {
		if b.contracts[name] == nil {
			b.contracts[name] = newContract(name)
		}
		change(b.contracts[name])
	})
}

// ChangeCoinContract changes a COIN-M contract.
func (b *Binance) ChangeCoinContract(name string, change func(Symbol)) {
	b.set(func() { change(b.coinContracts[name]) })
}

// Delist announces the end of spot trading of a symbol.
func (b *Binance) Delist(symbol string, at time.Time) { b.set(func() { b.delisting[symbol] = at }) }

// AgePrices sets the age of all prices.
func (b *Binance) AgePrices(age time.Duration) { b.set(func() { b.priceAge = age }) }

// invalidSymbol refuses a symbol that is not listed.
var invalidSymbol = refusal{-1121, "Invalid symbol."}

func init() {
	maps.Copy(calls, map[string]call{
		"/api/v3/exchangeInfo":          {20, false, (*Binance).spotInfo},
		"/fapi/v1/exchangeInfo":         {1, false, func(b *Binance) any { return b.futuresInfo(b.contracts, b.futures) }},
		"/dapi/v1/exchangeInfo":         {1, false, func(b *Binance) any { return b.futuresInfo(b.coinContracts, b.coin) }},
		"/fapi/v2/ticker/price":         {2, false, func(b *Binance) any { return b.futuresTicker(b.contracts, false) }},
		"/dapi/v1/ticker/price":         {2, false, func(b *Binance) any { return b.futuresTicker(b.coinContracts, true) }},
		"/sapi/v1/spot/delist-schedule": {100, true, (*Binance).delistSchedule},
		"/fapi/v1/accountConfig":        {5, true, (*Binance).accountConfig},
		"/fapi/v1/symbolConfig":         {5, true, (*Binance).symbolConfig},
		"/dapi/v1/account":              {5, true, (*Binance).coinAccount},
	})
	maps.Copy(parameters, map[string][]string{
		"/api/v3/exchangeInfo": {"symbol", "symbols"}, "/fapi/v2/ticker/price": {"symbol"}, "/dapi/v1/ticker/price": {"symbol", "pair"},
		"/fapi/v1/symbolConfig": {"symbol"},
	})
}

func rateLimits(weight int) []any {
	return []any{
		map[string]any{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight},
		map[string]any{"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
	}
}

func (b *Binance) spotInfo() any {
	names := b.query["symbol"]
	if list := b.query.Get("symbols"); list != "" && json.Unmarshal([]byte(list), &names) != nil {
		return refusal{-1100, "Illegal characters found in parameter 'symbols'."}
	}
	if names == nil {
		names = slices.Sorted(maps.Keys(b.symbols))
	}
	symbols := []Symbol{}
	for _, name := range names {
		if b.symbols[name] == nil {
			return invalidSymbol
		}
		symbols = append(symbols, b.symbols[name])
	}
	return map[string]any{
		"timezone": "UTC", "serverTime": b.now().UnixMilli(), "rateLimits": rateLimits(b.spot.limit), "exchangeFilters": []any{}, "symbols": symbols,
	}
}

func (b *Binance) futuresInfo(contracts map[string]Symbol, limit limiter) any {
	list := []Symbol{}
	for _, name := range slices.Sorted(maps.Keys(contracts)) {
		list = append(list, contracts[name])
	}
	return map[string]any{
		"timezone": "UTC", "serverTime": b.now().UnixMilli(), "rateLimits": rateLimits(limit.limit),
		"exchangeFilters": []any{}, "assets": []any{}, "symbols": list,
	}
}

// usualPrice is the price of symbols without one of their own.
func (b *Binance) usualPrice() tick { return tick{b.price, b.now().Add(-b.priceAge)} }

// futuresTicker returns the ticker of one contract, in a list for COIN-M, or all
// tickers.
func (b *Binance) futuresTicker(contracts map[string]Symbol, isList bool) any {
	symbol := b.query.Get("symbol")
	t, ok := b.books.prices[symbol]
	switch {
	case symbol == "":
		return b.tickers()
	case !ok && contracts[symbol] == nil:
		return invalidSymbol
	case !ok:
		t = b.usualPrice()
	}
	if isList {
		return []any{ticker(symbol, t)}
	}
	return ticker(symbol, t)
}

func (b *Binance) delistSchedule() any {
	schedule := []any{}
	for symbol, at := range b.delisting {
		schedule = append(schedule, map[string]any{"delistTime": at.UnixMilli(), "symbols": []string{"OLDUSDT", symbol}})
	}
	return schedule
}
