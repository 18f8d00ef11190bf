package checks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/checks/internal/strict"
)

// exchangeInfo is the answer that describes symbols.
type exchangeInfo struct {
	RateLimits []struct {
		Type        string  `json:"rateLimitType"`
		Interval    string  `json:"interval"`
		IntervalNum int     `json:"intervalNum"`
		Limit       float64 `json:"limit"`
	} `json:"rateLimits"`
	Symbols []json.RawMessage `json:"symbols"`
}

type spotSymbol struct {
	Symbol         string          `json:"symbol"`
	Status         string          `json:"status"`
	SpotAllowed    bool            `json:"isSpotTradingAllowed"`
	PermissionSets [][]string      `json:"permissionSets"`
	Filters        []binanceFilter `json:"filters"`
}

// binanceFilter is one of several kinds of filters, which have different fields.
type binanceFilter struct {
	Type string `json:"filterType"`

	MinPrice *exact `json:"minPrice"`
	MaxPrice *exact `json:"maxPrice"`
	TickSize *exact `json:"tickSize"`

	MinQty   *exact `json:"minQty"`
	MaxQty   *exact `json:"maxQty"`
	StepSize *exact `json:"stepSize"`

	Notional         *exact `json:"notional"`    // futures
	MinNotional      *exact `json:"minNotional"` // spot
	MaxNotional      *exact `json:"maxNotional"`
	ApplyToMarket    *bool  `json:"applyToMarket"`
	ApplyMinToMarket *bool  `json:"applyMinToMarket"`
	ApplyMaxToMarket *bool  `json:"applyMaxToMarket"`
}

// filter adds the filters of a symbol. Every symbol has those of price and size:
// without them nothing is known of its orders.
func (l *listing) filter(symbol string, filters []binanceFilter, futures bool) error {
	seen := once{}
	for _, f := range filters {
		if err := seen.add("the filters of "+symbol, name(f.Type)); err != nil {
			return err
		}
		if err := f.add(l, futures); err != nil {
			return err
		}
	}
	for _, needed := range []struct {
		name  string
		grids []grid
	}{{"PRICE_FILTER", l.price}, {"LOT_SIZE", l.size}} {
		if needed.grids == nil {
			return badAnswer("the filters of "+symbol, fmt.Errorf("%s %w", needed.name, errMissing))
		}
	}
	return nil
}

// add adds a filter to a listing. The steps of futures start at the minimum.
func (f binanceFilter) add(l *listing, futures bool) error {
	missing := badAnswer("the filter "+f.Type, errors.New("lacks a field"))
	grid := func(min, max, step *exact) ([]grid, error) {
		if min == nil || max == nil || step == nil {
			return nil, missing
		}
		g := grid{name: f.Type, min: *min, max: *max, step: *step}
		if futures {
			g.from = *min
		}
		return []grid{g}, nil
	}
	var err error
	switch f.Type {
	case "PRICE_FILTER":
		l.price, err = grid(f.MinPrice, f.MaxPrice, f.TickSize)
	case "LOT_SIZE":
		l.size, err = grid(f.MinQty, f.MaxQty, f.StepSize)
	case "MARKET_LOT_SIZE":
		l.market, err = grid(f.MinQty, f.MaxQty, f.StepSize)
	case "MIN_NOTIONAL":
		switch {
		case futures && f.Notional != nil:
			l.value = append(l.value, valueLimit{name: f.Type, min: *f.Notional, minMarket: true})
		case !futures && f.MinNotional != nil && f.ApplyToMarket != nil:
			l.value = append(l.value, valueLimit{name: f.Type, min: *f.MinNotional, minMarket: *f.ApplyToMarket})
		default:
			err = missing
		}
	case "NOTIONAL":
		if f.MinNotional == nil || f.MaxNotional == nil || f.ApplyMinToMarket == nil || f.ApplyMaxToMarket == nil {
			return missing
		}
		l.value = append(l.value, valueLimit{f.Type, *f.MinNotional, *f.MaxNotional, *f.ApplyMinToMarket, *f.ApplyMaxToMarket})
	}
	return err
}

// used returns the used share of the weight of a minute.
func (i exchangeInfo) used(a answer) (float64, error) {
	used, err := strconv.ParseFloat(a.header.Get("X-Mbx-Used-Weight-1m"), 64)
	if err == nil && used >= 0 {
		for _, l := range i.RateLimits {
			if l.Type == "REQUEST_WEIGHT" && l.Interval == "MINUTE" && l.IntervalNum == 1 && l.Limit > 0 {
				return used / l.Limit, nil
			}
		}
	}
	return 0, badAnswer("the rate limit", errMissing)
}

// find decodes the symbols with these names. All others stay undecoded: there
// are hundreds of futures contracts.
func find[S any](i exchangeInfo, names []string) (map[string]S, error) {
	found := map[string]S{}
	for _, raw := range i.Symbols {
		var is struct {
			Symbol string `json:"symbol"`
		}
		if json.Unmarshal(raw, &is) != nil || !slices.Contains(names, is.Symbol) {
			continue
		}
		if _, twice := found[is.Symbol]; twice {
			return nil, badAnswer(is.Symbol, errors.New("is listed twice"))
		}
		var s S
		if err := strict.Unmarshal(raw, &s); err != nil {
			return nil, badAnswer("the description of "+is.Symbol, err)
		}
		found[is.Symbol] = s
	}
	return found, nil
}

// unknownSymbol reports whether Binance does not know the symbol of a call:
// BAD_SYMBOL, or ILLEGAL_CHARS in its name.
func (a answer) unknownSymbol() bool { return errorCode(a) == -1121 || errorCode(a) == -1100 }

// info describes symbols. It leaves out unknown ones.
func (b binance) info(ctx context.Context, names []string) (exchangeInfo, answer, error) {
	always := []string{"BTCUSDT"} // without a symbol Binance describes all
	if len(names) == 0 {
		names = always
	}
	i, a, err := b.describe(ctx, names)
	if !a.unknownSymbol() {
		return i, a, err
	}
	// One unknown symbol makes Binance refuse the whole list.
	if i, a, err = b.describe(ctx, always); err != nil {
		return i, a, err
	}
	i.Symbols = nil
	for _, name := range names {
		one, last, err := b.describe(ctx, []string{name})
		switch {
		case last.unknownSymbol():
			continue
		case err != nil:
			return i, last, err
		}
		i.Symbols, a = append(i.Symbols, one.Symbols...), last
	}
	return i, a, nil
}

func (b binance) describe(ctx context.Context, names []string) (i exchangeInfo, a answer, err error) {
	list, err := json.Marshal(names)
	if err != nil {
		return i, a, err
	}
	return b.exchangeInfo(ctx, "/api/v3/exchangeInfo", "symbols="+url.QueryEscape(string(list)))
}

func (b binance) exchangeInfo(ctx context.Context, path, query string) (i exchangeInfo, a answer, err error) {
	if a, err = b.get(ctx, path, query); err != nil {
		return i, a, err
	}
	err = a.decode("the description of the symbols", &i)
	return i, a, err
}

func (b binance) market(ctx context.Context, names []string) (market, error) {
	i, a, err := b.info(ctx, names)
	if err != nil {
		return market{}, err
	}
	symbols, err := find[spotSymbol](i, names)
	if err != nil {
		return market{}, err
	}
	m := market{map[string]*listing{}, func() (float64, error) { return i.used(a) }}
	for name, s := range symbols {
		l := new(listing)
		switch {
		case s.Status != trading:
			l.halted = "its status is " + s.Status
		case !s.SpotAllowed:
			l.halted = "spot trading of it is not allowed"
		}
		if err := l.filter(name, s.Filters, false); err != nil {
			return m, err
		}
		m.listings[name] = l
	}
	return m, m.prices(func(name string, l *listing) error { return b.price(ctx, name, l) })
}

// trading is the status of a symbol that trades.
const trading = "TRADING"

// prices reads the price of each symbol that trades.
func (m market) prices(read func(name string, l *listing) error) error {
	var calls errgroup.Group
	for name, l := range m.listings {
		if l.halted == "" {
			calls.Go(func() error { return read(name, l) })
		}
	}
	return calls.Wait()
}

// price reads the average price, with which Binance judges market orders. It
// has the time of the last trade.
func (b binance) price(ctx context.Context, symbol string, l *listing) error {
	a, err := b.get(ctx, "/api/v3/avgPrice", "symbol="+url.QueryEscape(symbol))
	if err != nil {
		return err
	}
	var average struct {
		Price exact `json:"price"`
		Time  int64 `json:"closeTime"`
	}
	if err := a.decode("the price of "+symbol, &average); err != nil {
		return err
	}
	l.last, l.traded = average.Price, time.UnixMilli(average.Time)
	return nil
}
