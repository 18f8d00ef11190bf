package invert

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/ruletest"
	"github.com/alertnative/preflight/internal/testfile"
)

// before is how long a story is quiet before anything happens.
const before = 5

const minute = time.Minute

// Tests makes the tests of an alerting rule. What must fire when follows from
// the expression; which labels and texts the instances have is taken from the
// rule at work. known says which labels series have. The reasons say what was
// not made, and why.
func Tests(r rulefmt.Rule, known Labels) (tests []testfile.Test, reasons []string) {
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
			t, err := s.test(c, r)
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
	var (
		long   = in.settle + 10            // more than a change takes
		fires  = before + in.settle + wait // the first minute it must fire
		end    = before + wait + long      // the first minute of recovery
		firing = above
	)
	if c.absence {
		firing = gone
	}
	out := []story{{
		name:    "quiet below the threshold",
		states:  []stretch{{below, end + long}},
		moments: []moment{{0, false}, {fires, false}, {end, false}},
	}}
	if c.absence {
		out[0].name = "quiet while there are data"
		return out // when it fires depends on what was there before: scenarios tell
	}
	if c.hasAt {
		out = append(out, story{
			name:    "at the threshold",
			states:  []stretch{{below, before}, {at, wait + long}},
			moments: []moment{{before - 1, false}, {fires, c.atFires}},
		})
	}
	moments := []moment{{before - 1, false}}
	if in.settle == 0 && wait > 0 {
		moments = append(moments, moment{fires - 1, false})
	}
	moments = append(moments, moment{fires, true}, moment{end - 1, true})
	if in.settle == 0 && keep > 0 {
		moments = append(moments, moment{end + keep - 1, true})
	}
	return append(out, story{
		name:    "fires above the threshold and recovers",
		states:  []stretch{{below, before}, {firing, wait + long}, {below, keep + long}},
		moments: append(moments, moment{end + in.settle + keep, false}),
	}, story{
		name:    "ends without data",
		states:  []stretch{{below, before}, {firing, wait + long}, {gone, keep + in.linger + long}},
		moments: []moment{{fires, true}, {end + in.linger + keep, false}},
	})
}

func minutes(d model.Duration) int {
	return int((time.Duration(d) + minute - 1) / minute)
}

// test fills the story in and runs it. What does not come out as the
// expression was read is an error.
func (s story) test(c condition, r rulefmt.Rule) (testfile.Test, error) {
	in, err := c.make(s.states)
	if err != nil {
		return testfile.Test{}, err
	}
	t := testfile.Test{Name: "generated: " + c.name + s.name, Interval: model.Duration(minute), Series: in.series}
	suites, err := ruletest.Load(testfile.File{EvaluationInterval: model.Duration(minute), Tests: []testfile.Test{t}})
	if err != nil {
		return t, err
	}
	groups := []rulefmt.RuleGroup{{Name: "generated", Rules: []rulefmt.Rule{r}}}
	when := make([]time.Duration, len(s.moments))
	for i, m := range s.moments {
		when[i] = time.Duration(m.minute) * minute
	}
	firing, err := suites[0].FiringAt(groups, when)
	if err != nil {
		return t, err
	}
	for i, m := range s.moments {
		at := model.Duration(when[i])
		if m.fires != (len(firing[i]) > 0) {
			return t, fmt.Errorf("after %s it fires: %v, other than was read from the expression", at, len(firing[i]) > 0)
		}
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: at, Alert: r.Alert, Expected: firing[i]})
	}
	return t, nil
}
