// Package fakeexchange is Upbit and Binance for tests, benchmarks and the demo:
// the few calls that the preflight makes, refused with the real status and
// error code whenever the real exchanges' documentation says that they refuse.
package fakeexchange

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"
)

// Fault is an answer that is given in the place of every other.
type Fault struct {
	Status int
	Type   string // of the body; JSON when not given
	Body   string
}

// Maintenance is the page of a service that is down on purpose.
func Maintenance() Fault {
	return Fault{http.StatusServiceUnavailable, "text/html", "<html><body>The service is under maintenance. 서버 점검 중입니다.</body></html>"}
}

// Broken is the page of a service that has an error.
func Broken() Fault { return Fault{http.StatusInternalServerError, "text/html", "<h1>500</h1>"} }

// Firewall is what a firewall says to those whom it does not like.
func Firewall() Fault { return Fault{http.StatusForbidden, "text/html", "<h1>403 Forbidden</h1>"} }

// Restricted is the answer to callers from countries that are not served.
func Restricted() Fault {
	return Fault{http.StatusUnavailableForLegalReasons, "", `{"code":0,"msg":"Service unavailable from a restricted location"}`}
}

// Garbage is an answer that is no JSON.
func Garbage() Fault { return Fault{http.StatusOK, "", `{"hello": "I am a proxy"`} }

// Key returns keys as the exchanges make them: letters and digits.
func Key() string {
	const length = 64
	key := ""
	for len(key) < length {
		key += rand.Text()
	}
	return key[:length]
}

// common is what both exchanges have.
type common struct {
	fault  *Fault
	offset time.Duration
	delay  time.Duration
}

// now is the exchange's clock.
func (c common) now() time.Time { return time.Now().Add(c.offset) }

// begin delays the answer and, when there is a fault, gives it.
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
	w.WriteHeader(c.fault.Status)
	_, _ = w.Write([]byte(c.fault.Body))
	return true
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// limiter counts calls in a window of time, as both exchanges do: who goes on
// after the limit is banned.
type limiter struct {
	limit  int
	window time.Duration
	began  time.Time
	used   int
	beyond int // calls after the limit was reached
}

// patience is how many calls beyond the limit end in a ban.
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
