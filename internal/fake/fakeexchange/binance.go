package fakeexchange

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Binance is a fake of https://api.binance.com and https://fapi.binance.com
// together. By default its keys can read and trade but not withdraw.
type Binance struct {
	APIKey, APISecret string

	mu sync.Mutex
	common
	binanceMarket
	binanceAccount
	balances    map[string]string // asset → free
	positions   map[string]string // symbol → amount
	withdrawals bool
	unread      bool
	maintained  bool
	testnet     bool
	spot        limiter
	futures     limiter
}

// NewBinance returns an exchange whose account holds only tether.
func NewBinance() *Binance {
	return &Binance{
		APIKey: Key(), APISecret: Key(), binanceMarket: newBinanceMarket(), binanceAccount: newBinanceAccount(),
		balances: map[string]string{"USDT": "10000.00000000"}, positions: map[string]string{"BTCUSDT": "0.000"},
		spot: limiter{limit: 6000, window: time.Minute}, futures: limiter{limit: 2400, window: time.Minute},
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
		b.spot, b.futures = limiter{limit: weight, window: window}, limiter{limit: weight, window: window}
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
	now := b.common
	b.mu.Unlock()
	if now.begin(w, r) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c, known := calls[r.URL.Path]
	q, takesQuery := queries[r.URL.Path]
	if takesQuery {
		c, known = q.call, true
	}
	if !known || b.testnet && strings.HasPrefix(r.URL.Path, "/sapi/") {
		send(w, http.StatusNotFound, map[string]any{"timestamp": b.now().UnixMilli(), "status": 404, "error": "Not Found", "path": r.URL.Path})
		return
	}
	limit := &b.spot
	if strings.HasPrefix(r.URL.Path, "/fapi/") {
		limit = &b.futures
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
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, -1000, "Request method is not supported.")
	case !c.signed && !takesQuery && r.URL.RawQuery != "":
		refuse(w, http.StatusBadRequest, -1101, "Too many parameters; expected '0' and received '1'.")
	case c.signed && !b.authorized(w, r):
	case takesQuery:
		q.answer(b, w, r)
	default:
		send(w, http.StatusOK, c.serve(b))
	}
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

func (b *Binance) account() any {
	balances := []map[string]string{}
	for asset, free := range b.balances {
		balances = append(balances, map[string]string{"asset": asset, "free": free, "locked": "0.00000000"})
	}
	return map[string]any{"canTrade": !b.locked, "canWithdraw": true, "canDeposit": true, "accountType": "SPOT", "balances": balances, "permissions": []string{"SPOT", "TRD_GRP_004"}}
}

func (b *Binance) positionRisk() any {
	positions := []map[string]string{}
	for symbol, amount := range b.positions {
		positions = append(positions, map[string]string{"symbol": symbol, "positionSide": "BOTH", "positionAmt": amount, "entryPrice": "0.0", "notional": "0"})
	}
	return positions
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
	case key != b.APIKey || b.unread || b.restricted["enableFutures"] == false && strings.HasPrefix(r.URL.Path, "/fapi/"):
		return no(http.StatusUnauthorized, -2015, "Invalid API-key, IP, or permissions for action, request ip: "+CallerIP)
	case signature != hex.EncodeToString(mac.Sum(nil)):
		return no(http.StatusBadRequest, -1022, "Signature for this request is not valid.")
	}
	return true
}
