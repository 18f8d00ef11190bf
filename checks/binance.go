package checks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// binance calls Binance's API for spot trading, which
// https://developers.binance.com documents.
type binance struct {
	exchange
	client *http.Client
}

// binanceFutures calls the API for USDⓈ-M futures.
type binanceFutures struct{ binance }

// recvWindow is the maximum age of a signed call on arrival.
const recvWindow = 5 * time.Second

func (b binance) clock(ctx context.Context) (clockReading, error) {
	// The server of the time stays up during maintenance.
	maintained := make(chan error, 1)
	go func() { maintained <- b.maintained(ctx) }()
	reading, err := b.time(ctx, "/api/v3/time")
	if m := <-maintained; err == nil {
		err = m
	}
	return reading, err
}

func (b binanceFutures) clock(ctx context.Context) (clockReading, error) {
	return b.time(ctx, "/fapi/v1/time")
}

func (b binance) time(ctx context.Context, path string) (clockReading, error) {
	a, err := b.get(ctx, path, "")
	if err != nil {
		return clockReading{}, err
	}
	var body struct {
		ServerTime int64 `json:"serverTime"`
	}
	if json.Unmarshal(a.body, &body) != nil || body.ServerTime <= 0 {
		return clockReading{}, unreadable("the time")
	}
	return clockReading{server: time.UnixMilli(body.ServerTime), precision: time.Millisecond + a.spread, local: a.asked}, nil
}

// maintained checks the system status, which test networks lack.
func (b binance) maintained(ctx context.Context) error {
	a, err := b.get(ctx, "/sapi/v1/system/status", "")
	if a.status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	var body struct {
		Status *int `json:"status"`
	}
	switch {
	case json.Unmarshal(a.body, &body) != nil || body.Status == nil:
		return unreadable("the status of the system")
	case *body.Status != 0:
		return rejection{"maintenance", "the exchange reports maintenance"}
	}
	return nil
}

func (b binance) holdings(ctx context.Context) ([]holding, error) {
	a, err := b.get(ctx, "/api/v3/account", b.sign("omitZeroBalances=true"))
	if err != nil {
		return nil, err
	}
	var account struct {
		Balances []struct {
			Asset  string `json:"asset"`
			Free   string `json:"free"`
			Locked string `json:"locked"`
		} `json:"balances"`
	}
	if json.Unmarshal(a.body, &account) != nil || account.Balances == nil {
		return nil, unreadable("the account")
	}
	var held []holding
	for _, c := range account.Balances {
		amount, err := sum(c.Free, c.Locked)
		if err != nil || c.Asset == "" {
			return nil, unreadable("the account")
		}
		held = append(held, holding{c.Asset, amount})
	}
	return held, nil
}

func (b binanceFutures) holdings(ctx context.Context) ([]holding, error) {
	a, err := b.get(ctx, "/fapi/v3/positionRisk", b.sign(""))
	if err != nil {
		return nil, err
	}
	var positions []struct {
		Symbol string `json:"symbol"`
		Amount string `json:"positionAmt"`
	}
	if json.Unmarshal(a.body, &positions) != nil || positions == nil {
		return nil, unreadable("the positions")
	}
	var held []holding
	for _, p := range positions {
		amount, err := sum(p.Amount)
		if err != nil || p.Symbol == "" {
			return nil, unreadable("the positions")
		}
		held = append(held, holding{p.Symbol, amount})
	}
	return held, nil
}

// get makes a public call without a query, or a signed one.
func (b binance) get(ctx context.Context, path, query string) (answer, error) {
	return b.call(ctx, path, query, query != "")
}

// public makes a public call.
func (b binance) public(ctx context.Context, path, query string) (answer, error) {
	return b.call(ctx, path, query, false)
}

func (b binance) call(ctx context.Context, path, query string, signed bool) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(b.BaseURL+path, query), nil)
	if err != nil {
		return answer{}, err
	}
	if signed {
		req.Header.Set("X-MBX-APIKEY", b.AccessKey)
	}
	a, err := ask(b.client, req)
	if err != nil {
		return answer{}, err
	}
	if err := b.denied(a, signed); err != nil {
		return a, err
	}
	return a, a.rejected()
}

// sign adds the time and the signature to a query.
func (b binance) sign(query string) string {
	if query != "" {
		query += "&"
	}
	query += "recvWindow=" + strconv.FormatInt(recvWindow.Milliseconds(), 10) + "&timestamp=" + strconv.FormatInt(time.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(b.SecretKey))
	mac.Write([]byte(query))
	return query + "&signature=" + hex.EncodeToString(mac.Sum(nil))
}

// denied maps Binance's error codes to reasons. Most belong to signed calls
// only.
func (b binance) denied(a answer, signed bool) error {
	var body struct {
		Code int `json:"code"`
	}
	if a.status == http.StatusOK || json.Unmarshal(a.body, &body) != nil {
		return nil
	}
	detail := fmt.Sprintf("Binance answers %d", body.Code)
	switch {
	case body.Code == -1016: // SERVICE_SHUTTING_DOWN
		return rejection{"maintenance", detail}
	case !signed:
		return nil
	}
	switch body.Code {
	case -1021: // INVALID_TIMESTAMP
		return rejection{"clock_skew", detail}
	case -1022, -2008, -2014: // INVALID_SIGNATURE, BAD_API_ID, BAD_API_KEY_FMT
		return rejection{"auth_failed", detail}
	case -1002, -2015: // UNAUTHORIZED, REJECTED_MBX_KEY
		return rejection{"auth_failed", detail + ": the key, its list of addresses or its permissions" + a.caller()}
	}
	return nil
}
