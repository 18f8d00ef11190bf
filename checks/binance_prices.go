package checks

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"
)

// prices reads the average of the last minutes of each asset's market. A market
// that does not exist has no price.
func (b binance) prices(ctx context.Context, quote string, assets []string) (map[string]price, error) {
	out := map[string]price{}
	errs := make([]error, len(assets))
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, callsAtOnce)
	for i, asset := range assets {
		wg.Go(func() {
			slots <- struct{}{}
			p, err := b.averagePrice(ctx, asset+quote)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			if errs[i] = err; p.value > 0 {
				out[asset] = p
			}
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// averagePrice reads the price of a symbol. It is zero if there is no such
// symbol.
func (b binance) averagePrice(ctx context.Context, symbol string) (price, error) {
	a, err := b.get(ctx, "/api/v3/avgPrice", "symbol="+url.QueryEscape(symbol)) // some names are Chinese
	if a.unknownSymbol() {
		return price{}, nil
	}
	if err != nil {
		return price{}, err
	}
	var body struct {
		Price amount `json:"price"`
		Time  int64  `json:"closeTime"` // of the last trade
	}
	err = a.decode("the price of "+symbol, &body)
	return price{float64(body.Price), time.UnixMilli(body.Time)}, err
}

// tickers reads the prices of all symbols in one call.
func (b binance) tickers(ctx context.Context, path string) (map[string]price, error) {
	const what = "the tickers"
	a, err := b.get(ctx, path, "")
	if err != nil {
		return nil, err
	}
	var body []struct {
		Symbol name   `json:"symbol"`
		Price  amount `json:"price"`
		Time   int64  `json:"time"`
	}
	if err := a.decode(what, &body); err != nil {
		return nil, err
	}
	out := map[string]price{}
	seen := once{}
	for _, t := range body {
		if err := seen.add(what, t.Symbol); err != nil {
			return nil, err
		}
		out[string(t.Symbol)] = price{float64(t.Price), time.UnixMilli(t.Time)}
	}
	return out, nil
}

// prices returns the price of a contract, such as BTCUSDT or BTCUSDT_260327, or
// of a currency of the collateral.
func (b binanceFutures) prices(ctx context.Context, quote string, assets []string) (map[string]price, error) {
	all, err := b.tickers(ctx, "/fapi/v2/ticker/price")
	out := map[string]price{}
	for _, asset := range assets {
		pair, _, _ := strings.Cut(asset, "_")
		contract, isContract := all[asset]
		currency, isCurrency := all[asset+quote]
		switch {
		case isContract && strings.HasSuffix(pair, quote) && pair != quote:
			out[asset] = contract
		case isCurrency:
			out[asset] = currency
		}
	}
	return out, err
}

// prices returns the dollars of one contract, which is a fixed number, or the
// price of a currency of the collateral.
func (b binanceCoinFutures) prices(ctx context.Context, quote string, assets []string) (map[string]price, error) {
	all, err := b.tickers(ctx, "/dapi/v1/ticker/price")
	if err != nil {
		return nil, err
	}
	const what = "the contracts"
	a, err := b.get(ctx, "/dapi/v1/exchangeInfo", "")
	if err != nil {
		return nil, err
	}
	var info struct {
		Symbols []struct {
			Symbol name   `json:"symbol"`
			Quote  string `json:"quoteAsset"`
			Size   amount `json:"contractSize"`
		} `json:"symbols"`
	}
	if err := a.decode(what, &info); err != nil {
		return nil, err
	}
	out := map[string]price{}
	for _, asset := range assets {
		if p, ok := all[asset+quote+"_PERP"]; ok {
			out[asset] = p
		}
	}
	seen := once{}
	for _, s := range info.Symbols {
		if err := seen.add(what, s.Symbol); err != nil {
			return nil, err
		}
		if s.Quote == quote {
			out[string(s.Symbol)] = price{float64(s.Size), time.Now()}
		}
	}
	return out, nil
}
