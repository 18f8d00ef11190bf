package checks

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// upbit calls Upbit's API, which https://docs.upbit.com documents.
type upbit struct {
	exchange
	client *http.Client
}

func (u upbit) clock(ctx context.Context) (clockReading, error) {
	const market = "KRW-BTC"
	a, err := u.get(ctx, "/v1/ticker", "markets="+market, false)
	if err != nil {
		return clockReading{}, err
	}
	var tickers []upbitTicker
	if err := a.decode("the ticker", &tickers); err != nil {
		return clockReading{}, err
	}
	if len(tickers) != 1 || tickers[0].Market != market {
		return clockReading{}, badAnswer("the ticker", errors.New("is not that of "+market))
	}
	// Upbit has no call for the time. The header Date has whole seconds.
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return clockReading{}, badAnswer("the header Date", errors.New("is no time"))
	}
	return clockReading{
		server: date.Add(time.Second / 2), precision: time.Second/2 + a.spread, local: a.asked,
		ticker: time.UnixMilli(tickers[0].Timestamp),
	}, nil
}

// get makes one call. The signature covers the query as it is sent.
func (u upbit) get(ctx context.Context, path, query string, signed bool) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(u.BaseURL+path, query), nil)
	if err != nil {
		return answer{}, err
	}
	return u.call(req, query, signed)
}

// call makes one call. The signature covers a query.
func (u upbit) call(req *http.Request, query string, signed bool) (answer, error) {
	req.Header.Set("Accept", "application/json")
	if signed {
		token, err := u.token(query)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := ask(u.client, req)
	if err != nil {
		return answer{}, err
	}
	if err := u.denied(a, signed); err != nil {
		return a, err
	}
	return a, a.rejected()
}

func (u upbit) token(query string) (string, error) {
	claims := jwt.MapClaims{"access_key": u.AccessKey, "nonce": uuid.NewString()}
	if query != "" {
		hash := sha512.Sum512([]byte(query))
		claims["query_hash"], claims["query_hash_alg"] = hex.EncodeToString(hash[:]), "SHA512"
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS512, claims).SignedString([]byte(u.SecretKey))
}

// denied maps the error names of signed calls to reasons.
func (u upbit) denied(a answer, signed bool) error {
	name := upbitError(a)
	detail := "Upbit answers " + name
	reason, ok := map[string]string{
		"jwt_verification": "auth_failed", "invalid_access_key": "auth_failed", "invalid_query_payload": "auth_failed", "nonce_used": "auth_failed",
		"expired_access_key":  "key_expired",
		"no_authorization_ip": "ip_not_allowed", "no_authorization_i_p": "ip_not_allowed",
		"out_of_scope": "missing_permission",
	}[name]
	if !signed || !ok {
		return a.says(name != "", detail)
	}
	if reason == "ip_not_allowed" {
		detail += a.caller()
	}
	return rejection{reason, detail}
}

// upbitError returns the name of the error in an answer, or "".
func upbitError(a answer) string {
	var body struct {
		Error struct {
			Name any `json:"name"` // some are numbers
		} `json:"error"`
	}
	if a.status/100 == 2 || json.Unmarshal(a.body, &body) != nil {
		return ""
	}
	name, _ := body.Error.Name.(string)
	return name
}
