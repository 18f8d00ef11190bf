// Package checks finds out whether a system is ready to trade, and says so in
// metrics.
//
// A [Check] looks at some targets and says for each what it observed. The
// [Runner] executes the checks, the [Textfile] carries the outcome to
// Prometheus, and nothing here tells anybody anything: alerting is Prometheus's
// work.
package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/alertnative/preflight/metrics"
)

// Status is the outcome of a check or of one of its targets: pass, warn, fail,
// or skip for what was not executed.
type Status string

// The statuses. Of a check's targets the gravest decides: fail, then warn.
const (
	Pass Status = metrics.Pass
	Warn Status = metrics.Warn
	Fail Status = metrics.Fail
	Skip Status = metrics.Skip
)

// Reason is one way in which a target can be wrong. Its name is the value of
// the label "reason"; free text never is.
type Reason struct {
	Name    string // snake_case
	Meaning string // what was observed
	Remedy  string // what to do about it
}

// InternalError is the reason of a check that panicked or broke its own spec.
// Every check can have it.
const InternalError = "internal_error"

// Spec is what is known of a check before it runs.
type Spec struct {
	Name    string // "Database": the value of the label "check"
	Looks   string // one line: what it looks at
	Network bool   // it talks to something, so it needs --real-check
	Reasons []Reason
	Korean  Twin // optional
}

// AllReasons returns the reasons of the check, InternalError included.
func (s Spec) AllReasons() []Reason {
	return append(slices.Clone(s.Reasons), Reason{
		InternalError, "the check itself broke", "report it with the evidence file: nothing is known about the target",
	})
}

// Check looks at something. Its methods are called from several goroutines, and
// Run must return when ctx is done. What breaks the spec (a reason that it does
// not declare, a target left out, a panic) becomes a failure with the reason
// [InternalError].
type Check interface {
	Spec() Spec
	// Targets returns what the check looks at: the values of the label
	// "target", in the order in which they are shown.
	Targets() []string
	// Run observes every target: one pass, warn or fail for each.
	Run(ctx context.Context) []Observation
}

// Observation is what a check found out about one target.
type Observation struct {
	Target string
	// Status is pass, warn or fail; skip only for what was not looked at.
	Status Status
	// Reason is one of the spec's when the target warns or fails.
	Reason string
	// Detail is for people: no secret, and never a label.
	Detail string
	// Latency is how long the target took to answer, connecting included; 0
	// when it was not asked or did not answer.
	Latency time.Duration
	// Commit is what is checked out, of the check that looks at that.
	Commit string
}

// Passed is the observation that all is well.
func Passed(target, detail string) Observation {
	return Observation{Target: target, Status: Pass, Detail: detail}
}

// Failed is the observation that a target is not fit.
func Failed(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Fail, Reason: reason, Detail: detail}
}

// Warned is the observation that a target works but is not as it should be.
func Warned(target, reason, detail string) Observation {
	return Observation{Target: target, Status: Warn, Reason: reason, Detail: detail}
}

// Result is the outcome of one check.
type Result struct {
	Check        string
	Status       Status
	Why          string        // why it was skipped
	Observations []Observation // one for each target, in the check's order
	Duration     time.Duration
}

// Vocabulary returns what the labels of the checks' metrics can say.
func Vocabulary(specs ...Spec) metrics.Vocabulary {
	var v metrics.Vocabulary
	for _, s := range specs {
		v.Checks = append(v.Checks, s.Name)
		for _, r := range s.AllReasons() {
			v.Reasons = append(v.Reasons, r.Name)
		}
	}
	slices.Sort(v.Reasons)
	v.Reasons = slices.Compact(v.Reasons)
	return v
}

// judge completes what a check returned into a result that keeps to its spec:
// every target has one observation, every problem a reason of the closed set.
func judge(c Check, observed []Observation) []Observation {
	reasons := c.Spec().AllReasons()
	out := make([]Observation, 0, len(observed))
	for _, target := range c.Targets() {
		i := slices.IndexFunc(observed, func(o Observation) bool { return o.Target == target })
		if i < 0 {
			out = append(out, Failed(target, InternalError, "the check said nothing about it"))
			continue
		}
		o := observed[i]
		o.Detail = printable(o.Detail)
		known := slices.ContainsFunc(reasons, func(r Reason) bool { return r.Name == o.Reason })
		switch {
		case o.Status == Pass:
			o.Reason = ""
		case o.Status != Warn && o.Status != Fail:
			o = Failed(target, InternalError, fmt.Sprintf("the check gave the unknown status %q", o.Status))
		case !known:
			o = Failed(target, InternalError, fmt.Sprintf("the check gave the undeclared reason %q: %s", o.Reason, o.Detail))
		}
		out = append(out, o)
	}
	return out
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

// worst is the status of a check whose targets have these.
func worst(observed []Observation) Status {
	status := Pass
	for _, s := range []Status{Warn, Fail} {
		if slices.ContainsFunc(observed, func(o Observation) bool { return o.Status == s }) {
			status = s
		}
	}
	return status
}
