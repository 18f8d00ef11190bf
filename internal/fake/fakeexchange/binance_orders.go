package fakeexchange

import (
	"cmp"
	"strings"
)

// positionRisk returns the USDⓈ-M positions.
func (b *Binance) positionRisk() any {
	positions := []any{}
	for symbol, amount := range b.positions {
		positions = append(positions, position(symbol, "BOTH", amount))
	}
	for key, amount := range b.books.sides {
		positions = append(positions, position(key[0], key[1], amount))
	}
	return positions
}

func (b *Binance) coinPositions() any {
	positions := []any{position("BTCUSD_PERP", "BOTH", cmp.Or(b.books.contracts["BTCUSD_PERP"], "0"))}
	for symbol, amount := range b.books.contracts {
		if symbol != "BTCUSD_PERP" {
			positions = append(positions, position(symbol, "BOTH", amount))
		}
	}
	return positions
}

func position(symbol, side, amount string) map[string]any {
	return map[string]any{"symbol": symbol, "positionSide": side, "positionAmt": amount, "entryPrice": "0.0", "notional": "0"}
}

// futuresBalances returns the balances of a futures wallet.
func (b *Binance) futuresBalances(wallet string) any {
	balances := []any{}
	for asset, amounts := range b.books.wallets[wallet] {
		balances = append(balances, map[string]any{"accountAlias": "SgsR", "asset": asset, "balance": cmp.Or(amounts["balance"], none), "availableBalance": none, "updateTime": 0})
	}
	return balances
}

// resting returns the orders of a call, for one symbol if the query has it.
func (b *Binance) resting(call string, entry func(symbol string, id int) any) []any {
	out := []any{}
	for i, symbol := range b.books.orders[call] {
		if only := b.query.Get("symbol"); only == "" || only == symbol {
			out = append(out, entry(symbol, i+1))
		}
	}
	return out
}

func restingOrder(symbol string, id int) any {
	return map[string]any{
		"symbol": symbol, "orderId": id, "orderListId": -1, "clientOrderId": "x", "price": "0.1", "origQty": "1.0", "executedQty": "0.0",
		"status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "stopPrice": "0.0", "time": 1499827319559,
	}
}

func (b *Binance) open(call string) any { return b.resting(call, restingOrder) }

// openMargin returns the orders of the margin accounts. Those of an isolated
// one need its symbol.
func (b *Binance) openMargin() any {
	if b.query.Get("isIsolated") == "TRUE" && b.query.Get("symbol") == "" {
		return refusal{-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."}
	}
	return b.open(MarginOrders)
}

func (b *Binance) openLists() any {
	return b.resting(SpotLists, func(symbol string, id int) any {
		return map[string]any{
			"orderListId": id, "contingencyType": "OTO", "listStatusType": "EXEC_STARTED", "listOrderStatus": "EXECUTING", "symbol": symbol,
			"orders": []any{map[string]any{"symbol": symbol, "orderId": id, "clientOrderId": "x"}, map[string]any{"symbol": symbol, "orderId": 1000 + id, "clientOrderId": "y"}},
		}
	})
}

func (b *Binance) openAlgo() any {
	return b.resting(AlgoOrders, func(symbol string, id int) any {
		return map[string]any{
			"algoId": id, "clientAlgoId": "x", "algoType": "CONDITIONAL", "orderType": "STOP_MARKET", "symbol": symbol, "side": "SELL", "positionSide": "BOTH",
			"timeInForce": "GTC", "quantity": "0", "algoStatus": "NEW", "triggerPrice": "750.000", "icebergQuantity": nil, "closePosition": true,
		}
	})
}

func (b *Binance) averagePrice() any {
	symbol := b.query.Get("symbol")
	t, ok := b.books.prices[symbol]
	if !ok && b.symbols[symbol] == nil {
		return refusal{-1121, "Invalid symbol."}
	}
	if !ok {
		t = b.usualPrice()
	}
	return map[string]any{"mins": 5, "price": t.price, "closeTime": t.at.UnixMilli()}
}

func (b *Binance) tickers() any {
	all := []any{}
	for symbol, t := range b.books.prices {
		all = append(all, ticker(symbol, t))
	}
	return all
}

func ticker(symbol string, t tick) map[string]any {
	return map[string]any{"symbol": symbol, "ps": strings.TrimSuffix(symbol, "_PERP"), "price": t.price, "time": t.at.UnixMilli()}
}
