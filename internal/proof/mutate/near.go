package mutate

import (
	"slices"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/ruletest"
)

// shortcut runs the tests of files on mutants without evaluating what no mutant
// changes.
type shortcut struct {
	judge    *judge
	affected []map[int]bool // by rule: the rules whose results it changes
	reads    []reading      // by rule
	suites   []recorded     // by suite
}

// recorded has the results of the unchanged rules for a suite.
type recorded struct {
	once    sync.Once
	results *ruletest.Results // nil if the rules cannot be evaluated
	mu      sync.Mutex
	suites  map[int]*ruletest.Suite // by rule: with the results that it does not change
}

func newShortcut(j *judge) *shortcut {
	s := &shortcut{judge: j, suites: make([]recorded, len(j.Suites))}
	p := ruletest.NewParser()
	for _, r := range j.rules {
		of := reads(p, r.rule.Expr)
		of.add(templateReads(j.rules, r.rule))
		s.reads = append(s.reads, of)
	}
	for i := range j.rules {
		found := map[int]bool{i: true}
		for grew := true; grew; {
			grew = false
			for n, of := range s.reads {
				if !found[n] && slices.ContainsFunc(j.rules, func(r located) bool { return found[j.byID[r.id]] && of.sees(r.rule) }) {
					found[n], grew = true, true
				}
			}
		}
		s.affected = append(s.affected, found)
	}
	return s
}

// run runs the accepted cases of a suite on a mutant of the rule at an index.
func (s *shortcut) run(i int, needed map[int]bool, at int, changed rulefmt.Rule, want func(int) bool) *ruletest.Failure {
	suite, rules := s.judge.Suites[i], needed
	if own, ok := s.downstream(i, needed, at); ok {
		if r := s.recorded(i, at); r != nil {
			suite, rules = r, own
		}
	}
	groups := s.judge.groups(rules, map[int]rulefmt.Rule{at: changed})
	f, ok := suite.Near(groups, want)
	if ok && (f != nil || !canFail(suite, groups)) {
		return f
	}
	return suite.Run(groups, want)
}

// downstream returns the needed rules that a mutant of a rule changes. It returns
// false if they would see other results of the rest than in a run of all.
func (s *shortcut) downstream(i int, needed map[int]bool, at int) (map[int]bool, bool) {
	if len(s.judge.Order) > 0 {
		return nil, false
	}
	own := map[int]bool{}
	for r := range needed {
		if s.affected[at][r] {
			own[r] = true
		}
	}
	for a := range own {
		for u := range needed {
			// A rule sees the results of later ones only at the next evaluation.
			if !own[u] && u > a && s.reads[a].sees(s.judge.rules[u].rule) {
				return nil, false
			}
		}
	}
	return own, len(own) < len(needed)
}

// recorded returns a suite with the results of all rules that a mutant of the
// rule at an index does not change, or nil.
func (s *shortcut) recorded(i, at int) *ruletest.Suite {
	r := &s.suites[i]
	r.once.Do(func() {
		if results, err := s.judge.Suites[i].Results(s.judge.groups(nil, nil)); err == nil {
			r.results, r.suites = results, map[int]*ruletest.Suite{}
		}
	})
	if r.results == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.suites[at] == nil {
		r.suites[at] = s.judge.Suites[i].With(r.results, func(l labels.Labels) bool { return !s.writes(at, l) })
	}
	return r.suites[at]
}

// writes reports whether a rule that a mutant of the rule at an index changes may
// write a series.
func (s *shortcut) writes(at int, l labels.Labels) bool {
	name, alert := l.Get(model.MetricNameLabel), ""
	if slices.Contains(alertSeries, name) {
		alert = l.Get(labels.AlertName)
	}
	for r := range s.affected[at] {
		rule := s.judge.rules[r].rule
		if rule.Record == name || alert != "" && rule.Alert == alert {
			return true
		}
	}
	return false
}

// canFail reports whether some evaluation of a rule may end with an error, such
// as two matches for one series.
func canFail(suite *ruletest.Suite, groups []rulefmt.RuleGroup) bool {
	p := ruletest.NewParser()
	written := reading{}
	var all []rulefmt.Rule
	for _, g := range groups {
		for _, r := range g.Rules {
			all = append(all, r)
			written.names = append(written.names, r.Record)
		}
	}
	for i, r := range all {
		tree, err := p.ParseExpr(r.Expr)
		if err != nil || relabels(suite, all, i) {
			return true
		}
		of := reads(p, r.Expr)
		if of.all || len(of.alerts) > 0 {
			return true
		}
		if !risky(tree) {
			continue
		}
		if slices.ContainsFunc(of.names, func(n string) bool { return slices.Contains(written.names, n) }) || suite.Fails(r.Expr) {
			return true
		}
	}
	return false
}

// risky reports whether an expression may fail for some series.
func risky(tree parser.Expr) bool {
	found := false
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.BinaryExpr:
			vectors := n.LHS.Type() == parser.ValueTypeVector && n.RHS.Type() == parser.ValueTypeVector
			found = found || n.Op == parser.LOR || vectors && !n.Op.IsSetOperator()
		case *parser.Call:
			found = found || n.Func.Name == "label_replace" || n.Func.Name == "label_join"
		case *parser.VectorSelector:
			found = found || n.Name == ""
		}
		return nil
	})
	return found
}

// relabels reports whether a label of a rule may replace one of its results, so
// that two of them become equal.
func relabels(suite *ruletest.Suite, all []rulefmt.Rule, i int) bool {
	for name := range all[i].Labels {
		if suite.HasLabel(name) {
			return true
		}
		for n, other := range all {
			if _, found := other.Labels[name]; found && n != i && other.Record != "" {
				return true
			}
		}
	}
	return false
}
