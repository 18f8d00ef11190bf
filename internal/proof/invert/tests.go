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

// Alert makes the tests of an alerting rule. What must fire when follows from
// the expression; which labels and texts the instances have is taken from the
// rule at work, and from the others that make the same alert. known says which
// labels series have. The rules of one alert have tests of one Interval, which is
// that of their evaluations too. The reasons say what was not made, and why.
func Alert(r rulefmt.Rule, others []rulefmt.Rule, known Labels) (tests []testfile.Test, reasons []string) {
	tree, err := ruletest.NewParser().ParseExpr(r.Expr)
	if err != nil {
		return nil, []string{err.Error()}
	}
	s := solver{known: known, unit: unitOf(append([]rulefmt.Rule{r}, others...)...)}
	list, err := s.conditions(tree, "")
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, c := range list {
		probe, err := c.make([]stretch{{below, 1}})
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		for _, story := range stories(c, r, probe, s.unit) {
			t, err := story.test(c, r, others, s.unit)
			if err != nil {
				reasons = append(reasons, fmt.Sprintf("%s%s: %v", c.name, story.name, err))
				continue
			}
			tests = append(tests, t)
		}
	}
	return tests, reasons
}

// story is a test before its series and instances are known.
type story struct {
	name    string
	states  []stretch
	moments []moment
}

// moment is what must be at a tick.
type moment struct {
	tick  int
	fires bool
}

func stories(c condition, r rulefmt.Rule, in inverse, unit time.Duration) []story {
	wait, keep := ticks(time.Duration(r.For), unit), ticks(time.Duration(r.KeepFiringFor), unit)
	g := grid(in, wait+keep)
	var (
		before = max(5, g)                    // the first tick at which something happens
		quiet  = before - g                   // the last before it that is looked at
		fires  = up(before+in.settle+wait, g) // the first tick it must fire
		end    = fires + 2*g                  // the first tick of recovery
		over   = up(end+in.settle+keep, g)    // recovered
		empty  = up(end+in.linger+keep, g)    // without data
		last   = max(over, empty) + 1
	)
	if c.absence {
		// When it fires depends on what was there before: scenarios tell.
		return []story{{
			name:    "quiet while there are data",
			states:  []stretch{{below, last}},
			moments: []moment{{0, false}, {fires, false}},
		}}
	}
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

// grid is what the moments of a story are multiples of, in ticks. A rule that
// looks far back and waits for nothing has few moments of interest, and a test
// need only be evaluated at these.
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

// test fills the story in and runs it. What does not come out as the
// expression was read is an error.
func (s story) test(c condition, r rulefmt.Rule, others []rulefmt.Rule, unit time.Duration) (testfile.Test, error) {
	total := 0
	for _, x := range s.states {
		total += x.ticks
	}
	if err := fits(total, unit); err != nil {
		return testfile.Test{}, err
	}
	in, err := c.make(s.states)
	if err != nil {
		return testfile.Test{}, err
	}
	t := newTest(c.name+s.name, in, unit)
	suite, err := load(t)
	if err != nil {
		return t, err
	}
	when := s.evaluations(in, unit)
	if len(others) > 0 { // what they wait for is not known
		last := when[len(when)-1]
		when = nil
		for at := time.Duration(0); at <= last; at += unit {
			when = append(when, at)
		}
	}
	firing, err := suite.FiringAt(group(r), when)
	if err != nil {
		return t, err
	}
	all := firing
	if len(others) > 0 {
		if all, err = suite.FiringAt(group(append([]rulefmt.Rule{r}, others...)...), when); err != nil {
			return t, err
		}
	}
	for _, m := range s.moments {
		at := time.Duration(m.tick) * unit
		i := slices.Index(when, at)
		if m.fires != (len(firing[i]) > 0) {
			return t, fmt.Errorf("after %s it fires: %v, other than was read from the expression", model.Duration(at), len(firing[i]) > 0)
		}
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: model.Duration(at), Alert: r.Alert, Expected: all[i]})
	}
	return t, nil
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

// evaluations are the moments, and the ticks from which a change is seen. An
// evaluation of every other tick would find what the one before it found.
func (s story) evaluations(in inverse, unit time.Duration) []time.Duration {
	var out []time.Duration
	for _, m := range s.moments {
		out = append(out, time.Duration(m.tick)*unit)
	}
	begins := 0
	for i, stretch := range s.states {
		delay := in.settle
		if stretch.state == gone {
			delay = in.linger
		}
		if i > 0 {
			out = append(out, time.Duration(begins+delay)*unit)
		}
		begins += stretch.ticks
	}
	slices.Sort(out)
	return slices.Compact(out)
}
