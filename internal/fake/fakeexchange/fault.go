// Package fakeexchange fakes Upbit and Binance for tests, benchmarks and the
// demo. It serves the calls that the preflight makes. It refuses calls with the
// status and error code that the exchanges' documentation gives.
package fakeexchange

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"
)

// Fault is an answer that replaces every other answer.
type Fault struct {
	Status     int
	Type       string // content type of the body; JSON by default
	Body       string
	RetryAfter string // header, if any
}

// Maintenance returns the page of a service under maintenance.
func Maintenance() Fault {
	return Fault{Status: http.StatusServiceUnavailable, Type: "text/html", Body: "<html><body>The service is under maintenance. 서버 점검 중입니다.</body></html>"}
}

// Broken returns the page of a service with an internal error.
func Broken() Fault {
	return Fault{Status: http.StatusInternalServerError, Type: "text/html", Body: "<h1>500</h1>"}
}

// Firewall returns the page with which a firewall refuses a caller.
func Firewall() Fault {
	return Fault{Status: http.StatusForbidden, Type: "text/html", Body: "<h1>403 Forbidden</h1>"}
}

// Restricted returns the answer to callers from restricted countries.
func Restricted() Fault {
	return Fault{Status: http.StatusUnavailableForLegalReasons, Body: `{"code":0,"msg":"Service unavailable from a restricted location"}`}
}

// Garbage returns an answer that is not JSON.
func Garbage() Fault { return Fault{Status: http.StatusOK, Body: `{"hello": "I am a proxy"`} }

// Key returns a random key of letters and digits, as the exchanges make them.
func Key() string {
	const length = 64
	key := ""
	for len(key) < length {
		key += rand.Text()
	}
	return key[:length]
}

// common holds the state that both exchanges share.
type common struct {
	fault   *Fault
	offset  time.Duration
	delay   time.Duration
	asked   []string          // paths of all calls
	answers map[string]string // bodies that replace an answer of status 200, by path
}

// now returns the time of the exchange's clock.
func (c common) now() time.Time { return time.Now().Add(c.offset) }

// begin delays the answer. If there is a fault, it sends the fault and returns
// true.
func (c common) begin(w http.ResponseWriter, r *http.Request) (done bool) {
	if c.delay > 0 {
		timer := time.NewTimer(c.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	if c.fault == nil {
		return false
	}
	kind := c.fault.Type
	if kind == "" {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	if c.fault.RetryAfter != "" {
		w.Header().Set("Retry-After", c.fault.RetryAfter)
	}
	w.WriteHeader(c.fault.Status)
	_, _ = w.Write([]byte(c.fault.Body))
	return true
}

// serve sends an answer of status 200, or the body that replaces it.
func (c common) serve(w http.ResponseWriter, path string, body any) {
	if text, ok := c.answers[path]; ok {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		_, _ = w.Write([]byte(text))
		return
	}
	send(w, http.StatusOK, body)
}

// answer replaces the body of an answer of status 200; "" restores it.
func (c *common) answer(path, body string) {
	if c.answers == nil {
		c.answers = map[string]string{}
	}
	if c.answers[path] = body; body == "" {
		delete(c.answers, path)
	}
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// limiter counts calls in a window of time, as both exchanges do. A caller that
// continues after the limit is banned.
type limiter struct {
	limit  int
	window time.Duration
	began  time.Time
	used   int
	beyond int // calls after the limit
}

// patience is the number of calls beyond the limit that end in a ban.
const patience = 3

// take counts a call. retryAfter is in seconds.
func (l *limiter) take(weight int) (status, retryAfter int) {
	now := time.Now()
	if now.Sub(l.began) >= l.window {
		l.began, l.used, l.beyond = now, 0, 0
	}
	l.used += weight
	if l.used <= l.limit {
		return http.StatusOK, 0
	}
	l.beyond++
	retryAfter = max(1, int((l.window - now.Sub(l.began)).Seconds()))
	if l.beyond > patience {
		return http.StatusTeapot, 120
	}
	return http.StatusTooManyRequests, retryAfter
}
