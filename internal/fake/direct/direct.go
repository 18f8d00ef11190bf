// Package direct calls an HTTP handler without a network, so that tests can run in
// fake time.
package direct

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

var errDropped = errors.New("connection reset by peer")

// Client returns a client whose calls a handler answers.
func Client(h http.Handler) *http.Client { return &http.Client{Transport: handler{h}} }

type handler struct{ http.Handler }

// RoundTrip calls the handler. A dropped connection is an error.
func (h handler) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			resp, err = nil, errDropped
		}
	}()
	if r.Body != nil {
		defer r.Body.Close()
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}
