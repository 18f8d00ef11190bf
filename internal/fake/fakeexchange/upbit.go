package fakeexchange

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Permissions of Upbit's keys that the calls here need.
const (
	ViewAccounts    = "view_accounts"
	ViewOrders      = "view_orders"
	MakeOrders      = "make_orders"
	ViewWithdrawals = "view_withdrawals"
)

// Upbit is a fake of https://api.upbit.com. By default its keys can read the
// account, and read and make orders.
type Upbit struct {
	AccessKey, SecretKey string

	mu sync.Mutex
	common
	upbitMarket
	accounts  map[string]string // currency → balance
	locked    map[string]string // currency → amount in orders
	orders    []map[string]any
	prices    map[string]tick // by market
	scopes    map[string]bool
	expired   bool
	foreignIP bool
	nonces    map[string]bool
	quotation limiter
	exchange  limiter
}

// NewUpbit returns an exchange whose account holds only won.
func NewUpbit() *Upbit {
	return &Upbit{
		AccessKey: Key()[:40], SecretKey: Key()[:40], upbitMarket: newUpbitMarket(),
		accounts: map[string]string{"KRW": "1000000.0"}, locked: map[string]string{}, prices: map[string]tick{},
		scopes: map[string]bool{ViewAccounts: true, ViewOrders: true, MakeOrders: true}, nonces: map[string]bool{},
		quotation: limiter{limit: 10, window: time.Second}, exchange: limiter{limit: 30, window: time.Second},
	}
}

func (u *Upbit) set(change func()) { u.mu.Lock(); defer u.mu.Unlock(); change() }

// Fail answers every call with a fault; nil removes it.
func (u *Upbit) Fail(f *Fault) { u.set(func() { u.fault = f }) }

// Delay delays every answer.
func (u *Upbit) Delay(d time.Duration) { u.set(func() { u.delay = d }) }

// ShiftClock shifts the exchange's clock.
func (u *Upbit) ShiftClock(d time.Duration) { u.set(func() { u.offset = d }) }

// SetBalance sets the balance of a currency.
func (u *Upbit) SetBalance(currency, balance string) {
	u.set(func() { u.accounts[currency] = balance })
}

// Permit adds or removes a permission of the keys.
func (u *Upbit) Permit(scope string, on bool) { u.set(func() { u.scopes[scope] = on }) }

// ExpireKeys marks the keys as expired, or as valid.
func (u *Upbit) ExpireKeys(on bool) { u.set(func() { u.expired = on }) }

// ForeignIP removes this machine's address from the keys' allow list.
func (u *Upbit) ForeignIP(on bool) { u.set(func() { u.foreignIP = on }) }

// Limit sets the number of calls per window of time, for each group.
func (u *Upbit) Limit(calls int, window time.Duration) {
	u.set(func() {
		u.quotation, u.exchange = limiter{limit: calls, window: window}, limiter{limit: calls, window: window}
		u.groups = map[string]*limiter{}
	})
}

// ServeHTTP answers one call.
func (u *Upbit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	u.asked = append(u.asked, r.URL.Path)
	now := u.common
	u.mu.Unlock()
	if now.begin(w, r) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	group, limit := "exchange", &u.exchange
	if strings.HasPrefix(r.URL.Path, "/v1/ticker") {
		group, limit = "ticker", &u.quotation
	} else if name := publicGroups[r.URL.Path]; name != "" {
		group, limit = name, u.group(name)
	}
	status, retry := limit.take(1)
	w.Header().Set("Remaining-Req", fmt.Sprintf("group=%s; min=1800; sec=%d", group, max(0, limit.limit-limit.used)))
	switch {
	case status == http.StatusTeapot:
		u.refuse(w, status, "", fmt.Sprintf("blocked for %d seconds", retry))
		return
	case status != http.StatusOK:
		u.refuse(w, status, "too_many_requests", "Too many API requests.")
		return
	case r.URL.Path == "/v1/orders/test" && r.Method == http.MethodPost:
		u.testOrder(w, r)
		return
	case r.Method != http.MethodGet:
		u.refuse(w, http.StatusNotFound, "", "no Route matched with those values")
		return
	}
	switch r.URL.Path {
	case "/v1/ticker":
		u.ticker(w, r)
	case "/v1/market/all":
		u.sendMarkets(w, r)
	case "/v1/orderbook/instruments":
		u.instruments(w, r)
	case "/v1/api_keys":
		if u.authorized(w, r, "") {
			u.sendKeys(w, r)
		}
	case "/v1/orders/chance":
		if u.authorized(w, r, ViewOrders) {
			u.chance(w, r)
		}
	case "/v1/ticker/all":
		u.tickers(w, r)
	case "/v1/orders/open":
		if u.authorized(w, r, ViewOrders) {
			u.openOrders(w, r)
		}
	case "/v1/accounts":
		if u.authorized(w, r, ViewAccounts) {
			u.sendAccounts(w)
		}
	case "/v1/withdraws":
		if u.authorized(w, r, ViewWithdrawals) {
			u.serve(w, r.URL.Path, []any{})
		}
	default:
		u.refuse(w, http.StatusNotFound, "", "no Route matched with those values")
	}
}

func (u *Upbit) refuse(w http.ResponseWriter, status int, name, message string) {
	var n any = name
	if name == "" {
		n = status
	}
	send(w, status, map[string]any{"error": map[string]any{"name": n, "message": message}})
}

func (u *Upbit) sendAccounts(w http.ResponseWriter) {
	accounts := []map[string]any{}
	for currency, balance := range u.accounts {
		accounts = append(accounts, map[string]any{
			"currency": currency, "balance": balance, "locked": cmp.Or(u.locked[currency], "0.0"),
			"avg_buy_price": "0", "avg_buy_price_modified": false, "unit_currency": "KRW",
		})
	}
	u.serve(w, "/v1/accounts", accounts)
}

// authorized checks the token as documented, and the permissions of its keys.
func (u *Upbit) authorized(w http.ResponseWriter, r *http.Request, scope string) bool {
	refuse := func(name, message string) bool {
		u.refuse(w, http.StatusUnauthorized, name, message)
		return false
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return refuse("jwt_verification", "no token")
	}
	claims, ok := u.verify(token)
	switch {
	case claims["access_key"] != u.AccessKey:
		return refuse("invalid_access_key", "잘못된 엑세스 키입니다.")
	case !ok:
		return refuse("jwt_verification", "Jwt 토큰 검증에 실패했습니다.")
	case claims["nonce"] == "" || claims["nonce"] == nil:
		return refuse("jwt_verification", "no nonce")
	case u.nonces[fmt.Sprint(claims["nonce"])]:
		return refuse("nonce_used", "이미 요청한 nonce값이 다시 사용되었습니다.")
	}
	u.nonces[fmt.Sprint(claims["nonce"])] = true
	if !hashed(r.URL.RawQuery, claims) {
		return refuse("invalid_query_payload", "Jwt의 query를 검증하는데 실패하였습니다.")
	}
	switch {
	case u.expired:
		return refuse("expired_access_key", "만료된 API 키입니다.")
	case u.foreignIP:
		return refuse("no_authorization_ip", "This is not a verified IP. ("+CallerIP+")")
	case scope != "" && !u.scopes[scope]:
		return refuse("out_of_scope", "권한이 부족합니다.")
	}
	return true
}

// verify checks the signature of a token.
func (u *Upbit) verify(token string) (claims map[string]any, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	var head struct{ Alg, Typ string }
	if !decode(parts[0], &head) || !decode(parts[1], &claims) {
		return nil, false
	}
	algorithm, known := map[string]func() hash.Hash{"HS256": sha256.New, "HS512": sha512.New}[head.Alg]
	if !known || head.Typ != "JWT" {
		return claims, false
	}
	mac := hmac.New(algorithm, []byte(u.SecretKey))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return claims, err == nil && hmac.Equal(signature, mac.Sum(nil))
}

func decode(part string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, into) == nil
}

// hashed reports whether a token signs the query of its request.
func hashed(query string, claims map[string]any) bool {
	if query == "" {
		return claims["query_hash"] == nil
	}
	plain, err := url.QueryUnescape(query)
	sum := sha512.Sum512([]byte(plain))
	algorithm := claims["query_hash_alg"]
	return err == nil && claims["query_hash"] == hex.EncodeToString(sum[:]) && (algorithm == nil || algorithm == "SHA512")
}
