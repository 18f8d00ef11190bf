package fakeexchange

import (
	"maps"
	"slices"
)

// CallerIP is the public address of the caller in refusals.
const CallerIP = "203.0.113.7"

// binanceSettings holds the permissions of the keys, and the settings of the
// account.
type binanceSettings struct {
	restricted map[string]any // permissions of the keys
	frozen     bool           // the account may not trade
	hedge      bool
	multi      bool
	settings   map[string]symbolSetting
}

type symbolSetting struct {
	marginType string
	leverage   int
}

func newBinanceSettings() binanceSettings {
	return binanceSettings{
		restricted: map[string]any{
			"ipRestrict": true, "createTime": 1698645219000, "enableReading": true, "enableSpotAndMarginTrading": true, "enableMargin": false,
			"enableWithdrawals": false, "enableFutures": true, "enableInternalTransfer": false, "permitsUniversalTransfer": false,
			"enableVanillaOptions": false, "enableFixApiTrade": false, "enableFixReadOnly": false, "enablePortfolioMarginTrading": false,
		},
		settings: map[string]symbolSetting{"BTCUSDT": {"CROSSED", 20}, "ETHUSDT": {"CROSSED", 20}},
	}
}

// ChangeKeys sets a permission of the keys, or another field of their
// description. nil removes it.
func (b *Binance) ChangeKeys(field string, value any) {
	b.set(func() {
		b.restricted[field] = value
		if value == nil {
			delete(b.restricted, field)
		}
	})
}

// LockAccount forbids or allows the account to trade.
func (b *Binance) LockAccount(on bool) { b.set(func() { b.frozen = on }) }

// SetModes sets the position mode and the multi-assets mode of the account.
func (b *Binance) SetModes(hedge, multiAssets bool) {
	b.set(func() { b.hedge, b.multi = hedge, multiAssets })
}

// SetSymbol sets the margin type and the leverage of a futures contract.
func (b *Binance) SetSymbol(symbol, marginType string, leverage int) {
	b.set(func() { b.settings[symbol] = symbolSetting{marginType, leverage} })
}

func (b *Binance) restrictions() any {
	r := maps.Clone(b.restricted)
	if b.withdrawals {
		r["enableWithdrawals"] = true
	}
	return r
}

func (b *Binance) accountConfig() any {
	return map[string]any{
		"feeTier": 0, "canTrade": !b.frozen, "canDeposit": true, "canWithdraw": true, "dualSidePosition": b.hedge,
		"updateTime": 0, "multiAssetsMargin": b.multi, "tradeGroupId": -1,
	}
}

func (b *Binance) symbolConfig() any {
	names := slices.Sorted(maps.Keys(b.settings))
	if name := b.query.Get("symbol"); name != "" {
		if b.contracts[name] == nil {
			return invalidSymbol
		}
		names = []string{name}
	}
	configs := []any{}
	for _, name := range names {
		if s, ok := b.settings[name]; ok {
			configs = append(configs, map[string]any{
				"symbol": name, "marginType": s.marginType, "isAutoAddMargin": "false", "leverage": s.leverage, "maxNotionalValue": "1000000",
			})
		}
	}
	return configs
}

func (b *Binance) coinAccount() any {
	return map[string]any{
		"feeTier": 2, "canTrade": !b.frozen, "canDeposit": true, "canWithdraw": true, "updateTime": 0, "assets": []any{}, "positions": []any{},
	}
}
