// Package checker runs checks and reports their results as metrics, as a
// summary for people, and as evidence that lets a gate start a command only if
// the system is ready.
//
// A [Check] observes its targets. The [Runner] executes the checks, the
// [Textfile] passes the result to Prometheus, and [Main] is the complete
// command. The checker sends no notification: alerting is Prometheus's work. It
// contains no check, no site and no rule. The shipped checks are in package
// checks, and a program may add its own.
package checker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/alertnative/preflight/checker/spec"
)

// Check checks some targets. Its methods are called concurrently, and Run must
// return when ctx is done. A result that breaks the spec becomes a failure with
// the reason [spec.InternalError]: an undeclared reason, a missing or unknown
// target, a panic.
type Check interface {
	Spec() spec.Spec
	// Targets returns the values of the label "target", in the order in which
	// they are shown. A check without targets is skipped.
	Targets(Env) []string
	// Run returns one observation per target: pass, warn or fail. If a target
	// has several, the worst one counts.
	Run(context.Context, Env) []Observation
}

// Patient is a Check whose configuration sets its timeout instead of its spec.
type Patient interface {
	Check
	MaxDuration(Env) time.Duration
}

// Expander is a Check that is replaced by others, as its section of
// preflight.yml declares.
type Expander interface {
	Check
	Expand(Env) []Check
}

// Versioned is a Check of the system's checkout. The evidence of a run has the
// commit of that checkout.
type Versioned interface {
	Check
	// Checkout returns a folder of the checkout, or "" for none.
	Checkout(Env) string
}

// Status is the result of a check or a target: pass, warn, fail, or skip if it
// was not executed.
type Status string

// Statuses of checks and targets. A check has the worst status of its targets:
// fail, then warn.
const (
	Pass Status = spec.Pass
	Warn Status = spec.Warn
	Fail Status = spec.Fail
	Skip Status = spec.Skip
)

// Observation is the result of a check for one target.
type Observation struct {
	Target string
	// Status is pass, warn or fail, or skip for a target that was not checked.
	Status Status
	// Reason is one of the spec's reasons if the target warns or fails.
	Reason string
	// Detail is text for people. It must not hold a secret, and is never a
	// label.
	Detail string
	// Measured is the number that was compared with limits, if there is one.
	Measured *Measurement
	// Latency is the time until the target answered, connecting included. It is
	// 0 without an answer.
	Latency time.Duration
	// Probe is the time of the write probe, which Latency excludes. It is 0
	// without a probe.
	Probe time.Duration
	// Commit is the commit of the checkout, and Tree a digest of the content that
	// differs from it, from a Versioned check.
	Commit, Tree string
}

// Passed returns the observation of a target that passes.
func Passed(target, detail string) Observation {
	return Observation{Target: target, Status: Pass, Detail: detail}
}

// Failed returns the observation of a target that fails.
func Failed(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Fail, Reason: reason, Detail: detail}
}

// Warned returns the observation of a target that works but needs attention.
func Warned(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Warn, Reason: reason, Detail: detail}
}

// judge makes the observations of a check match its spec. Each target gets one
// observation, the worst one, and each problem a declared reason. An
// observation of an unknown target makes the check fail.
func judge(s spec.Spec, targets []string, observed []Observation) []Observation {
	reasons := s.AllReasons()
	out := make([]Observation, 0, len(targets))
	at := make(map[string]int, len(targets)) // index in out
	for _, target := range targets {
		if _, twice := at[target]; !twice {
			at[target] = len(out)
			out = append(out, Failed(target, spec.InternalError, "the check returned no observation of it"))
		}
	}
	seen := map[string]bool{}
	for _, o := range observed {
		i, known := at[o.Target]
		o = keptTo(reasons, o)
		switch {
		case !known:
			out = append(out, undeclared(o))
		case !seen[o.Target] || graver(o, out[i]):
			out[i] = o
		}
		seen[o.Target] = true
	}
	return out
}

// keptTo returns an observation with a valid status and reason.
func keptTo(reasons []spec.Reason, o Observation) Observation {
	o.Detail = printable(o.Detail)
	known := slices.ContainsFunc(reasons, func(r spec.Reason) bool { return r.Name == o.Reason })
	switch {
	case o.Status == Pass:
		o.Reason = ""
	case o.Status != Warn && o.Status != Fail:
		return Failed(o.Target, spec.InternalError, fmt.Sprintf("the check gave the unknown status %q", o.Status))
	case !known:
		return Failed(o.Target, spec.InternalError, fmt.Sprintf("the check gave the undeclared reason %q: %s", o.Reason, o.Detail))
	}
	return o
}

// undeclared returns the failure of a check that observed an unknown target.
func undeclared(o Observation) Observation {
	detail := fmt.Sprintf("the check observed it (%s), and Targets does not list it", o.Status)
	if o.Detail != "" {
		detail += ": " + o.Detail
	}
	return Failed(printable(o.Target), spec.InternalError, detail)
}

// graver reports whether observation a is worse than b.
func graver(a, b Observation) bool {
	rank := []Status{Pass, Warn, Fail}
	return slices.Index(rank, a.Status) > slices.Index(rank, b.Status)
}

// printable removes control characters from a server's text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// worst returns the status of a check with these observations.
func worst(observed []Observation) Status {
	status := Pass
	for _, s := range []Status{Warn, Fail} {
		if slices.ContainsFunc(observed, func(o Observation) bool { return o.Status == s }) {
			status = s
		}
	}
	return status
}
