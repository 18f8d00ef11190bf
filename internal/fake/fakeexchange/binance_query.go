package fakeexchange

import (
	"net/http"
	"net/url"
	"slices"
)

// query is a call that takes parameters.
type query struct {
	call
	params []string
	serve  func(*Binance, url.Values) (body any, refused *refusal)
}

// refusal is an error of Binance.
type refusal struct {
	status, code int
	message      string
}

var (
	invalidSymbol    = &refusal{http.StatusBadRequest, -1121, "Invalid symbol."}
	missingParameter = &refusal{http.StatusBadRequest, -1102, "A mandatory parameter was not sent, was empty/null, or malformed."}
)

var queries = map[string]query{
	"/api/v3/exchangeInfo":          {call{weight: 20}, []string{"symbol", "symbols"}, (*Binance).spotInfo},
	"/api/v3/avgPrice":              {call{weight: 2}, []string{"symbol"}, (*Binance).averagePrice},
	"/fapi/v1/exchangeInfo":         {call{weight: 1}, nil, (*Binance).futuresInfo},
	"/fapi/v2/ticker/price":         {call{weight: 1}, []string{"symbol"}, (*Binance).futuresTicker},
	"/sapi/v1/spot/delist-schedule": {call{weight: 100, signed: true}, nil, (*Binance).delistSchedule},
	"/fapi/v1/accountConfig":        {call{weight: 5, signed: true}, nil, (*Binance).accountConfig},
	"/fapi/v1/symbolConfig":         {call{weight: 5, signed: true}, []string{"symbol"}, (*Binance).symbolConfig},
}

// answer serves the call. It refuses parameters that the call does not have.
func (q query) answer(b *Binance, w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	for name := range values {
		signing := q.signed && slices.Contains([]string{"timestamp", "recvWindow", "signature"}, name)
		if !signing && !slices.Contains(q.params, name) {
			refuse(w, http.StatusBadRequest, -1104, "Not all sent parameters were read.")
			return
		}
	}
	body, refused := q.serve(b, values)
	if refused != nil {
		refuse(w, refused.status, refused.code, refused.message)
		return
	}
	send(w, http.StatusOK, body)
}
