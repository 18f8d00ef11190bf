package fakeexchange

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Binance is a fake of https://api.binance.com, https://fapi.binance.com and
// https://dapi.binance.com together. By default its keys can read and trade but not withdraw.
type Binance struct {
	APIKey, APISecret string

	mu sync.Mutex
	common
	binanceMarket
	binanceSettings
	balances    map[string]string // asset → free
	positions   map[string]string // symbol → amount
	withdrawals bool
	unread      bool
	maintained  bool
	testnet     bool
	spot        limiter
	futures     limiter
	coin        limiter
	books       books
	query       url.Values // of the call that is served
}

// NewBinance returns an exchange whose account holds only tether.
func NewBinance() *Binance {
	return &Binance{
		APIKey: Key(), APISecret: Key(), binanceMarket: newBinanceMarket(), binanceSettings: newBinanceSettings(),
		balances: map[string]string{"USDT": "10000.00000000"}, positions: map[string]string{"BTCUSDT": "0.000"},
		spot: limiter{limit: 6000, window: time.Minute}, futures: limiter{limit: 2400, window: time.Minute}, coin: limiter{limit: 2400, window: time.Minute},
		books: newBooks(),
	}
}

func (b *Binance) set(change func()) { b.mu.Lock(); defer b.mu.Unlock(); change() }

// Fail answers every call with a fault; nil removes it.
func (b *Binance) Fail(f *Fault) { b.set(func() { b.fault = f }) }

// Delay delays every answer.
func (b *Binance) Delay(d time.Duration) { b.set(func() { b.delay = d }) }

// ShiftClock shifts the exchange's clock.
func (b *Binance) ShiftClock(d time.Duration) { b.set(func() { b.offset = d }) }

// SetBalance sets the balance of an asset in the spot account.
func (b *Binance) SetBalance(asset, free string) { b.set(func() { b.balances[asset] = free }) }

// SetPosition sets the position in a futures contract; short ones are negative.
func (b *Binance) SetPosition(symbol, amount string) { b.set(func() { b.positions[symbol] = amount }) }

// PermitWithdrawals adds or removes the keys' permission to withdraw.
func (b *Binance) PermitWithdrawals(on bool) { b.set(func() { b.withdrawals = on }) }

// ForbidReading removes or restores the keys' permission to read.
func (b *Binance) ForbidReading(on bool) { b.set(func() { b.unread = on }) }

// Maintain starts or ends a maintenance that the system status reports.
func (b *Binance) Maintain(on bool) { b.set(func() { b.maintained = on }) }

// Testnet makes it a test network, which has no /sapi.
func (b *Binance) Testnet(on bool) { b.set(func() { b.testnet = on }) }

// Limit sets the weight limit per window of time, for each API.
func (b *Binance) Limit(weight int, window time.Duration) {
	b.set(func() {
		b.spot = limiter{limit: weight, window: window}
		b.futures, b.coin = b.spot, b.spot
	})
}

// call describes a path of the API.
type call struct {
	weight int
	signed bool
	serve  func(*Binance) any
}

var calls = map[string]call{
	"/api/v3/time":                     {1, false, (*Binance).time},
	"/fapi/v1/time":                    {1, false, (*Binance).time},
	"/sapi/v1/system/status":           {1, false, (*Binance).status},
	"/api/v3/account":                  {20, true, (*Binance).account},
	"/sapi/v1/account/apiRestrictions": {1, true, (*Binance).restrictions},
	"/fapi/v3/positionRisk":            {5, true, (*Binance).positionRisk},
}

// ServeHTTP answers one call.
func (b *Binance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, r.URL.Path)
	now := b.common
	b.mu.Unlock()
	if now.begin(w, r) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c, known := calls[r.URL.Path]
	if !known || b.testnet && strings.HasPrefix(r.URL.Path, "/sapi/") {
		send(w, http.StatusNotFound, map[string]any{"timestamp": b.now().UnixMilli(), "status": 404, "error": "Not Found", "path": r.URL.Path})
		return
	}
	limit := &b.spot
	switch strings.SplitN(r.URL.Path, "/", 3)[1] {
	case "fapi":
		limit = &b.futures
	case "dapi":
		limit = &b.coin
	}
	status, retry := limit.take(c.weight)
	w.Header().Set("X-MBX-USED-WEIGHT-1M", strconv.Itoa(limit.used))
	switch {
	case status == http.StatusTeapot:
		w.Header().Set("Retry-After", strconv.Itoa(retry))
		until := b.now().Add(time.Duration(retry) * time.Second).UnixMilli()
		refuse(w, status, -1003, fmt.Sprintf("Way too much request weight used; IP banned until %d.", until))
	case status != http.StatusOK:
		w.Header().Set("Retry-After", strconv.Itoa(retry))
		refuse(w, status, -1003, fmt.Sprintf("Too much request weight used; current limit is %d request weight per 1 MINUTE.", limit.limit))
	case r.Method != cmp.Or(methods[r.URL.Path], http.MethodGet):
		refuse(w, http.StatusMethodNotAllowed, -1000, "Request method is not supported.")
	case unknown(r.URL, c.signed) != "":
		refuse(w, http.StatusBadRequest, -1104, "Not all sent parameters were read; unknown: "+unknown(r.URL, c.signed))
	case c.signed && !b.authorized(w, r):
	case b.books.refused[r.URL.Path] == -2015:
		refuse(w, http.StatusUnauthorized, -2015, "Invalid API-key, IP, or permissions for action.")
	case b.books.refused[r.URL.Path] != 0:
		refuse(w, http.StatusBadRequest, b.books.refused[r.URL.Path], "This action is disabled on this account.")
	default:
		b.query = r.URL.Query()
		body := c.serve(b)
		if no, ok := body.(refusal); ok && b.answers[r.URL.Path] == "" {
			refuse(w, http.StatusBadRequest, no.code, no.message)
			return
		}
		b.serve(w, r.URL.Path, body)
	}
}

// refusal is the result of a call that refuses its parameters.
type refusal struct {
	code    int
	message string
}

// unknown returns a parameter that a call does not have, or "".
func unknown(u *url.URL, signed bool) string {
	known := parameters[u.Path]
	if signed {
		known = append([]string{"timestamp", "recvWindow", "signature"}, known...)
	}
	for parameter := range u.Query() {
		if !slices.Contains(known, parameter) {
			return parameter
		}
	}
	return ""
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	send(w, status, map[string]any{"code": code, "msg": message})
}

func (b *Binance) time() any { return map[string]any{"serverTime": b.now().UnixMilli()} }

func (b *Binance) status() any {
	if b.maintained {
		return map[string]any{"status": 1, "msg": "system_maintenance"}
	}
	return map[string]any{"status": 0, "msg": "normal"}
}

// authorized checks the signature as documented, and the permissions of the
// keys.
func (b *Binance) authorized(w http.ResponseWriter, r *http.Request) bool {
	no := func(status, code int, message string) bool {
		refuse(w, status, code, message)
		return false
	}
	key := r.Header.Get("X-MBX-APIKEY")
	signedPart, signature, isSigned := strings.Cut(r.URL.RawQuery, "&signature=")
	query, queryErr := url.ParseQuery(signedPart)
	timestamp, timeErr := strconv.ParseInt(query.Get("timestamp"), 10, 64)
	window, windowErr := strconv.Atoi(cmp.Or(query.Get("recvWindow"), "5000"))
	now := b.now().UnixMilli()
	mac := hmac.New(sha256.New, []byte(b.APISecret))
	mac.Write([]byte(signedPart))
	switch {
	case queryErr != nil || windowErr != nil:
		return no(http.StatusBadRequest, -1100, "Illegal characters found in a parameter.")
	case len(key) != 64:
		return no(http.StatusUnauthorized, -2014, "API-key format invalid.")
	case timeErr != nil:
		return no(http.StatusBadRequest, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
	case !isSigned:
		return no(http.StatusBadRequest, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
	case window <= 0 || window > 60000:
		return no(http.StatusBadRequest, -1131, "recvWindow must be less than 60000.")
	case timestamp >= now+1000:
		return no(http.StatusBadRequest, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
	case now-timestamp > int64(window):
		return no(http.StatusBadRequest, -1021, "Timestamp for this request is outside of the recvWindow.")
	case key != b.APIKey || b.unread || b.restricted["enableFutures"] == false && !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/sapi/"):
		return no(http.StatusUnauthorized, -2015, "Invalid API-key, IP, or permissions for action, request ip: "+CallerIP)
	case signature != hex.EncodeToString(mac.Sum(nil)):
		return no(http.StatusBadRequest, -1022, "Signature for this request is not valid.")
	}
	return true
}
