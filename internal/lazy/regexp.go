// Package lazy puts off work that a program may not need.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns a function that compiles a regular expression at its first
// call. A run of the checker needs few of its expressions, and its start would
// pay for all. A mistake in the expression panics then.
func Regexp(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
