package mutate

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/ruletest"
)

// Group is a rule group of a file.
type Group struct {
	File string
	rulefmt.RuleGroup
}

// Proof is a list of tests with the groups that they load.
type Proof struct {
	Suites []*ruletest.Suite
	Groups []Group
	// Of a file of tests: its path, the rule files that it loads, and its
	// group_eval_order.
	Path  string
	Loads []string
	Order []string
}

// Outcome is the result of testing a mutant.
type Outcome struct {
	Mutant
	// By is the expectation that the mutant breaks. It is nil if the mutant
	// survives.
	By fmt.Stringer
	// Waived is the reason of the waiver that excuses the mutant.
	Waived string
	// Pinned reports whether only a suggested test breaks, which no person has
	// read.
	Pinned bool
	// Undecided reports whether no random world distinguishes the surviving mutant from
	// its rule. It may be equivalent.
	Undecided bool
	told      bool // some random world distinguishes the mutant from its rule
	// Tested reports whether some test covers the rule.
	Tested bool
	// Others reports whether the mistake is in a part that other people wrote,
	// in Routing.YAML. The site relies only on what it promises of that part.
	Others bool

	routes *Routes // the routes of the mutant; nil for a mutant of a rule
}

// Progress is called with the number of mutants tried so far and the total.
type Progress func(done, total int)

// differs describes a case in which the mutant and the original differ, or
// returns "".
func (o Outcome) differs() string {
	if o.routes != nil {
		return o.routes.differs(o.Mutant)
	}
	return differs(o.Mutant)
}

// Score makes every mutant of the rules that mutable accepts, or of all rules
// if mutable is nil. It runs the proofs that can notice the mutant and returns
// the outcomes in the order of the rules. It calls progress, unless nil, after
// each mutant, from several goroutines.
//
// Score returns an error if a test fails on the original, a rule does not
// parse, or ctx is done. In the last case the outcomes are those so far.
func Score(ctx context.Context, proofs []Proof, mutable func(RuleID) bool, progress Progress) ([]Outcome, error) {
	judges := make([]*judge, len(proofs))
	for i, p := range proofs {
		judges[i] = newJudge(p)
	}
	for _, j := range judges {
		if j.Path != "" {
			continue // ReadFiles ran its tests
		}
		if err := baseline([]*judge{j}); err != nil {
			return nil, err
		}
	}
	out, err := untried(judges, mutable)
	if err != nil {
		return nil, err
	}
	var done atomic.Int64
	judged := make([]bool, len(out))
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range out {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			out[i].try(judges)
			judged[i] = true
			if progress != nil {
				progress(int(done.Add(1)), len(out))
			}
			return nil
		})
	}
	err = work.Wait()
	var known []Outcome
	for i, o := range out {
		if judged[i] {
			known = append(known, o)
		}
	}
	return known, err
}

// try runs the tests that can notice the mutant, the suggested ones last.
func (o *Outcome) try(judges []*judge) {
	for _, suggested := range []bool{false, true} {
		for _, j := range judges {
			if f := j.notices(o.Mutant, suggested); f != nil {
				o.By, o.Pinned = f, suggested
				return
			}
		}
	}
}

// untried returns every mutant, before a test has run.
func untried(judges []*judge, mutable func(RuleID) bool) ([]Outcome, error) {
	var out []Outcome
	seen := map[RuleID]bool{}
	for _, j := range judges {
		for _, r := range j.rules {
			if seen[r.id] || mutable != nil && !mutable(r.id) {
				continue
			}
			seen[r.id] = true
			tested := slices.ContainsFunc(judges, func(j *judge) bool { return j.tests(r.id) })
			mutants, err := Mutants(r.id, r.rule)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.id, err)
			}
			for _, m := range mutants {
				out = append(out, Outcome{Mutant: m, Tested: tested})
			}
		}
	}
	return out, nil
}

// baseline returns an error for the first test that fails on the original
// rules.
func baseline(judges []*judge) error {
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range judges {
		for _, s := range j.Suites {
			work.Go(func() error {
				if f := s.Run(j.groups(nil, nil), nil); f != nil {
					return fmt.Errorf("a test fails on the unchanged rules: %s%s", prefix(s.File), f)
				}
				return nil
			})
		}
	}
	return work.Wait()
}

func prefix(file string) string {
	if file == "" {
		return ""
	}
	return file + ": "
}

// located is a rule with its place.
type located struct {
	id    RuleID
	rule  rulefmt.Rule
	group int
}

// judge runs a proof on mutants. It holds the rules that can change the result
// of each case of each test.
type judge struct {
	Proof
	rules []located
	byID  map[RuleID]int
	reach [][]map[int]bool // by suite and case, alerts before expressions
	short *shortcut        // of a file of tests, else nil
}

func newJudge(p Proof) *judge {
	j := &judge{Proof: p, byID: map[RuleID]int{}}
	for g, group := range p.Groups {
		for i, r := range group.Rules {
			id := RuleID{group.File, group.Name, i, Alert, r.Alert}
			if r.Record != "" {
				id.Kind, id.Name = Record, r.Record
			}
			j.byID[id] = len(j.rules)
			j.rules = append(j.rules, located{id, r, g})
		}
	}
	known := map[string]map[int]bool{}
	memo := func(key string, of reading) map[int]bool {
		if known[key] == nil {
			known[key] = reachable(j.rules, of)
		}
		return known[key]
	}
	for _, s := range p.Suites {
		var cases []map[int]bool
		for _, c := range s.Alerts {
			cases = append(cases, memo("alert "+c.Alert, reading{alerts: []string{c.Alert}}))
		}
		for _, c := range s.Exprs {
			cases = append(cases, memo("expr "+c.Expr, reads(ruletest.NewParser(), c.Expr)))
		}
		j.reach = append(j.reach, cases)
	}
	if p.Path != "" {
		j.short = newShortcut(j)
	}
	return j
}

// tests reports whether some case covers the rule.
func (j *judge) tests(id RuleID) bool {
	at, ok := j.byID[id]
	return ok && slices.ContainsFunc(j.reach, func(cases []map[int]bool) bool {
		return slices.ContainsFunc(cases, func(reach map[int]bool) bool { return reach[at] })
	})
}

// notices returns the first expectation that the mutant breaks. It evaluates
// only the relevant rules, and only the cases that the mutant can change.
// suggested selects the suggested tests, else the others.
func (j *judge) notices(m Mutant, suggested bool) *ruletest.Failure {
	at, ok := j.byID[m.Of]
	if !ok {
		return nil
	}
	for i, s := range j.Suites {
		if s.Suggested != suggested {
			continue
		}
		needed := map[int]bool{}
		for _, reach := range j.reach[i] {
			if reach[at] {
				for r := range reach {
					needed[r] = true
				}
			}
		}
		if len(needed) == 0 {
			continue
		}
		want := func(c int) bool { return j.reach[i][c][at] }
		if j.short != nil {
			if f := j.short.run(i, needed, at, m.rule, want); f != nil {
				return f
			}
			continue
		}
		if f := s.Run(j.groups(needed, map[int]rulefmt.Rule{at: m.rule}), want); f != nil {
			return f
		}
	}
	return nil
}

// groups returns the groups with only the needed rules, nil for all, and with
// the changed rules replaced.
func (j *judge) groups(needed map[int]bool, changed map[int]rulefmt.Rule) []rulefmt.RuleGroup {
	out := make([]rulefmt.RuleGroup, len(j.Groups))
	for g, group := range j.Groups {
		out[g] = group.RuleGroup
		out[g].Rules = nil
	}
	for i, r := range j.rules {
		if needed != nil && !needed[i] {
			continue
		}
		rule := r.rule
		if other, ok := changed[i]; ok {
			rule = other
		}
		out[r.group].Rules = append(out[r.group].Rules, rule)
	}
	return slices.DeleteFunc(out, func(g rulefmt.RuleGroup) bool { return len(g.Rules) == 0 })
}
