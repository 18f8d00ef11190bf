package promcheck

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/alertnative/preflight/internal/lint/suggest"
)

// recorded holds the types of recorded series by name.
type recorded struct {
	mu    sync.RWMutex
	types map[string]Type
	names *suggest.Index // of the types; nil after a change
}

func newRecorded() *recorded { return &recorded{types: map[string]Type{}} }

func (r *recorded) get(name string) (Type, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t, ok := r.types[name]
	return t, ok
}

// number matches the parts of a name that distinguish windows and versions.
var number = regexp.MustCompile(`[0-9]+[a-z]*`)

// near returns the recorded name, quoted, of which a name with a colon is a
// slip, or "". Names that differ in a number are different records.
func (r *recorded) near(name string) string {
	if !strings.Contains(name, ":") {
		return ""
	}
	r.mu.Lock()
	if r.names == nil {
		r.names = suggest.NewIndex(slices.DeleteFunc(slices.Sorted(maps.Keys(r.types)), func(n string) bool { return !strings.Contains(n, ":") }))
	}
	names := r.names
	r.mu.Unlock()
	if !names.Slip(name) {
		return ""
	}
	near := names.Nearest(name)
	if !slices.Equal(number.FindAllString(strings.Trim(near, `"`), -1), number.FindAllString(name, -1)) {
		return ""
	}
	return near
}

// Define adds a recorded series. If several rules record it, its type has
// the common properties.
func (c *Checker) Define(name string, t Type) {
	c.recorded.mu.Lock()
	defer c.recorded.mu.Unlock()
	if before, ok := c.recorded.types[name]; ok {
		t = before.or(t)
	}
	c.recorded.types[name], c.recorded.names = t, nil
}

// Forget removes all defined series, and returns a checker that keeps them.
func (c *Checker) Forget() *Checker {
	before := *c
	c.recorded = newRecorded()
	return &before
}
