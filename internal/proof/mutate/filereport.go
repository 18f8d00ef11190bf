package mutate

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/finding"
)

// FileReport is the result for rule files and tests of other people.
type FileReport struct {
	outcomes []Outcome
	Wrong    []finding.Finding // wrong waivers
	baseline *Baseline
}

// NewFileReport returns the report of outcomes. A baseline, unless nil, has the
// known survivors.
func NewFileReport(outcomes []Outcome, wrong []finding.Finding, known *Baseline) FileReport {
	return FileReport{outcomes, wrong, known}
}

// FileTally counts the mutants of rules with a test. ByHand are the mutants that
// a test of a person notices, Pinned those that only a suggested test notices.
type FileTally struct{ Mutants, ByHand, Pinned, Waived, Undecided int }

func (t *FileTally) add(o Outcome) {
	t.Mutants++
	switch {
	case o.Pinned:
		t.Pinned++
	case o.By != nil:
		t.ByHand++
	case o.Waived != "":
		t.Waived++
	case o.Undecided:
		t.Undecided++
	}
}

// Survivors returns the number of mutants that some world distinguishes from their rule,
// and no test notices.
func (t FileTally) Survivors() int { return t.Mutants - t.ByHand - t.Pinned - t.Waived - t.Undecided }

// Score returns the share of noticed mutants in percent. Waived and undecided
// mutants do not count.
func (t FileTally) Score() float64 { return t.share(t.ByHand + t.Pinned) }

// share returns a number of noticed mutants in percent.
func (t FileTally) share(noticed int) float64 {
	counted := t.Mutants - t.Waived - t.Undecided
	if counted == 0 {
		return 100
	}
	return 100 * float64(noticed) / float64(counted)
}

// Total returns the sum over all rules.
func (r FileReport) Total() FileTally {
	var t FileTally
	for _, o := range r.outcomes {
		if o.Tested {
			t.add(o)
		}
	}
	return t
}

// Untested returns the rules without a test.
func (r FileReport) Untested() []RuleID { return Count(r.outcomes).Untested }

// survivors returns the mutants that no test notices.
func (r FileReport) survivors() []Outcome {
	return slices.DeleteFunc(slices.Clone(r.outcomes), func(o Outcome) bool { return !o.survives() })
}

// survives reports whether the mutant is a gap in the tests.
func (o Outcome) survives() bool {
	return o.Tested && o.By == nil && o.Waived == "" && !o.Undecided
}

// Fresh returns the survivors that the baseline lacks, or all without one.
func (r FileReport) Fresh() []Outcome {
	list := r.survivors()
	if r.baseline != nil {
		return r.baseline.fresh(list)
	}
	return list
}

// Findings returns the fresh survivors and the wrong waivers with their places
// in the files.
func (r FileReport) Findings() []finding.Finding {
	out := slices.Clone(r.Wrong)
	lines := map[string][]byte{}
	for _, o := range r.Fresh() {
		f := o.Survived()
		f.File, f.Line = shown(o.Of.File), lineOf(lines, o.Of)
		out = append(out, f)
	}
	return out
}

// lineOf returns the line of a rule's name in its file, or 0.
func lineOf(files map[string][]byte, id RuleID) int {
	if _, ok := files[id.File]; !ok {
		files[id.File], _ = os.ReadFile(id.File) // without the text there is no line
	}
	re, err := regexp.Compile(`(alert|record)["']?:\s*["']?` + regexp.QuoteMeta(id.Name) + `["']?\s*(\n|$|#|,|\})`)
	if err != nil {
		return 0
	}
	at := re.FindIndex(files[id.File])
	if at == nil {
		return 0
	}
	return 1 + strings.Count(string(files[id.File][:at[0]]), "\n")
}

// Print writes the fresh survivors by rule and kind, a line for each rule, and
// the score. Without a rule there is no score.
func (r FileReport) Print(w io.Writer, took time.Duration) {
	for _, f := range r.Wrong {
		fmt.Fprintln(w, f)
	}
	if len(r.outcomes) == 0 {
		return
	}
	list := r.Fresh()
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(o Outcome) bool { return o.Of != list[0].Of })
		if n < 0 {
			n = len(list)
		}
		printRule(w, list[:n])
		list = list[n:]
	}
	r.undecided(w)
	r.table(w)
	t := r.Total()
	rules := Count(r.outcomes)
	fmt.Fprintf(w, "score %.1f %% (%.1f %% by hand), %d of %d rules have a test, in %s\n", t.Score(), t.share(t.ByHand), len(rules.Rules), len(rules.Rules)+len(rules.Untested), took.Round(10*time.Millisecond))
}

// printRule writes the survivors of one rule, a line for each kind.
func printRule(w io.Writer, list []Outcome) {
	noun := "mistakes"
	if len(list) == 1 {
		noun = "mistake"
	}
	fmt.Fprintf(w, "%s: %s: no test notices %d %s:\n", shown(list[0].Of.File), list[0].Of, len(list), noun)
	printKinds(w, list)
}

// undecided writes the mutants that no world distinguishes from their rule.
func (r FileReport) undecided(w io.Writer) {
	list := slices.DeleteFunc(slices.Clone(r.outcomes), func(o Outcome) bool { return !o.Tested || !o.Undecided || o.Waived != "" })
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "undecided: no test notices these changes, and no random world shows a difference. They may mean the same:\n")
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(o Outcome) bool { return o.Of != list[0].Of })
		if n < 0 {
			n = len(list)
		}
		fmt.Fprintf(w, "  %s\n", list[0].Of)
		printKinds(w, list[:n])
		list = list[n:]
	}
}

// printKinds writes mutants, those of a kind together.
func printKinds(w io.Writer, list []Outcome) {
	var kinds []string
	texts := map[string][]string{}
	for _, o := range list {
		if texts[o.Kind] == nil {
			kinds = append(kinds, o.Kind)
		}
		texts[o.Kind] = append(texts[o.Kind], o.Name()+o.around())
	}
	for _, k := range kinds {
		fmt.Fprintf(w, "    %-12s %s\n", k, strings.Join(texts[k], "\n                 "))
	}
}

// around returns the text before the change, if the part holds the changed text
// more than once.
func (m Mutant) around() string {
	if m.Field != "expr" || strings.Count(m.Text, m.From) < 2 {
		return ""
	}
	start, end := int(m.Pos.Start), min(int(m.Pos.End), len(m.Text))
	if start >= end {
		return ""
	}
	clean := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	before, after := clean(m.Text[:start]), clean(m.Text[end:])
	if r := []rune(before); len(r) > 30 {
		before = "…" + string(r[len(r)-30:])
	}
	if r := []rune(after); len(r) > 12 {
		after = string(r[:12]) + "…"
	}
	return fmt.Sprintf("   (%s»%s«%s)", before, clean(m.Text[start:end]), after)
}

// table writes the numbers of each rule.
func (r FileReport) table(w io.Writer) {
	fmt.Fprintf(w, "%7s %7s %7s %8s %9s %7s  %s\n", "mutants", "by hand", "pinned", "survived", "undecided", "waived", "of")
	line := func(t FileTally, name string) {
		fmt.Fprintf(w, "%7d %7d %7d %8d %9d %7d  %s\n", t.Mutants, t.ByHand, t.Pinned, t.Survivors(), t.Undecided, t.Waived, name)
	}
	var t FileTally
	for i, o := range r.outcomes {
		if o.Tested {
			t.add(o)
		}
		if i+1 == len(r.outcomes) || r.outcomes[i+1].Of != o.Of {
			if o.Tested {
				line(t, o.Of.String())
			}
			t = FileTally{}
		}
	}
	line(r.Total(), "all")
	for _, id := range r.Untested() {
		fmt.Fprintf(w, "no test: %s\n", id)
	}
}
