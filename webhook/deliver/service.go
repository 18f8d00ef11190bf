package deliver

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/webhook/transport"
)

// Rates limit the rate of calls.
type Rates = transport.Rates

// service is the state that all chats of a transport share.
type service struct {
	paces  *paces
	global *rate.Limiter
	edits  *editRate
}

func newService(r Rates) *service {
	s := &service{paces: newPaces(), global: rate.NewLimiter(rate.Inf, 1), edits: &editRate{most: r.Edits}}
	if r.Global > 0 {
		s.global = rate.NewLimiter(rate.Limit(r.Global), 1)
	}
	return s
}

// editRate keeps the rate of edits. New messages do not wait for it.
type editRate struct {
	most int // edits a minute; 0 for any number

	mu      sync.Mutex
	edits   []time.Time // the latest, oldest first
	limited time.Time   // the end of the wait that the service asked for
}

// begin notes an edit that is about to be made.
func (e *editRate) begin(now time.Time) {
	if e.most == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.edits = append(slices.Clone(e.edits[max(0, len(e.edits)-e.most+1):]), now)
}

// limit stores until when the service asked to wait.
func (e *editRate) limit(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limited = until
}

// next returns the time at which the next edit may be made.
func (e *editRate) next(now time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := later(now, e.limited)
	if n := len(e.edits); e.most > 0 && n >= e.most {
		at = later(at, e.edits[n-e.most].Add(time.Minute))
	}
	return at
}
