// Package fakeexchange is Upbit and Binance for tests, benchmarks and the demo:
// the few calls that the preflight makes, refused with the real status and
// error code whenever the real exchanges' documentation says that they refuse.
package fakeexchange

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Fault is an answer that is given in the place of every other.
type Fault struct {
	Status int
	Type   string // of the body; JSON when not given
	Body   string
}

// The faults that are not the fault of who calls.
func Maintenance() Fault {
	return Fault{http.StatusServiceUnavailable, "text/html", "<html><body>The service is under maintenance. 서버 점검 중입니다.</body></html>"}
}
func Broken() Fault   { return Fault{http.StatusInternalServerError, "text/html", "<h1>500</h1>"} }
func Firewall() Fault { return Fault{http.StatusForbidden, "text/html", "<h1>403 Forbidden</h1>"} }
func Restricted() Fault {
	return Fault{http.StatusUnavailableForLegalReasons, "", `{"code":0,"msg":"Service unavailable from a restricted location"}`}
}
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
func (c *common) now() time.Time { return time.Now().Add(c.offset) }

// begin delays the answer and, when there is a fault, gives it.
func (c *common) begin(w http.ResponseWriter, r *http.Request, fault *Fault, delay, offset time.Duration) (done bool) {
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	w.Header().Set("Date", time.Now().Add(offset).UTC().Format(http.TimeFormat))
	if fault == nil {
		return false
	}
	kind := fault.Type
	if kind == "" {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(fault.Status)
	_, _ = w.Write([]byte(fault.Body))
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

func seconds(n int) string { return strconv.Itoa(n) }
