package checker

import (
	"sync"
	"time"
)

// abandoned holds the checks that timed out and still run, because they ignore
// their context. The zero value is ready to use.
type abandoned struct {
	mu    sync.Mutex
	since map[string]time.Time // start of the check, by name
}

// running reports whether an abandoned check still runs.
func (a *abandoned) running(name string) (since time.Time, ok bool) {
	if a == nil {
		return time.Time{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	since, ok = a.since[name]
	return since, ok
}

// abandon adds a check, unless it has just returned.
func (a *abandoned) abandon(name string, began time.Time, done <-chan Result) bool {
	if a == nil {
		return len(done) == 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(done) > 0 {
		return false
	}
	if a.since == nil {
		a.since = map[string]time.Time{}
	}
	a.since[name] = began
	return true
}

// returned removes the check that started at that time.
func (a *abandoned) returned(name string, began time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since[name].Equal(began) {
		delete(a.since, name)
	}
}
