package mutate

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/worlds"
)

// Limits of the exploration of one rule.
const (
	maxWorlds = 160 // while a mutant is not distinguished
	maxTold   = 3   // worlds that distinguish one mutant
)

// Explore compares each surviving mutant with its rule in random worlds. A
// mutant that no world distinguishes from its rule becomes undecided. With suggest,
// Explore returns tests that distinguish the others. The worlds follow from the
// rules alone, so the result is always the same. It calls progress, unless nil,
// after each rule. If ctx is done, it returns an error.
func Explore(ctx context.Context, proofs []Proof, outcomes []Outcome, suggest bool, progress Progress) ([]Suggestion, error) {
	judges := make([]*judge, len(proofs))
	for i, p := range proofs {
		judges[i] = newJudge(p)
	}
	var tasks []*explorer
	for i := range outcomes {
		o := &outcomes[i]
		if o.By != nil || o.Of.Kind == Routing || !o.Tested && !suggest {
			continue
		}
		if len(tasks) == 0 || tasks[len(tasks)-1].id != o.Of {
			tasks = append(tasks, newExplorer(judges, o.Of))
		}
		last := tasks[len(tasks)-1]
		last.mutants = append(last.mutants, &survivor{Outcome: o})
	}
	var done atomic.Int64
	out := make([][]Suggestion, len(tasks))
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range tasks {
		work.Go(func() error {
			enough := 1
			if suggest {
				enough = maxTold
			}
			if err := t.explore(ctx, enough); err != nil {
				return err
			}
			for _, m := range t.mutants {
				m.Outcome.told = len(m.told) > 0
				m.Undecided = !m.Outcome.told
			}
			if suggest {
				out[i] = t.suggest(ctx)
			}
			if progress != nil {
				progress(int(done.Add(1)), len(tasks))
			}
			return ctx.Err()
		})
	}
	err := work.Wait()
	return slices.Concat(out...), err
}

// explorer compares the mutants of one rule with the rule.
type explorer struct {
	id      RuleID
	judge   *judge
	at      int          // index of the rule in the judge
	needed  map[int]bool // rules that the test of the rule evaluates
	loader  *ruletest.Loader
	maker   *worlds.Maker
	mutants []*survivor
	worlds  []worlds.World
}

// survivor is a mutant with the worlds that distinguish it from its rule.
type survivor struct {
	*Outcome
	told []witness
}

// witness is a world in which a mutant differs, with the evaluations at which it
// does.
type witness struct {
	world int
	steps []int
}

func newExplorer(judges []*judge, id RuleID) *explorer {
	e := &explorer{id: id, loader: ruletest.NewLoader()}
	for _, j := range judges {
		if at, ok := j.byID[id]; ok {
			e.judge, e.at = j, at
			break
		}
	}
	of := reading{alerts: []string{id.Name}}
	if id.Kind == Record {
		of = reading{names: []string{id.Name}}
	}
	e.needed = reachable(e.judge.rules, of)
	return e
}

// explore makes worlds until each mutant is distinguished by enough of them.
func (e *explorer) explore(ctx context.Context, enough int) error {
	rule := e.judge.rules[e.at].rule
	maker, err := worlds.New(rule, e.loader)
	if err != nil {
		return fmt.Errorf("%s: %w", e.id, err)
	}
	e.maker = maker
	left := slices.Clone(e.mutants)
	for seed := uint64(0); seed < maxWorlds && len(left) > 0; seed++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := maker.Make(seed)
		suite, ok := e.load(w.Test())
		if !ok || w.Len() == 0 {
			continue
		}
		end := time.Duration(w.Len()-1) * w.Step
		want, err := e.observe(suite, rule, end)
		if err != nil {
			continue // no test can expect an error
		}
		line, pure := e.timeline(suite, rule, end)
		used := false
		for _, m := range left {
			if pure && m.Field == "expr" {
				if other, ok := e.timeline(suite, m.rule, end); ok && other == line {
					continue
				}
			}
			got, err := e.observe(suite, m.rule, end)
			steps := differing(want, got)
			if err != nil {
				steps = []int{len(want) - 1}
			}
			if len(steps) == 0 {
				continue
			}
			if !used {
				e.worlds, used = append(e.worlds, w), true
			}
			m.told = append(m.told, witness{len(e.worlds) - 1, steps})
		}
		// Later worlds are for mutants that few worlds distinguish.
		left = slices.DeleteFunc(left, func(m *survivor) bool { return len(m.told) >= enough })
	}
	return nil
}

// load returns the suite of a test.
func (e *explorer) load(t testfile.Test) (*ruletest.Suite, bool) {
	suites, err := e.loader.Load(e.file(t))
	if err != nil {
		return nil, false
	}
	return suites[0], true
}

func (e *explorer) file(tests ...testfile.Test) testfile.File {
	return testfile.File{
		EvaluationInterval: model.Duration(e.maker.Step()), GroupEvalOrder: e.judge.Order, RuleFiles: e.judge.Loads, Tests: tests,
	}
}

// observe returns the results of the rule at each evaluation, as text.
func (e *explorer) observe(s *ruletest.Suite, r rulefmt.Rule, end time.Duration) ([]string, error) {
	if e.id.Kind == Alert {
		return s.FiringOf(e.id.Name, e.judge.groups(e.needed, map[int]rulefmt.Rule{e.at: r}), end)
	}
	shown := r
	shown.Alert, shown.Record = r.Record, ""
	shown.Annotations = map[string]string{"value": "{{ $value }}"}
	group := e.judge.Groups[e.judge.rules[e.at].group].RuleGroup
	group.Rules = []rulefmt.Rule{shown}
	return s.Firing([]rulefmt.RuleGroup{group}, end)
}

// timeline returns the results of the expression as text. It returns false if
// the expression may read results of rules.
func (e *explorer) timeline(s *ruletest.Suite, r rulefmt.Rule, end time.Duration) (string, bool) {
	if len(e.needed) > 1 {
		return "", false
	}
	text, err := s.Timeline(r.Expr, end)
	return text, err == nil
}

// differing returns the indexes at which two lists differ.
func differing(a, b []string) []int {
	var out []int
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			out = append(out, i)
		}
	}
	return out
}

// expect fills the expectations of a test at the moments with the results of
// the unchanged rule. It returns false if the rule cannot be evaluated.
func (e *explorer) expect(t testfile.Test, moments []time.Duration) (testfile.Test, bool) {
	t.Alerts, t.Exprs = nil, nil
	for _, at := range moments {
		if e.id.Kind == Alert {
			t.Alerts = append(t.Alerts, testfile.AlertCase{At: model.Duration(at), Alert: e.id.Name})
		} else {
			t.Exprs = append(t.Exprs, testfile.ExprCase{At: model.Duration(at), Expr: e.selector()})
		}
	}
	suite, ok := e.load(t)
	if !ok {
		return t, false
	}
	groups := e.judge.groups(e.needed, nil)
	if e.id.Kind == Alert {
		shown, err := suite.Shown(groups)
		if err != nil {
			return t, false
		}
		for i := range shown {
			t.Alerts[i].Expected = shown[i]
		}
		return t, true
	}
	samples, err := suite.Samples(groups)
	if err != nil {
		return t, false
	}
	for i := range samples {
		t.Exprs[i].Expected = samples[i]
	}
	return t, true
}

// selector returns the expression that reads the record.
func (e *explorer) selector() string {
	name := e.judge.rules[e.at].rule.Record
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return fmt.Sprintf("{%q}", name)
}

// kills reports whether the test fails on each of the mutants.
func (e *explorer) kills(t testfile.Test, mutants []*survivor) bool {
	suite, ok := e.load(t)
	if !ok {
		return false
	}
	for _, m := range mutants {
		if suite.Run(e.judge.groups(e.needed, map[int]rulefmt.Rule{e.at: m.rule}), nil) == nil {
			return false
		}
	}
	return true
}
