package fakeslack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/web"
)

// answer is the body of every response.
type answer struct {
	OK      bool           `json:"ok"`
	Error   string         `json:"error,omitempty"`
	Channel any            `json:"channel,omitempty"` // its id, or what is known of it
	TS      string         `json:"ts,omitempty"`
	Text    string         `json:"text,omitempty"`
	Message map[string]any `json:"message,omitempty"`

	retryAfter int
	detail     string
	injected   bool // see [Call]
}

const rateLimited = "ratelimited"

func refuse(code string) answer { return answer{Error: code} }

// invalid refuses content for a reason that the tests see.
func invalid(code, detail string) answer { return answer{Error: code, detail: detail} }

func tooMany(seconds int) answer { return answer{Error: rateLimited, retryAfter: max(seconds, 1)} }

// ServeHTTP answers one call: POST /METHOD, below any path.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.serve(rw, r, w.Fault) }

// ServeFault answers one call with the given fault instead of an injected one.
func (w *Workspace) ServeFault(rw http.ResponseWriter, r *http.Request, f Fault) {
	w.serve(rw, r, func(string, string) Fault { return f })
}

func (w *Workspace) serve(rw http.ResponseWriter, r *http.Request, faultOf func(method, channel string) Fault) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // the request is incomplete: it is not a call
		panic(http.ErrAbortHandler)
	}
	fields, err := url.ParseQuery(string(body))
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	channel := fields.Get("channel")
	fault := faultOf(method, channel)
	web.Pause(r.Context(), fault.Delay)
	call := Call{Method: method, Chat: channel, At: time.Now()}
	switch {
	case err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		w.send(rw, call, refuse("invalid_form_data"), fault)
		return
	case fault.RetryAfter > 0:
		a := tooMany(fault.RetryAfter)
		a.injected = true
		w.send(rw, call, a, Fault{})
		return
	case fault.Replaces():
		w.send(rw, call, answer{}, fault)
		return
	}
	token := fields.Get("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	fields.Del("token")
	a := w.call(method, token, fields)
	call.Applied = a.OK && !reads(method)
	web.Pause(r.Context(), fault.Late)
	w.send(rw, call, a, fault)
}

// send sends the answer, or carries out the fault.
func (w *Workspace) send(rw http.ResponseWriter, c Call, a answer, f Fault) {
	body, err := json.Marshal(a)
	if err != nil {
		panic(err) // answers are always valid JSON
	}
	c.Status, c.Error, c.Detail, c.Injected = http.StatusOK, a.Error, a.detail, a.injected
	if a.retryAfter > 0 {
		c.Status = http.StatusTooManyRequests
		rw.Header().Set("Retry-After", strconv.Itoa(a.retryAfter))
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Answer(rw, c, body, f)
}
