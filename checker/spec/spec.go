// Package spec describes checks: their descriptions, the reasons for failures,
// and the metrics of a checker. It links no code that runs checks, so
// definitions of alerts can import it.
package spec

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Spec describes a check before it runs.
type Spec struct {
	Name         string        // "Order Book": value of the label "check"
	Looks        string        // description in one line
	Network      bool          // the check needs --real-check
	AtGate       bool          // the gate runs the check again before it starts a command
	Timeout      time.Duration // timeout of the check; 0 means 30s
	Reasons      []Reason
	Translations map[string]Translation // by language: "ko"
	// Latencies are histograms of the response times of targets, in addition to
	// the metrics of every check.
	Latencies []Latency
	// Sections are the keys of preflight.yml that this check shares with other
	// checks, in addition to its own section.
	Sections []string
}

// Reason is a reason for which a target warns or fails.
type Reason struct {
	Name    string // in snake_case: value of the label "reason"
	Meaning string // what was observed
	Remedy  string // how to fix it
}

// Latency describes the latency histogram of one target.
type Latency struct {
	Target string // target of the check
	Metric string // the metric's name after NAMESPACE_preflight_; it ends in _seconds
	Help   string
	Probe  bool // the time of the target's write probe, not of its answer
}

// InternalError is the reason of a check that panicked or broke its spec. Every
// check has it.
const InternalError = "internal_error"

// AllReasons returns the reasons of the check and InternalError.
func (s Spec) AllReasons() []Reason {
	return append(slices.Clone(s.Reasons), Reason{
		InternalError, "the check itself broke", "report it with the evidence file: nothing is known about the target",
	})
}

// Section returns the key of the check's section in preflight.yml: its name in
// snake_case, such as "order_book".
func (s Spec) Section() string {
	word := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return strings.ToLower(strings.Join(strings.FieldsFunc(s.Name, word), "_"))
}

// LiveEnvs is the key of preflight.yml that lists the live environments, which
// trade for real.
const LiveEnvs = "live_envs"

// DefaultLive is the live environment of a preflight.yml without live_envs.
const DefaultLive = "live"

// Envs is the key of preflight.yml that lists the environments that do not trade
// for real.
const Envs = "envs"

// Gate is the key of preflight.yml with the settings of the gate.
const Gate = "gate"

// EnvFileFormat is the key of preflight.yml with the format of the .env files.
const EnvFileFormat = "env_file_format"

// OwnKeys returns the keys of preflight.yml that belong to no check.
func OwnKeys() []string { return []string{Envs, LiveEnvs, EnvFileFormat, Gate} }

// Sections returns the valid keys of a preflight.yml for these checks: the
// checker's own, shared ones, and the section of each check.
func Sections(specs ...Spec) []string {
	keys := OwnKeys()
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
