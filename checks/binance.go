package checks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// binance calls Binance's API for spot trading, which
// https://developers.binance.com documents.
type binance struct {
	exchange
	client *http.Client
}

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

func (b binance) time(ctx context.Context, path string) (clockReading, error) {
	a, err := b.get(ctx, path, "")
	if err != nil {
		return clockReading{}, err
	}
	var body struct {
		ServerTime int64 `json:"serverTime"`
	}
	if err := a.decode("the time", &body); err != nil {
		return clockReading{}, err
	}
	if body.ServerTime <= 0 {
		return clockReading{}, badAnswer("the time", fmt.Errorf("serverTime is %d", body.ServerTime))
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
		Status int `json:"status"`
	}
	if err := a.decode("the status of the system", &body); err != nil {
		return err
	}
	if body.Status != 0 {
		return rejection{"maintenance", "the exchange reports maintenance"}
	}
	return nil
}

func (b binance) get(ctx context.Context, path, query string) (answer, error) {
	return b.call(ctx, http.MethodGet, path, query)
}

// call makes one call. A query from sign makes it a signed one.
func (b binance) call(ctx context.Context, method, path, query string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, address(b.BaseURL+path, query), nil)
	if err != nil {
		return answer{}, err
	}
	signed := strings.Contains(query, "&signature=")
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
	code := errorCode(a)
	detail := fmt.Sprintf("Binance answers %d", code)
	switch {
	case code == -1016: // SERVICE_SHUTTING_DOWN
		return rejection{"maintenance", detail}
	case !signed:
		return a.says(code != 0, detail)
	}
	switch code {
	case -1021: // INVALID_TIMESTAMP
		if strings.Contains(string(a.body), "ahead") {
			return rejection{"clock_skew", detail + ": this machine's clock is ahead"}
		}
		return rejection{"clock_skew", detail + ": this machine's clock is behind, or the call was slow"}
	case -1022, -2008, -2014: // INVALID_SIGNATURE, BAD_API_ID, BAD_API_KEY_FMT
		return rejection{"auth_failed", detail}
	case -1002, -2015: // UNAUTHORIZED, REJECTED_MBX_KEY
		return rejection{"auth_failed", detail + ": the key, its list of addresses or its permissions" + a.caller()}
	}
	return a.says(code != 0, detail)
}
