package fakeexchange

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Market is a market of Upbit.
type Market struct {
	Price   float64
	Tick    string
	Warning bool
	Caution string // name of a caution that is on, or ""
	State   string // of the orders: active
	// MinTotal is the minimum value of an order.
	MinTotal string
}

// upbitMarket is the public state of the markets, and the description of keys.
type upbitMarket struct {
	markets  map[string]*Market
	priceAge time.Duration
	expires  time.Time
	keyName  string // access key in the list of keys, if not the real one
	abroad   bool   // answers as Upbit's sites outside Korea
	groups   map[string]*limiter
}

func newUpbitMarket() upbitMarket {
	return upbitMarket{
		markets: map[string]*Market{
			"KRW-BTC": {Price: 150000000, Tick: "1000", State: "active", MinTotal: "5000"},
			"KRW-ETH": newMarket(),
		},
		expires: time.Now().AddDate(1, 0, 0), groups: map[string]*limiter{},
	}
}

// publicGroups are the groups of public calls, each with a limit of its own.
var publicGroups = map[string]string{"/v1/market/all": "market", "/v1/orderbook/instruments": "orderbook"}

func (u *Upbit) group(name string) *limiter {
	if u.groups[name] == nil {
		u.groups[name] = &limiter{limit: u.quotation.limit, window: u.quotation.window}
	}
	return u.groups[name]
}

func newMarket() *Market {
	return &Market{Price: 5000000, Tick: "1000", State: "active", MinTotal: "5000"}
}

// ChangeMarket changes a market, or adds one.
func (u *Upbit) ChangeMarket(name string, change func(*Market)) {
	u.set(func() {
		if u.markets[name] == nil {
			u.markets[name] = newMarket()
		}
		change(u.markets[name])
	})
}

// AgePrices sets the age of all prices.
func (u *Upbit) AgePrices(age time.Duration) { u.set(func() { u.priceAge = age }) }

// ExpireKeysAt sets the time at which the keys expire.
func (u *Upbit) ExpireKeysAt(at time.Time) { u.set(func() { u.expires = at }) }

// NameKey changes the access key in the list of keys.
func (u *Upbit) NameKey(key string) { u.set(func() { u.keyName = key }) }

// Abroad describes markets as Upbit's sites outside Korea do.
func (u *Upbit) Abroad(on bool) { u.set(func() { u.abroad = on }) }

// named returns the markets of a call. It refuses calls without markets, or with
// an unknown one.
func (u *Upbit) named(w http.ResponseWriter, r *http.Request) []string {
	names := strings.Split(r.URL.Query().Get("markets"), ",")
	for _, name := range names {
		if name == "" {
			u.refuse(w, http.StatusBadRequest, "", "Missing request parameter error. Check the required parameters!")
			return nil
		}
		if u.markets[name] == nil {
			u.refuse(w, http.StatusNotFound, "", "Code not found")
			return nil
		}
	}
	return names
}

func (u *Upbit) ticker(w http.ResponseWriter, r *http.Request) {
	tickers := []any{}
	for _, name := range u.named(w, r) {
		tickers = append(tickers, map[string]any{
			"market": name, "trade_price": u.markets[name].Price, "timestamp": u.now().Add(-u.priceAge).UnixMilli(),
		})
	}
	if len(tickers) > 0 {
		u.serve(w, r.URL.Path, tickers)
	}
}

func (u *Upbit) instruments(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	for _, name := range u.named(w, r) {
		quote, _, _ := strings.Cut(name, "-")
		list = append(list, map[string]any{"market": name, "quote_currency": quote, "tick_size": u.markets[name].Tick, "supported_levels": []string{"0"}})
	}
	if len(list) > 0 {
		u.serve(w, r.URL.Path, list)
	}
}

func (u *Upbit) sendMarkets(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(u.markets)) {
		m := u.markets[name]
		entry := map[string]any{"market": name, "korean_name": "이름", "english_name": "Name"}
		switch {
		case r.URL.Query().Get("is_details") != "true":
		case u.abroad:
			entry["market_warning"] = map[bool]string{false: "NONE", true: "CAUTION"}[m.Warning]
		default:
			caution := map[string]bool{}
			for _, name := range []string{"PRICE_FLUCTUATIONS", "TRADING_VOLUME_SOARING", "DEPOSIT_AMOUNT_SOARING", "GLOBAL_PRICE_DIFFERENCES", "CONCENTRATION_OF_SMALL_ACCOUNTS"} {
				caution[name] = name == m.Caution
			}
			entry["market_event"] = map[string]any{"warning": m.Warning, "caution": caution}
		}
		list = append(list, entry)
	}
	u.serve(w, r.URL.Path, list)
}

func (u *Upbit) sendKeys(w http.ResponseWriter, r *http.Request) {
	key := u.AccessKey
	if u.keyName != "" {
		key = u.keyName
	}
	u.serve(w, r.URL.Path, []any{
		map[string]any{"access_key": Key()[:40], "expire_at": "2021-03-09T12:39:39+09:00"},
		map[string]any{"access_key": key, "expire_at": u.expires.Format(time.RFC3339)},
	})
}

func (u *Upbit) chance(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("market")
	m := u.markets[name]
	if m == nil {
		u.refuse(w, http.StatusNotFound, "market_not_found", "Code not found")
		return
	}
	quote, base, _ := strings.Cut(name, "-")
	account := func(currency string) map[string]any {
		return map[string]any{"currency": currency, "balance": "0.0", "locked": "0.0", "avg_buy_price": "0", "avg_buy_price_modified": false, "unit_currency": "KRW"}
	}
	u.serve(w, r.URL.Path, map[string]any{
		"bid_fee": "0.0005", "ask_fee": "0.0005", "maker_bid_fee": "0.0005", "maker_ask_fee": "0.0005",
		"market": map[string]any{
			"id": name, "name": base + "/" + quote, "order_types": []string{"limit"}, "order_sides": []string{"ask", "bid"},
			"bid_types": []string{"best_fok", "best_ioc", "limit", "price"}, "ask_types": []string{"best_fok", "best_ioc", "limit", "market"},
			"bid": map[string]any{"currency": quote, "min_total": m.MinTotal}, "ask": map[string]any{"currency": base, "min_total": m.MinTotal},
			"max_total": "1000000000", "state": m.State,
		},
		"bid_account": account(quote), "ask_account": account(base),
	})
}

// testOrder judges an order as the real call does. It creates none.
func (u *Upbit) testOrder(w http.ResponseWriter, r *http.Request) {
	order, query, ok := orderOf(r)
	if !ok || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		u.refuse(w, http.StatusBadRequest, "validation_error", "잘못된 파라미터입니다.")
		return
	}
	r.URL.RawQuery = query // which the token signs
	if !u.authorized(w, r, MakeOrders) {
		return
	}
	m := u.markets[order["market"]]
	price, priceErr := strconv.ParseFloat(order["price"], 64)
	volume, volumeErr := strconv.ParseFloat(order["volume"], 64)
	if m == nil || order["side"] != "bid" || order["ord_type"] != "limit" || priceErr != nil || volumeErr != nil || len(order) != 5 {
		u.refuse(w, http.StatusBadRequest, "validation_error", "잘못된 파라미터입니다.")
		return
	}
	tick, _ := strconv.ParseFloat(m.Tick, 64)
	least, _ := strconv.ParseFloat(m.MinTotal, 64)
	held, _ := strconv.ParseFloat(u.accounts["KRW"], 64)
	switch {
	case m.State != "active":
		u.refuse(w, http.StatusBadRequest, "market_offline", "마켓이 점검 중입니다.")
	case math.Mod(price, tick) != 0:
		u.refuse(w, http.StatusBadRequest, "invalid_price_bid", "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요.")
	case price*volume < least:
		u.refuse(w, http.StatusBadRequest, "under_min_total_bid", "최소주문금액 이상으로 주문해주세요.")
	case price*volume > held:
		u.refuse(w, http.StatusBadRequest, "insufficient_funds_bid", "주문가능한 금액이 부족합니다.")
	default:
		if _, replaced := u.answers[r.URL.Path]; replaced {
			u.serve(w, r.URL.Path, nil)
			return
		}
		send(w, http.StatusCreated, map[string]any{
			"market": order["market"], "uuid": "7f54527e-2eee-4268-860e-fd8b9d7afae8", "side": "bid", "ord_type": "limit", "price": order["price"],
			"state": "wait", "volume": order["volume"], "remaining_volume": order["volume"], "executed_volume": "0", "trades_count": 0,
		})
	}
}

// orderOf reads the body of an order, and writes it as the query that its token
// signs.
func orderOf(r *http.Request) (order map[string]string, query string, ok bool) {
	order = map[string]string{}
	in := json.NewDecoder(r.Body)
	if token, err := in.Token(); err != nil || token != json.Delim('{') {
		return nil, "", false
	}
	for in.More() {
		name, nameErr := in.Token()
		value, valueErr := in.Token()
		key, isText := name.(string)
		text, isTextToo := value.(string)
		if nameErr != nil || valueErr != nil || !isText || !isTextToo {
			return nil, "", false
		}
		order[key] = text
		query = strings.TrimPrefix(query+"&"+key+"="+url.QueryEscape(text), "&")
	}
	return order, query, true
}
