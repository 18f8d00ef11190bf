package checks

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/lazy"
)

// upbitTicker is the state of a market. Upbit writes it at each trade.
type upbitTicker struct {
	Market    string `json:"market"`
	Price     exact  `json:"trade_price"`
	Timestamp int64  `json:"timestamp"` // in milliseconds
}

// upbitMarket is a market with the warnings of Upbit. Upbit's sites outside
// Korea send a text instead of the events.
type upbitMarket struct {
	Market string `json:"market"`
	Event  *struct {
		Warning bool            `json:"warning"`
		Caution map[string]bool `json:"caution"`
	} `json:"market_event"`
	Warning *string `json:"market_warning"`
}

// warning returns the warning of a market, or "".
func (m upbitMarket) warning() (string, error) {
	switch {
	case m.Event != nil && m.Event.Warning:
		return "has a trading warning (유의 종목), which comes before a delisting", nil
	case m.Event != nil:
		var cautions []string
		for _, name := range slices.Sorted(maps.Keys(m.Event.Caution)) {
			if m.Event.Caution[name] {
				cautions = append(cautions, name)
			}
		}
		if cautions != nil {
			return "has cautions: " + strings.Join(cautions, ", "), nil
		}
		return "", nil
	case m.Warning == nil:
		return "", badAnswer("the warning of "+m.Market, errMissing)
	case *m.Warning != "NONE":
		return "has the warning " + *m.Warning, nil
	}
	return "", nil
}

func (u upbit) market(ctx context.Context, names []string) (market, error) {
	m := market{listings: map[string]*listing{}}
	if len(names) > 0 {
		if err := u.listed(ctx, names, m.listings); err != nil {
			return m, err
		}
	}
	// Upbit refuses a list that has an unknown market.
	known := slices.Sorted(maps.Keys(m.listings))
	query := "markets=" + url.QueryEscape(strings.Join(known, ","))
	if len(known) == 0 {
		query = "markets=KRW-BTC"
	}
	var calls errgroup.Group
	calls.Go(func() error {
		a, err := u.tickers(ctx, query, m.listings)
		m.used = func() (float64, error) { return usedCalls(a) }
		return err
	})
	if len(known) > 0 {
		calls.Go(func() error { return u.ticks(ctx, query, m.listings) })
	}
	err := calls.Wait()
	return m, err
}

// listed adds the known markets, with their warnings.
func (u upbit) listed(ctx context.Context, names []string, listings map[string]*listing) error {
	a, err := u.get(ctx, "/v1/market/all", "is_details=true", false)
	if err != nil {
		return err
	}
	var markets []upbitMarket
	if err := a.decode("the list of markets", &markets); err != nil {
		return err
	}
	seen := once{}
	for _, m := range markets {
		if slices.Contains(names, m.Market) {
			if err := seen.add("the list of markets", name(m.Market)); err != nil {
				return err
			}
			warning, err := m.warning()
			if err != nil {
				return err
			}
			listings[m.Market] = &listing{warning: warning}
		}
	}
	return nil
}

// tickers reads the prices of markets.
func (u upbit) tickers(ctx context.Context, query string, listings map[string]*listing) (answer, error) {
	a, err := u.get(ctx, "/v1/ticker", query, false)
	if err != nil {
		return a, err
	}
	var tickers []upbitTicker
	if err := a.decode("the tickers", &tickers); err != nil {
		return a, err
	}
	seen := once{}
	for _, t := range tickers {
		if err := seen.add("the tickers", name(t.Market)); err != nil {
			return a, err
		}
		if l := listings[t.Market]; l != nil {
			l.last, l.traded = t.Price, time.UnixMilli(t.Timestamp)
		}
	}
	for name, l := range listings {
		if l.traded.IsZero() {
			return a, badAnswer("the ticker of "+name, errMissing)
		}
	}
	return a, nil
}

var remainingCalls = lazy.Regexp(`\bsec=([0-9]{1,10})\b`)

// usedCalls returns the used share of the calls of a second. Upbit reports how
// many are left, and documents how many there are for public calls.
func usedCalls(a answer) (float64, error) {
	const perSecond = 10
	m := remainingCalls().FindStringSubmatch(a.header.Get("Remaining-Req"))
	if m == nil {
		return 0, badAnswer("the header Remaining-Req", errMissing)
	}
	left, err := strconv.Atoi(m[1])
	return max(0, 1-float64(left)/perSecond), err
}

// ticks reads the steps of prices. They grow with the price: the steps are those
// at the last price.
func (u upbit) ticks(ctx context.Context, query string, listings map[string]*listing) error {
	a, err := u.get(ctx, "/v1/orderbook/instruments", query, false)
	if err != nil {
		return err
	}
	var instruments []struct {
		Market   string `json:"market"`
		TickSize exact  `json:"tick_size"`
	}
	if err := a.decode("the steps of prices", &instruments); err != nil {
		return err
	}
	seen := once{}
	for _, i := range instruments {
		if err := seen.add("the steps of prices", name(i.Market)); err != nil {
			return err
		}
		if l := listings[i.Market]; l != nil {
			l.price = []grid{{name: "tick_size", step: i.TickSize, coarser: true}}
		}
	}
	for name, l := range listings {
		if l.price == nil {
			return badAnswer("the step of prices of "+name, errMissing)
		}
	}
	return nil
}
