package fakebot

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/web"
)

// answer is the body of every response.
type answer struct {
	OK          bool        `json:"ok"`
	Result      any         `json:"result,omitempty"`
	ErrorCode   int         `json:"error_code,omitempty"`
	Description string      `json:"description,omitempty"`
	Parameters  *parameters `json:"parameters,omitempty"`

	injected bool // see [Call]
}

type parameters struct {
	RetryAfter      int   `json:"retry_after,omitempty"`
	MigrateToChatID int64 `json:"migrate_to_chat_id,omitempty"`
}

func refuse(code int, description string) answer {
	return answer{ErrorCode: code, Description: description}
}

func badRequest(description string) answer {
	return refuse(http.StatusBadRequest, "Bad Request: "+description)
}

// ServeHTTP answers one call: POST or GET /bot<token>/<method>.
func (b *Bot) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.serve(w, r, b.Fault) }

// ServeFault answers one call with the given fault instead of an injected one.
func (b *Bot) ServeFault(w http.ResponseWriter, r *http.Request, f Fault) {
	b.serve(w, r, func(string, int64) Fault { return f })
}

func (b *Bot) serve(w http.ResponseWriter, r *http.Request, faultOf func(method string, chat int64) Fault) {
	path, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, slash := strings.Cut(path, "/")
	switch {
	case !ok || !slash || !strings.Contains(token, ":"):
		b.send(w, Call{At: time.Now()}, refuse(http.StatusNotFound, "Not Found"), Fault{})
		return
	case token != b.token:
		b.send(w, Call{At: time.Now()}, refuse(http.StatusUnauthorized, "Unauthorized"), Fault{})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil { // the request is incomplete: it is not a call
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	fields, problem := fieldsOf(r)
	chat, _ := strconv.ParseInt(fields["chat_id"], 10, 64)
	fault := faultOf(method, chat)
	web.Pause(r.Context(), fault.Delay)
	call := Call{Method: method, Chat: chat, At: time.Now()}
	switch {
	case problem != "":
		b.send(w, call, badRequest(problem), fault)
		return
	case fault.RetryAfter > 0:
		b.send(w, call, tooMany(fault.RetryAfter), Fault{})
		return
	case fault.Replaces():
		b.send(w, call, answer{}, fault)
		return
	}
	a := b.call(method, chat, fields)
	call.Applied = a.OK && !reads(method)
	web.Pause(r.Context(), fault.Late)
	b.send(w, call, a, fault)
}

// send sends the answer, or carries out the fault.
func (b *Bot) send(w http.ResponseWriter, c Call, a answer, f Fault) {
	body, err := json.Marshal(a)
	if err != nil {
		panic(err) // answers are always valid JSON
	}
	c.Status, c.Error, c.Injected = http.StatusOK, a.Description, a.injected
	if !a.OK {
		c.Status = a.ErrorCode
	}
	w.Header().Set("Content-Type", "application/json")
	b.Answer(w, c, body, f)
}

// fieldsOf reads the parameters of a call in each encoding that Telegram
// accepts.
func fieldsOf(r *http.Request) (map[string]string, string) {
	fields := map[string]string{}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		var body map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return fields, "can't parse request JSON object"
		}
		for name, raw := range body {
			text := string(raw)
			if s, err := strconv.Unquote(text); err == nil {
				text = s
			}
			var s string
			if json.Unmarshal(raw, &s) == nil {
				text = s
			}
			fields[name] = text
		}
		return fields, ""
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return fields, "can't parse request"
	}
	for name, values := range r.Form {
		fields[name] = values[0]
	}
	return fields, ""
}
