// Package checker runs checks and reports what they found: in metrics, in a
// summary for people, and in evidence that lets something start only when the
// system is ready.
//
// A [Check] looks at some targets and returns what it observed of each. The
// [Runner] executes the checks, the [Textfile] carries the outcome to Prometheus,
// and [Main] is the command that does both. The checker sends nothing to anyone:
// alerting is Prometheus's work. It knows no check, no site and no rule; the
// shipped checks are in the package checks, and yours can stand beside them.
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

// Check looks at something. Its methods are called from several goroutines, and
// Run must return when ctx is done. What breaks the spec (a reason that it does
// not declare, a target left out or not in Targets, a panic) becomes a failure with the reason
// [spec.InternalError].
type Check interface {
	Spec() spec.Spec
	// Targets returns what the check looks at: the values of the label
	// "target", in the order in which they are shown. Without targets the check
	// is skipped.
	Targets(Env) []string
	// Run observes every target: one pass, warn or fail for each. Of several
	// for one target the gravest counts.
	Run(context.Context, Env) []Observation
}

// Patient is a Check whose configuration bounds its duration, in place of its
// spec.
type Patient interface {
	Check
	MaxDuration(Env) time.Duration
}

// Expander is a Check that stands for others, as many as its section of
// preflight.yml declares. They run in its place.
type Expander interface {
	Check
	Expand(Env) []Check
}

// Versioned is a Check that looks at the checkout of the system. The evidence of
// a run names the commit that is checked out there.
type Versioned interface {
	Check
	// Checkout returns a folder of the checkout; "" when there is none to look
	// at.
	Checkout(Env) string
}

// Status is the outcome of a check or of one of its targets: pass, warn, fail,
// or skip for what was not executed.
type Status string

// The statuses. Of a check's targets the gravest decides: fail, then warn.
const (
	Pass Status = spec.Pass
	Warn Status = spec.Warn
	Fail Status = spec.Fail
	Skip Status = spec.Skip
)

// Observation is the finding of a check about one target.
type Observation struct {
	Target string
	// Status is pass, warn or fail; skip only for what was not looked at.
	Status Status
	// Reason is one of the spec's when the target warns or fails.
	Reason string
	// Detail is for people: no secret, and never a label.
	Detail string
	// Latency is the time that the target took to answer, connecting included; 0
	// when it was not asked or did not answer.
	Latency time.Duration
	// Commit is what is checked out, from a check that looks at that.
	Commit string
}

// Passed returns the observation that all is well.
func Passed(target, detail string) Observation {
	return Observation{Target: target, Status: Pass, Detail: detail}
}

// Failed returns the observation that a target is not fit.
func Failed(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Fail, Reason: reason, Detail: detail}
}

// Warned returns the observation that a target works but is not as it should be.
func Warned(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Warn, Reason: reason, Detail: detail}
}

// judge completes what a check returned into a result that keeps to its spec:
// every target has one observation, the gravest of those that the check made of
// it, and every problem a reason of the closed set. An observation of a target
// that the check did not announce is a failure of the check.
func judge(s spec.Spec, targets []string, observed []Observation) []Observation {
	reasons := s.AllReasons()
	out := make([]Observation, 0, len(targets))
	at := make(map[string]int, len(targets)) // where out has the target
	for _, target := range targets {
		if _, twice := at[target]; !twice {
			at[target] = len(out)
			out = append(out, Failed(target, spec.InternalError, "the check said nothing about it"))
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

// keptTo returns an observation that keeps to the statuses and reasons that
// there are.
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

// undeclared returns the failure of a check that observed something else than
// its targets.
func undeclared(o Observation) Observation {
	detail := fmt.Sprintf("the check observed it (%s), and Targets does not list it", o.Status)
	if o.Detail != "" {
		detail += ": " + o.Detail
	}
	return Failed(printable(o.Target), spec.InternalError, detail)
}

// graver reports whether a decides over b, an observation of the same target.
func graver(a, b Observation) bool {
	rank := []Status{Pass, Warn, Fail}
	return slices.Index(rank, a.Status) > slices.Index(rank, b.Status)
}

// printable keeps what a server answered from driving the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// worst returns the status of a check whose targets have these.
func worst(observed []Observation) Status {
	status := Pass
	for _, s := range []Status{Warn, Fail} {
		if slices.ContainsFunc(observed, func(o Observation) bool { return o.Status == s }) {
			status = s
		}
	}
	return status
}
