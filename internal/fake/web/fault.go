package web

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Fault is a failure of the next matching calls.
type Fault[C comparable] struct {
	Method string // method of the calls; "" for those that write
	Chat   C      // chat of the calls; the zero value for any
	Times  int    // number of calls; 0 for one

	Delay      time.Duration // delay before the call is handled
	Late       time.Duration // delay of the answer, after the call is carried out
	Drop       bool          // close the connection instead of answering
	AfterApply bool          // carry out the call before the failure
	Half       bool          // send only half of the answer
	Chunked    bool          // send the answer in chunks, without its length
	Status     int           // answer with this status and Body
	Body       string
	RetryAfter int // answer 429 with this many seconds
}

// Replaces reports whether the fault answers instead of the service.
func (f Fault[C]) Replaces() bool { return (f.Drop || f.Status != 0) && !f.AfterApply }

// Inject adds faults. Each call takes the oldest matching fault.
func (l *Log[C]) Inject(faults ...Fault[C]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		l.faults = append(l.faults, &f)
	}
}

// ClearFaults removes the remaining faults.
func (l *Log[C]) ClearFaults() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = nil
}

// Fault removes and returns the fault for a call.
func (l *Log[C]) Fault(method string, chat C) Fault[C] {
	l.mu.Lock()
	defer l.mu.Unlock()
	var anyChat C
	for i, f := range l.faults {
		if f.Method != method && (f.Method != "" || l.reads(method)) || f.Chat != anyChat && f.Chat != chat {
			continue
		}
		if f.Times--; f.Times == 0 {
			l.faults = append(l.faults[:i], l.faults[i+1:]...)
		}
		return *f
	}
	return Fault[C]{}
}

// Pause returns after a time, or when the caller has gone.
func Pause(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Answer records a call and sends its answer, or carries out the fault. The headers
// of w are those of the answer.
func (l *Log[C]) Answer(w http.ResponseWriter, call Call[C], body []byte, f Fault[C]) {
	call.Injected = call.Injected || f.Drop || f.Status != 0
	switch {
	case f.Drop:
		call.Status = 0
	case f.Status != 0:
		call.Status, body = f.Status, []byte(f.Body)
	}
	l.record(call)
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if !f.Chunked {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(call.Status)
	half := len(body) / 2
	_, _ = w.Write(body[:half])
	if f.Chunked || f.Half {
		_ = http.NewResponseController(w).Flush() // ends a chunk, and sends half an answer
	}
	if f.Half {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body[half:])
}
