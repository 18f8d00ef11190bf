package fakeexchange_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// get calls a handler and returns its answer.
func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func sign(secret, query string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(query))
	return query + "&signature=" + hex.EncodeToString(mac.Sum(nil))
}

// The example is from Binance's documentation.
func TestBinanceSignature(t *testing.T) {
	t.Parallel()
	const secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
	const query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
	if got := sign(secret, query); !strings.HasSuffix(got, "&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71") {
		t.Error(got)
	}
}

func TestBinanceRefuses(t *testing.T) {
	t.Parallel()
	b := fakeexchange.NewBinance()
	at := func(d time.Duration) string { return fmt.Sprintf("timestamp=%d", time.Now().Add(d).UnixMilli()) }
	for _, tt := range []struct {
		name, path, query, key string
		status, code           int
	}{
		{"nothing", "/api/v3/account", sign(b.APISecret, at(0)), b.APIKey, 200, 0},
		{"no path that it has", "/api/v3/nosuch", "", "", 404, 0},
		{"no key", "/api/v3/account", sign(b.APISecret, at(0)), "", 401, -2014},
		{"another key", "/api/v3/account", sign(b.APISecret, at(0)), fakeexchange.Key(), 401, -2015},
		{"no time", "/fapi/v3/positionRisk", sign(b.APISecret, "recvWindow=5000"), b.APIKey, 400, -1102},
		{"no signature", "/fapi/v3/positionRisk", at(0), b.APIKey, 400, -1102},
		{"another signature", "/fapi/v3/positionRisk", sign("other", at(0)), b.APIKey, 400, -1022},
		{"what was added after signing", "/fapi/v3/positionRisk", strings.Replace(sign(b.APISecret, at(0)), "&signature", "&symbol=X&signature", 1), b.APIKey, 400, -1022},
		{"a call of the past", "/api/v3/account", sign(b.APISecret, at(-6*time.Second)), b.APIKey, 400, -1021},
		{"a call from the future", "/api/v3/account", sign(b.APISecret, at(3*time.Second)), b.APIKey, 400, -1021},
		{"a parameter that it does not have", "/fapi/v3/balance", sign(b.APISecret, "symbol=X&"+at(0)), b.APIKey, 400, -1104},
		{"a parameter of another call", "/api/v3/time", "symbol=X", "", 400, -1104},
		{"no symbol", "/api/v3/avgPrice", "", "", 400, -1121},
		{"a call that is no GET", "/sapi/v3/asset/getUserAsset", sign(b.APISecret, at(0)), b.APIKey, 405, -1000},
		{"orders of an isolated account without its symbol", "/sapi/v1/margin/openOrders", sign(b.APISecret, "isIsolated=TRUE&"+at(0)), b.APIKey, 400, -1102},
		{"an account that does not exist", "/sapi/v1/margin/isolated/account", sign(b.APISecret, at(0)), b.APIKey, 400, -11001},
		{"a parameter that the call does not have", "/fapi/v1/accountConfig", sign(b.APISecret, "symbol=BTCUSDT&"+at(0)), b.APIKey, 400, -1104},
		{"a filter that futures do not have", "/fapi/v1/exchangeInfo", "symbol=BTCUSDT", "", 400, -1104},
		{"an unknown symbol", "/api/v3/exchangeInfo", "symbols=%5B%22BTCUSDT%22,%22NOSUCH%22%5D", "", 400, -1121},
		{"no list of symbols", "/api/v3/exchangeInfo", "symbols=BTCUSDT", "", 400, -1100},
		{"delistings without a key", "/sapi/v1/spot/delist-schedule", "", "", 401, -2014},
		{"settings of an unknown symbol", "/fapi/v1/symbolConfig", sign(b.APISecret, "symbol=NOSUCH&"+at(0)), b.APIKey, 400, -1121},
		{"a window too wide", "/api/v3/account", sign(b.APISecret, at(0)+"&recvWindow=60001"), b.APIKey, 400, -1131},
	} {
		w := get(b, tt.path+"?"+tt.query, "X-MBX-APIKEY", tt.key)
		var body struct{ Code int }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != tt.status || body.Code != tt.code {
			t.Errorf("%s: %d %s, want %d and %d", tt.name, w.Code, w.Body, tt.status, tt.code)
		}
	}
}

func TestBinanceCountsWeight(t *testing.T) {
	t.Parallel()
	b := fakeexchange.NewBinance()
	b.Limit(2, time.Hour)
	var got []int
	for range 7 {
		w := get(b, "/api/v3/time")
		got = append(got, w.Code)
		if w.Code != 200 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%d without a time to retry", w.Code)
		}
	}
	if fmt.Sprint(got) != "[200 200 429 429 429 418 418]" {
		t.Errorf("%v", got)
	}
	if w := get(b, "/fapi/v1/time"); w.Code != 200 || w.Header().Get("X-MBX-USED-WEIGHT-1M") != "1" {
		t.Errorf("futures have a limit of their own: %d %v", w.Code, w.Header())
	}
}

func TestUpbitRefuses(t *testing.T) {
	t.Parallel()
	u := fakeexchange.NewUpbit()
	u.Permit(fakeexchange.ViewWithdrawals, true)
	token := func(method jwt.SigningMethod, secret string, claims jwt.MapClaims) string {
		text, err := jwt.NewWithClaims(method, claims).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + text
	}
	sum := sha512.Sum512([]byte("limit=1"))
	hash := hex.EncodeToString(sum[:])
	for _, tt := range []struct {
		name, target, token string
		status              int
		errorName           string
	}{
		{"nothing", "/v1/accounts", token(jwt.SigningMethodHS256, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "1"}), 200, ""},
		{"nothing, of the other algorithm", "/v1/accounts", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "2"}), 200, ""},
		{"a nonce again", "/v1/accounts", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "2"}), 401, "nonce_used"},
		{"no nonce", "/v1/accounts", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey}), 401, "jwt_verification"},
		{"no token", "/v1/accounts", "", 401, "jwt_verification"},
		{"another key", "/v1/accounts", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": "other", "nonce": "3"}), 401, "invalid_access_key"},
		{"another signature", "/v1/accounts", token(jwt.SigningMethodHS512, "other", jwt.MapClaims{"access_key": u.AccessKey, "nonce": "4"}), 401, "jwt_verification"},
		{"an algorithm it does not take", "/v1/accounts", token(jwt.SigningMethodHS384, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "5"}), 401, "jwt_verification"},
		{"a query that is not signed", "/v1/withdraws?limit=1", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "6"}), 401, "invalid_query_payload"},
		{"another query", "/v1/withdraws?limit=2", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "7", "query_hash": hash, "query_hash_alg": "SHA512"}), 401, "invalid_query_payload"},
		{"nothing, with the query signed", "/v1/withdraws?limit=1", token(jwt.SigningMethodHS512, u.SecretKey, jwt.MapClaims{"access_key": u.AccessKey, "nonce": "8", "query_hash": hash, "query_hash_alg": "SHA512"}), 200, ""},
	} {
		w := get(u, tt.target, "Authorization", tt.token)
		var body struct{ Error struct{ Name string } }
		_ = json.Unmarshal(w.Body.Bytes(), &body)
		if w.Code != tt.status || body.Error.Name != tt.errorName {
			t.Errorf("%s: %d %s, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.errorName)
		}
	}
	for i, query := range []string{"state=wait&states[]=watch", "limit=101", "page=0", "order=asc"} {
		sum := sha512.Sum512([]byte(query))
		claims := jwt.MapClaims{"access_key": u.AccessKey, "nonce": fmt.Sprint("orders", i), "query_hash": hex.EncodeToString(sum[:])}
		if w := get(u, "/v1/orders/open?"+query, "Authorization", token(jwt.SigningMethodHS512, u.SecretKey, claims)); w.Code != 400 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	if w := get(u, "/v1/ticker/all"); w.Code != 400 {
		t.Errorf("tickers without a currency: %d", w.Code)
	}
	for target, status := range map[string]int{
		"/v1/ticker?markets=KRW-BTC,KRW-OLD": 404, "/v1/ticker?markets=KRW-BTC,KRW-ETH": 200,
		"/v1/orderbook/instruments": 400, "/v1/orderbook/instruments?markets=KRW-OLD": 404,
		"/v1/orders/chance?market=KRW-BTC": 401, "/v1/api_keys": 401, "/v1/orders/test": 404,
	} {
		if w := get(u, target); w.Code != status {
			t.Errorf("%s: %d %s, want %d", target, w.Code, w.Body, status)
		}
	}
	if w := get(u, "/v1/ticker"); w.Code != 400 {
		t.Errorf("a ticker without markets: %d", w.Code)
	}
}
