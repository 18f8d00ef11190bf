package checks_test

import (
	"strings"
	"testing"
)

func TestTradingConfigErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"exchanges: {upbit: {symbols: [{symbol: BTC/KRW}]}}\nexchange_health: {}\n":                                  "p.yml:1: exchanges.upbit.symbols[0].symbol: write the symbol as the exchange does, such as KRW-BTC",
		"exchanges: {binance_spot: {symbols: [{symbol: btcusdt}]}}\nexchange_health: {}\n":                           "p.yml:1: exchanges.binance_spot.symbols[0].symbol: write the symbol as the exchange does, such as BTCUSDT",
		"exchanges: {binance_spot: {symbols: [{symbol: KRW-BTC}]}}\nexchange_health: {}\n":                           "p.yml:1: exchanges.binance_spot.symbols[0].symbol: write the symbol as the exchange does, such as BTCUSDT",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC}, {symbol: KRW-BTC}]}}\nexchange_health: {}\n":               "p.yml:1: exchanges.upbit.symbols[1].symbol: KRW-BTC is declared twice",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, order_size: 1_000}]}}\nexchange_health: {}\n":               "p.yml:1: exchanges.upbit.symbols[0].order_size: must be a number above 0, such as 0.001",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, order_size: -1}]}}\nexchange_health: {}\n":                  "p.yml:1: exchanges.upbit.symbols[0].order_size: must be a number above 0, such as 0.001",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, order_size: 0.0}]}}\nexchange_health: {}\n":                 "p.yml:1: exchanges.upbit.symbols[0].order_size: must be a number above 0, such as 0.001",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, order_size: 1e999}]}}\nexchange_health: {}\n":               "p.yml:1: exchanges.upbit.symbols[0].order_size: must be a number above 0, such as 0.001",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, price: 1}]}}\nexchange_health: {}\n":                        "p.yml:1: exchanges.upbit.symbols[0].price: needs order_size",
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, leverage: 2}]}}\nexchange_health: {}\n":                     "p.yml:1: exchanges.upbit.symbols[0].leverage: only binance_futures has it",
		"exchanges: {binance_spot: {symbols: [{symbol: A, margin_type: crossed}]}}\nexchange_health: {}\n":           "p.yml:1: exchanges.binance_spot.symbols[0].margin_type: only binance_futures has it",
		"exchanges: {binance_futures: {symbols: [{symbol: A, margin_type: cross}]}}\nexchange_health: {}\n":          `p.yml:1: exchanges.binance_futures.symbols[0].margin_type: "cross" is neither isolated nor crossed`,
		"exchanges: {binance_futures: {symbols: [{symbol: A, leverage: -2}]}}\nexchange_health: {}\n":                "p.yml:1: exchanges.binance_futures.symbols[0].leverage: must be positive",
		"exchanges: {binance_futures: {position_mode: dual}}\nexchange_health: {}\n":                                 `p.yml:1: exchanges.binance_futures.position_mode: "dual" is neither one_way nor hedge`,
		"exchanges: {binance_spot: {position_mode: hedge}}\nexchange_health: {}\n":                                   "p.yml:1: exchanges.binance_spot.position_mode: only binance_futures has it",
		"exchanges: {upbit: {order_test: true, symbols: [{symbol: KRW-BTC, order_size: 1}]}}\nexchange_health: {}\n": "p.yml:1: exchanges.upbit.order_test: needs a symbol with order_size and price",
		"exchanges: {binance_spot: {order_test: true}}\nexchange_health: {}\n":                                       "p.yml:1: exchanges.binance_spot.order_test: only upbit has it: Binance reports the permissions of keys",
		"exchanges: {upbit: {multi_assets: false}}\nexchange_health: {}\n":                                           "p.yml:1: exchanges.upbit.multi_assets: only binance_futures has it",
		"exchanges: {upbit: {key_expires_within: -1h}}\nexchange_health: {}\n":                                       "p.yml:1: exchanges.upbit.key_expires_within: must be positive",
		"exchanges: {binance_futures: {key_expires_within: 1h}}\nexchange_health: {}\n":                              "p.yml:1: exchanges.binance_futures.key_expires_within: Binance reports no expiry of the permission for futures: leave it out",
		"exchanges: {upbit: {symbols: [" + strings.Repeat("{symbol: A-A}, ", 21) + "]}}\nexchange_health: {}\n":      "p.yml:1: exchanges.upbit.symbols: declare at most 20 symbols: each needs calls of its own",
		"exchanges: {upbit: {symbol: A}}\nexchange_health: {}\n":                                                     `p.yml:1: unknown key "symbol" in exchanges.upbit (did you mean "symbols"?)`,
		"exchanges: {upbit: {}}\nexchange_health: {max_used_limit: 80}\n":                                            "p.yml:2: exchange_health.max_used_limit: must be a share from 0 to 1, such as 0.8",
		"exchanges: {upbit: {}}\nexchange_health: {max_ticker_age: -1s}\n":                                           "p.yml:2: exchange_health.max_ticker_age: must be positive",
	} {
		_, err := parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n error %v,\n want %s", text, err, want)
		}
	}
}
