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

// before is how long a story is quiet before anything happens.
const before = 5

const minute = time.Minute

// Alert makes the tests of an alerting rule. What must fire when follows from
// the expression; which labels and texts the instances have is taken from the
// rule at work, and from the others that make the same alert. known says which
// labels series have. The reasons say what was not made, and why.
func Alert(r rulefmt.Rule, others []rulefmt.Rule, known Labels) (tests []testfile.Test, reasons []string) {
	tree, err := ruletest.NewParser().ParseExpr(r.Expr)
	if err != nil {
		return nil, []string{err.Error()}
	}
	list, err := solver{known: known}.conditions(tree, "")
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, c := range list {
		probe, err := c.make([]stretch{{below, 1}})
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		for _, s := range stories(c, r, probe) {
			t, err := s.test(c, r, others)
			if err != nil {
				reasons = append(reasons, fmt.Sprintf("%s%s: %v", c.name, s.name, err))
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

// moment is what must be at a minute.
type moment struct {
	minute int
	fires  bool
}

func stories(c condition, r rulefmt.Rule, in inverse) []story {
	wait, keep := minutes(r.For), minutes(r.KeepFiringFor)
	g := grid(in, wait+keep)
	var (
		quiet = before - g                   // the last minute before anything happens
		fires = up(before+in.settle+wait, g) // the first minute it must fire
		end   = fires + 2*g                  // the first minute of recovery
		over  = up(end+in.settle+keep, g)    // recovered
		empty = up(end+in.linger+keep, g)    // without data
		last  = max(over, empty) + 1
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

// grid is what the moments of a story are multiples of, in minutes. A rule that
// looks far back and waits for nothing has few moments of interest, and a test
// need only be evaluated at these.
func grid(in inverse, waits int) int {
	if in.settle >= 30 && waits == 0 {
		return 5
	}
	return 1
}

// up rounds up to a multiple.
func up(minutes, multiple int) int { return (minutes + multiple - 1) / multiple * multiple }

func minutes(d model.Duration) int {
	return int((time.Duration(d) + minute - 1) / minute)
}

// test fills the story in and runs it. What does not come out as the
// expression was read is an error.
func (s story) test(c condition, r rulefmt.Rule, others []rulefmt.Rule) (testfile.Test, error) {
	in, err := c.make(s.states)
	if err != nil {
		return testfile.Test{}, err
	}
	t := newTest(c.name+s.name, in)
	suite, err := load(t)
	if err != nil {
		return t, err
	}
	when := s.evaluations(in)
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
		at := time.Duration(m.minute) * minute
		i := slices.Index(when, at)
		if m.fires != (len(firing[i]) > 0) {
			return t, fmt.Errorf("after %s it fires: %v, other than was read from the expression", model.Duration(at), len(firing[i]) > 0)
		}
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: model.Duration(at), Alert: r.Alert, Expected: all[i]})
	}
	return t, nil
}

func newTest(name string, in inverse) testfile.Test {
	return testfile.Test{Name: "generated: " + name, Interval: model.Duration(minute), Series: in.series}
}

func load(t testfile.Test) (*ruletest.Suite, error) {
	suites, err := ruletest.Load(testfile.File{EvaluationInterval: model.Duration(minute), Tests: []testfile.Test{t}})
	if err != nil {
		return nil, err
	}
	return suites[0], nil
}

func group(list ...rulefmt.Rule) []rulefmt.RuleGroup {
	return []rulefmt.RuleGroup{{Name: "generated", Rules: list}}
}

// evaluations are the moments, and the minutes from which a change is seen. An
// evaluation of every other minute would find what the one before it found.
func (s story) evaluations(in inverse) []time.Duration {
	var out []time.Duration
	for _, m := range s.moments {
		out = append(out, time.Duration(m.minute)*minute)
	}
	begins := 0
	for i, stretch := range s.states {
		delay := in.settle
		if stretch.state == gone {
			delay = in.linger
		}
		if i > 0 {
			out = append(out, time.Duration(begins+delay)*minute)
		}
		begins += stretch.minutes
	}
	slices.Sort(out)
	return slices.Compact(out)
}
