package checks

import (
	"context"
	"errors"
	"net/url"
	"time"
)

type futuresSymbol struct {
	Symbol       string          `json:"symbol"`
	Status       *string         `json:"status"`         // USDⓈ-M
	CoinStatus   *string         `json:"contractStatus"` // COIN-M
	ContractType string          `json:"contractType"`
	DeliveryDate int64           `json:"deliveryDate"`
	Filters      []binanceFilter `json:"filters"`
}

// status returns the status of a contract.
func (s futuresSymbol) status() (string, error) {
	switch {
	case s.Status != nil:
		return *s.Status, nil
	case s.CoinStatus != nil:
		return *s.CoinStatus, nil
	}
	return "", badAnswer("the status of "+s.Symbol, errMissing)
}

func (b binanceFutures) market(ctx context.Context, names []string) (market, error) {
	return b.contracts(ctx, "/fapi/v1/exchangeInfo", names, b.price)
}

func (b binanceCoinFutures) market(ctx context.Context, names []string) (market, error) {
	return b.contracts(ctx, "/dapi/v1/exchangeInfo", names, b.price)
}

// contracts describes futures contracts. The call takes no symbols.
func (b binance) contracts(ctx context.Context, path string, names []string, price func(context.Context, string, *listing) error) (market, error) {
	i, a, err := b.exchangeInfo(ctx, path, "")
	if err != nil {
		return market{}, err
	}
	symbols, err := find[futuresSymbol](i, names)
	if err != nil {
		return market{}, err
	}
	m := market{map[string]*listing{}, func() (float64, error) { return i.used(a) }}
	for name, s := range symbols {
		l := &listing{delists: s.delists(time.Now())}
		switch status, err := s.status(); {
		case err != nil:
			return m, err
		case status != trading:
			l.halted = "its status is " + status
		}
		if err := l.filter(name, s.Filters, true); err != nil {
			return m, err
		}
		m.listings[name] = l
	}
	return m, m.prices(func(name string, l *listing) error { return price(ctx, name, l) })
}

// delists returns the announced end of trading, or zero. For a perpetual
// contract Binance replaces a date in the far future when it announces the end.
// Dated contracts always have one; it counts when it is near.
func (s futuresSymbol) delists(now time.Time) time.Time {
	const never, near = 20 * 365 * 24 * time.Hour, 7 * 24 * time.Hour
	soon := near
	if s.ContractType == "PERPETUAL" || s.ContractType == "TRADIFI_PERPETUAL" {
		soon = never
	}
	if date := time.UnixMilli(s.DeliveryDate); date.Sub(now) < soon {
		return date
	}
	return time.Time{}
}

type futuresTicker struct {
	Symbol string `json:"symbol"`
	Price  exact  `json:"price"`
	Time   int64  `json:"time"` // of the last trade
}

func (b binanceFutures) price(ctx context.Context, symbol string, l *listing) error {
	var ticker futuresTicker
	if err := b.ticker(ctx, "/fapi/v2/ticker/price", symbol, &ticker); err != nil {
		return err
	}
	return l.trade(symbol, ticker)
}

// price reads a list: COIN-M sends one even for one symbol.
func (b binanceCoinFutures) price(ctx context.Context, symbol string, l *listing) error {
	var tickers []futuresTicker
	if err := b.ticker(ctx, "/dapi/v1/ticker/price", symbol, &tickers); err != nil {
		return err
	}
	if len(tickers) != 1 {
		return badAnswer("the ticker of "+symbol, errMissing)
	}
	return l.trade(symbol, tickers[0])
}

func (b binance) ticker(ctx context.Context, path, symbol string, body any) error {
	a, err := b.get(ctx, path, "symbol="+url.QueryEscape(symbol))
	if err != nil {
		return err
	}
	return a.decode("the ticker of "+symbol, body)
}

// trade sets the last price.
func (l *listing) trade(symbol string, t futuresTicker) error {
	if t.Symbol != symbol {
		return badAnswer("the ticker", errors.New("is not that of "+symbol))
	}
	l.last, l.traded = t.Price, time.UnixMilli(t.Time)
	return nil
}
