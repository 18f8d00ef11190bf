package mutate

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/alertnative/preflight/finding"
)

// Codes of the findings of mutation. docs/explanation/proofs.md explains each.
const (
	Survivor   finding.Code = "MU001" // no test notices the mutant
	StaleWaive finding.Code = "MU002" // a waiver names no surviving mutant
	FalseWaive finding.Code = "MU003" // a waived mutant is not equivalent
	TooWaived  finding.Code = "MU004" // more mutants are waived than allowed
)

// Survived returns the finding for a surviving mutant: its place and the
// change.
func (m Mutant) Survived() finding.Finding {
	reason := fmt.Sprintf("%s: no test fails with %q in its place", m.Kind, m.To)
	if m.To == "" {
		reason = fmt.Sprintf("%s: no test fails without it", m.Kind)
	}
	return m.finding(Survivor, reason)
}

// Unnoticed returns a finding for each mutant that no test notices and no waiver
// excuses, each rule or route without a test, and each wrong waiver.
func Unnoticed(outcomes []Outcome, waivers map[RuleID][]finding.Equivalent) []finding.Finding {
	out := slices.DeleteFunc(Waive(outcomes, waivers), func(f finding.Finding) bool { return f.Code == TooWaived }) // that counts all rules
	for _, o := range outcomes {
		if o.By == nil && o.Waived == "" && o.Tested && !o.Others {
			out = append(out, o.Survived())
		}
	}
	for _, id := range Count(outcomes).Untested {
		out = append(out, finding.Finding{Code: Survivor, Where: id.String(), Reason: "no test or promise covers it"})
	}
	return out
}

func (m Mutant) finding(code finding.Code, reason string) finding.Finding {
	return finding.Finding{Code: code, Where: fmt.Sprintf("%s, %s", m.Of, m.Field), Text: m.Text, From: int(m.Pos.Start), To: int(m.Pos.End), Reason: reason}
}

// Tally counts the mutants of rules with a test.
type Tally struct{ Mutants, Killed, Waived int }

// Score returns the share of killed mutants among those that are not waived, in
// percent. It is 100 if there are none.
func (t Tally) Score() float64 {
	if t.Mutants == t.Waived {
		return 100
	}
	return 100 * float64(t.Killed) / float64(t.Mutants-t.Waived)
}

// Survivors returns the number of mutants that no test notices and no waiver
// excuses.
func (t Tally) Survivors() int { return t.Mutants - t.Killed - t.Waived }

// Result is the sum of outcomes.
type Result struct {
	All      Tally
	Rules    []RuleID // rules with a test, in order
	ByRule   map[RuleID]Tally
	Untested []RuleID
	Others   Tally // mistakes in parts that other people wrote, which All leaves out
}

// Count adds up the outcomes.
func Count(outcomes []Outcome) Result {
	r := Result{ByRule: map[RuleID]Tally{}}
	for i, o := range outcomes {
		first := i == 0 || o.Of != outcomes[i-1].Of
		if o.Others {
			r.Others.add(o)
			continue
		}
		if !o.Tested {
			if first {
				r.Untested = append(r.Untested, o.Of)
			}
			continue
		}
		if first {
			r.Rules = append(r.Rules, o.Of)
		}
		t := r.ByRule[o.Of]
		t.add(o)
		r.ByRule[o.Of] = t
		r.All.add(o)
	}
	return r
}

func (t *Tally) add(o Outcome) {
	t.Mutants++
	switch {
	case o.By != nil:
		t.Killed++
	case o.Waived != "":
		t.Waived++
	}
}

// Print writes the survivors, one line per rule, the total, and the rules
// without a test.
func (r Result) Print(w io.Writer, outcomes []Outcome, took time.Duration) {
	for _, o := range outcomes {
		if o.Tested && o.By == nil && o.Waived == "" && !o.Others {
			fmt.Fprintln(w, o.Survived())
		}
	}
	fmt.Fprintf(w, "%7s %7s %9s %7s  %s\n", "mutants", "killed", "survived", "waived", "of")
	line := func(t Tally, name string) {
		fmt.Fprintf(w, "%7d %7d %9d %7d  %s\n", t.Mutants, t.Killed, t.Survivors(), t.Waived, finding.Line(name))
	}
	for _, id := range r.Rules {
		line(r.ByRule[id], id.String())
	}
	line(r.All, "all")
	for _, id := range r.Untested {
		fmt.Fprintf(w, "no test: %s\n", finding.Line(id.String()))
	}
	if r.Others.Mutants > 0 {
		fmt.Fprintf(w, "of other people: promises notice %d of %d mistakes in Routing.YAML\n", r.Others.Killed, r.Others.Mutants)
	}
	fmt.Fprintf(w, "score %.1f %%, %d of %d %s have a test, in %s\n",
		r.All.Score(), len(r.Rules), len(r.Rules)+len(r.Untested), r.Noun(), took.Round(10*time.Millisecond))
}

// Noun returns the kinds of mutated definitions: "rules", or "rules and
// routes".
func (r Result) Noun() string {
	if slices.ContainsFunc(slices.Concat(r.Rules, r.Untested), func(id RuleID) bool { return id.Kind == Routing }) {
		return "rules and routes"
	}
	return "rules"
}
