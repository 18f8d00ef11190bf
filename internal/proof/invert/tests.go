package invert

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Rule is an alerting rule with the other rules of the same alert.
type Rule struct {
	rulefmt.Rule
	Twins  []rulefmt.Rule // the same rule for other environments
	Others []rulefmt.Rule
}

// all returns the rule and the others.
func (r Rule) all() []rulefmt.Rule {
	return slices.Concat([]rulefmt.Rule{r.Rule}, r.Twins, r.Others)
}

// Alert makes the tests of an alerting rule. The times at which it must fire
// follow from the expression. The labels and texts of the instances come from a
// run of the rule and the others of its alert. known returns the labels of
// series. All tests of an alert have the same Interval, which is also their
// evaluation interval. The reasons explain which tests were not made.
func Alert(r Rule, known Labels) (tests []testfile.Test, reasons []string) {
	s := solver{known: known, unit: unitOf(r.all()...)}
	list, err := s.read(r.Expr)
	if err != nil {
		return nil, []string{err.Error()}
	}
	for i, c := range list {
		probe, err := c.make([]stretch{{below, 1}})
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		twins := s.twins(r, i)
		for _, story := range stories(c, r, probe, s.unit) {
			t, err := story.test(c, r, twins, s.unit)
			if err != nil {
				reasons = append(reasons, fmt.Sprintf("%s%s: %v", c.name, story.name, err))
				continue
			}
			tests = append(tests, t)
		}
	}
	return tests, reasons
}

// read returns the conditions under which an expression becomes true.
func (s solver) read(expr string) ([]condition, error) {
	tree, err := ruletest.NewParser().ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	return s.conditions(tree, "")
}

// twins returns the i-th condition of each twin that fires without data. An
// environment without series makes its twin fire too.
func (s solver) twins(r Rule, i int) []condition {
	var out []condition
	for _, twin := range r.Twins {
		if list, err := s.read(twin.Expr); err == nil && i < len(list) && list[i].absence {
			out = append(out, list[i])
		}
	}
	return out
}

// story is a test without its series and instances.
type story struct {
	name    string
	states  []stretch
	moments []moment
	absence bool // the condition fires without data
	twins   bool // the states apply to the twins, while the rule has data
}

// moment is the expected result at a tick.
type moment struct {
	tick  int
	fires bool
}

func stories(c condition, r Rule, in inverse, unit time.Duration) []story {
	wait, keep := ticks(time.Duration(r.For), unit), ticks(time.Duration(r.KeepFiringFor), unit)
	if c.absence {
		return absences(r, in, wait, keep)
	}
	g := grid(in, wait+keep)
	var (
		before = max(5, g)                    // the first tick of a change
		quiet  = before - g                   // the last checked tick before it
		fires  = up(before+in.settle+wait, g) // the first tick at which it must fire
		end    = fires + 2*g                  // the first tick of recovery
		over   = up(end+in.settle+keep, g)    // recovered
		empty  = up(end+in.linger+keep, g)    // without data
		last   = max(over, empty) + 1
	)
	out := []story{{
		name:    "quiet below the threshold",
		states:  []stretch{{below, last}},
		moments: []moment{{0, false}, {fires, false}},
	}}
	if c.hasAt {
		out = append(out, story{
			name:    "at the threshold",
			states:  []stretch{{below, before}, {at, last - before}},
			moments: []moment{{quiet, false}, {fires, c.atFires}},
		})
	}
	moments := []moment{{quiet, false}}
	if in.settle == 0 && wait > 0 {
		moments = append(moments, moment{fires - 1, false})
	}
	moments = append(moments, moment{fires, true}, moment{end - g, true})
	if in.settle == 0 && keep > 0 {
		moments = append(moments, moment{end + keep - 1, true})
	}
	states := []stretch{{below, before}, {above, end - before}}
	return append(out, story{
		name:    "fires above the threshold and recovers",
		states:  append(slices.Clone(states), stretch{below, last - end}),
		moments: append(moments, moment{over, false}),
	}, story{
		name:    "ends without data",
		states:  append(states, stretch{gone, last - end}),
		moments: []moment{{fires, true}, {empty, false}},
	})
}

// absences returns the stories of a condition that fires without data. It
// starts to fire at an exact tick, and recovers with the first value.
func absences(r Rule, in inverse, wait, keep int) []story {
	g := grid(inverse{settle: max(in.settle, in.unseen)}, wait+keep)
	var (
		fires  = up(max(5, g, in.settle+1)+in.unseen+wait, g)
		before = fires - wait - in.unseen // first tick without data
		end    = fires + g                // first tick with data again
		over   = up(end+keep, g)
	)
	lost := []stretch{{below, before}, {above, end - before}, {below, over + 1 - end}}
	moments := []moment{{fires - g, false}, {fires, true}}
	if keep > 0 {
		moments = append(moments, moment{end + keep - 1, true})
	}
	moments = append(moments, moment{over, false})
	out := []story{{
		name:    "quiet while there are data",
		states:  []stretch{{below, over + 1}},
		moments: []moment{{0, false}, {fires, false}},
	}, {
		name:    "fires without data and recovers",
		states:  lost,
		moments: moments,
		absence: true,
	}}
	if len(r.Twins) > 0 {
		out = append(out, story{name: "fires without data of the other environments", states: lost, moments: moments, absence: true, twins: true})
	}
	return out
}

// grid returns the step between the moments of a story, in ticks. A rule with a
// long range and no wait has few interesting moments, and its test is evaluated
// only at these.
func grid(in inverse, waits int) int {
	switch {
	case waits > 0 || in.settle < 30:
		return 1
	case in.settle <= 360:
		return 5
	}
	return 90
}

// up rounds up to a multiple.
func up(ticks, multiple int) int { return (ticks + multiple - 1) / multiple * multiple }

// test fills the story in and runs it. A result that differs from the expected
// states is an error.
func (s story) test(c condition, r Rule, twins []condition, unit time.Duration) (testfile.Test, error) {
	total := 0
	for _, x := range s.states {
		total += x.ticks
	}
	if err := fits(total, unit); err != nil {
		return testfile.Test{}, err
	}
	in, err := s.series(c, twins, total)
	if err != nil {
		return testfile.Test{}, err
	}
	t := newTest(c.name+s.name, in, unit)
	suite, err := load(t)
	if err != nil {
		return t, err
	}
	when := s.evaluations(in, unit)
	all := r.all()
	if len(r.Others) > 0 { // their waits are not known; twins have the waits of the rule
		last := when[len(when)-1]
		when = nil
		for at := time.Duration(0); at <= last; at += unit {
			when = append(when, at)
		}
	}
	expected, err := suite.FiringAt(group(all...), when)
	if err != nil {
		return t, err
	}
	firing := expected
	if len(r.Others) > 0 { // the story ignores them; twins have series of their own
		subject := []rulefmt.Rule{r.Rule}
		if s.twins {
			subject = r.Twins
		}
		if firing, err = suite.FiringAt(group(subject...), when); err != nil {
			return t, err
		}
	}
	for _, m := range s.moments {
		at := time.Duration(m.tick) * unit
		i := slices.Index(when, at)
		switch n := len(firing[i]); {
		case m.fires != (n > 0):
			return t, fmt.Errorf("after %s it fires: %v, unlike the result computed from the expression", model.Duration(at), n > 0)
		case s.twins && m.fires && n != len(r.Twins):
			return t, fmt.Errorf("after %s it fires in %d of %d environments, unlike the result computed from the expression", model.Duration(at), n, len(r.Twins))
		}
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: model.Duration(at), Alert: r.Alert, Expected: expected[i]})
	}
	return t, nil
}

// series returns the series of a story: those of the rule, and those that keep
// its twins quiet. In a story about the twins, the rule stays quiet and the
// twins change.
func (s story) series(c condition, twins []condition, total int) (inverse, error) {
	own, theirs := s.states, []stretch{{below, total}}
	if s.twins {
		own, theirs = theirs, own
	}
	out, err := c.make(own)
	if err != nil {
		return out, err
	}
	seen := map[string]bool{}
	for _, x := range out.series {
		seen[x.Series] = true
	}
	for _, twin := range twins {
		in, err := twin.make(theirs)
		if err != nil {
			return out, err
		}
		for _, x := range in.series {
			if !seen[x.Series] {
				out.series = append(out.series, x)
			}
			seen[x.Series] = true
		}
	}
	return out, nil
}

func newTest(name string, in inverse, unit time.Duration) testfile.Test {
	return testfile.Test{Name: "generated: " + name, Interval: model.Duration(unit), Series: in.series}
}

func load(t testfile.Test) (*ruletest.Suite, error) {
	suites, err := ruletest.Load(testfile.File{EvaluationInterval: t.Interval, Tests: []testfile.Test{t}})
	if err != nil {
		return nil, err
	}
	return suites[0], nil
}

func group(list ...rulefmt.Rule) []rulefmt.RuleGroup {
	return []rulefmt.RuleGroup{{Name: "generated", Rules: list}}
}

// evaluations returns the moments and the ticks at which a change takes effect.
// Evaluations between them would give unchanged results.
func (s story) evaluations(in inverse, unit time.Duration) []time.Duration {
	var out []time.Duration
	for _, m := range s.moments {
		out = append(out, time.Duration(m.tick)*unit)
	}
	begins := 0
	for i, stretch := range s.states {
		delay := in.settle
		switch {
		case stretch.state == gone:
			delay = in.linger
		case s.absence && stretch.state == above:
			delay = in.unseen
		case s.absence:
			delay = 0
		}
		if i > 0 {
			out = append(out, time.Duration(begins+delay)*unit)
		}
		begins += stretch.ticks
	}
	slices.Sort(out)
	return slices.Compact(out)
}
