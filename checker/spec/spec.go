// Package spec describes checks: what each looks at, the reasons for which a
// target can be wrong, and the metrics that a checker of these checks emits. It
// links nothing that runs, so definitions of alerts can import it.
package spec

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Spec describes a check before it runs.
type Spec struct {
	Name         string        // "Order Book": the value of the label "check"
	Looks        string        // one line: what it looks at
	Network      bool          // it needs --real-check
	Timeout      time.Duration // bounds a run of the check; 30s when zero
	Reasons      []Reason
	Translations map[string]Translation // by language: "ko"
	// Latencies are histograms of the time that targets of this check take to
	// answer, beside the metrics that every check has.
	Latencies []Latency
	// Sections are the keys of preflight.yml that this check reads and shares
	// with other checks, beside its own section.
	Sections []string
}

// Reason is one way in which a target can be wrong.
type Reason struct {
	Name    string // in snake_case: the value of the label "reason"
	Meaning string // what was observed
	Remedy  string // what to do about it
}

// Latency describes a histogram of the latency of one target.
type Latency struct {
	Target string // of the check
	Metric string // the metric's name after NAMESPACE_preflight_; it ends in _seconds
	Help   string
}

// InternalError is the reason of a check that panicked or broke its own spec.
// Every check can have it.
const InternalError = "internal_error"

// AllReasons returns the reasons of the check and InternalError.
func (s Spec) AllReasons() []Reason {
	return append(slices.Clone(s.Reasons), Reason{
		InternalError, "the check itself broke", "report it with the evidence file: nothing is known about the target",
	})
}

// Section returns the key of the check's section in preflight.yml: its name in
// snake_case, as "order_book".
func (s Spec) Section() string {
	word := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return strings.ToLower(strings.Join(strings.FieldsFunc(s.Name, word), "_"))
}

// LiveEnvs is the key of preflight.yml that names the environments that trade
// for real.
const LiveEnvs = "live_envs"

// Sections returns the keys that a preflight.yml for these checks can have: the
// checker's own, those that checks share, and the section of each check.
func Sections(specs ...Spec) []string {
	keys := []string{LiveEnvs}
	add := func(key string) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, s := range specs {
		for _, key := range s.Sections {
			add(key)
		}
	}
	for _, s := range specs {
		add(s.Section())
	}
	return keys
}
