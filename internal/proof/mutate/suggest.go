package mutate

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/worlds"
)

// Limits of a suggested test, so that a person can read it.
const (
	maxLines   = 10 // without comments
	maxMoments = 3
)

// Suggestion is a test that kills surviving mutants.
type Suggestion struct {
	Of      RuleID
	File    testfile.File // with this test alone
	Mutants []string      // the mutants that it kills, by name, without repetitions
	// Says is the behaviour that the test pins: "fires at 5m, not at 4m".
	Says string

	kills []*survivor
}

// Test returns the test.
func (s Suggestion) Test() testfile.Test { return s.File.Tests[0] }

// draft is a world with moments and the mutants that they kill.
type draft struct {
	world   worlds.World
	moments []int // steps
	mutants []*survivor
}

// suggest returns readable tests that kill the mutants.
func (e *explorer) suggest(ctx context.Context) []Suggestion {
	var out []Suggestion
	todo := e.cover()
	for len(todo) > 0 && ctx.Err() == nil {
		d := todo[0]
		todo = todo[1:]
		test, ok := e.shrink(ctx, &d)
		if len(d.mutants) > 1 && (!ok || lines(test) > maxLines) {
			half := len(d.mutants) / 2
			for _, part := range [][]*survivor{d.mutants[:half], d.mutants[half:]} {
				todo = append(todo, e.narrowed(d, part))
			}
			continue
		}
		if ok {
			out = append(out, e.suggestion(test, d.mutants))
		}
	}
	return e.few(out)
}

// narrowed returns the draft for some of its mutants.
func (e *explorer) narrowed(d draft, mutants []*survivor) draft {
	return draft{d.world, slices.Clone(d.moments), mutants}
}

func (e *explorer) suggestion(t testfile.Test, mutants []*survivor) Suggestion {
	s := Suggestion{Of: e.id, File: e.file(t), Says: says(t), kills: mutants}
	s.File.Tests[0].Name = fmt.Sprintf("%s %s", e.id.Name, s.Says)
	return s
}

// few leaves out tests whose mutants others kill.
func (e *explorer) few(list []Suggestion) []Suggestion {
	left := map[*survivor]int{}
	for i := range list {
		s := &list[i]
		for _, m := range e.mutants {
			if len(m.told) > 0 && !slices.Contains(s.kills, m) && e.kills(s.Test(), []*survivor{m}) {
				s.kills = append(s.kills, m)
			}
		}
		for _, m := range s.kills {
			left[m]++
		}
	}
	slices.SortStableFunc(list, func(a, b Suggestion) int { return len(a.kills) - len(b.kills) })
	list = slices.DeleteFunc(list, func(s Suggestion) bool {
		if slices.ContainsFunc(s.kills, func(m *survivor) bool { return left[m] == 1 }) {
			return false
		}
		for _, m := range s.kills {
			left[m]--
		}
		return true
	})
	slices.Reverse(list)
	for i := range list {
		for _, m := range list[i].kills {
			if !slices.Contains(list[i].Mutants, m.Name()) {
				list[i].Mutants = append(list[i].Mutants, m.Name())
			}
		}
	}
	return list
}

// cover chooses few worlds and moments that kill all mutants that a world distinguishes
// from their rule.
func (e *explorer) cover() []draft {
	var left []*survivor
	for _, m := range e.mutants {
		if len(m.told) > 0 {
			left = append(left, m)
		}
	}
	var out []draft
	byWorld := map[int]int{}
	for len(left) > 0 {
		best, world, step := -1, 0, 0
		count := map[[2]int]int{}
		for _, m := range left {
			for _, t := range m.told {
				for _, s := range t.steps {
					count[[2]int{t.world, s}] += 4
				}
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(count), func(a, b [2]int) int {
			if a[0] != b[0] {
				return a[0] - b[0]
			}
			return a[1] - b[1]
		}) {
			score := count[key] - len(e.worlds[key[0]].Series)/2
			if i, ok := byWorld[key[0]]; ok {
				if len(out[i].moments) >= maxMoments {
					score -= 8
				} else {
					score += 2
				}
			}
			if score > best || best < 0 {
				best, world, step = score, key[0], key[1]
			}
		}
		i, ok := byWorld[world]
		if !ok || len(out[i].moments) >= maxMoments {
			i = len(out)
			byWorld[world] = i
			out = append(out, draft{world: e.worlds[world].Clone()})
		}
		d := &out[i]
		d.moments = append(d.moments, step)
		left = slices.DeleteFunc(left, func(m *survivor) bool {
			hit := slices.ContainsFunc(m.told, func(t witness) bool { return t.world == world && slices.Contains(t.steps, step) })
			if hit {
				d.mutants = append(d.mutants, m)
			}
			return hit
		})
		slices.Sort(d.moments)
	}
	return out
}

// says returns a sentence about the moments of a test.
func says(t testfile.Test) string {
	if len(t.Exprs) > 0 {
		var parts []string
		for _, c := range t.Exprs {
			parts = append(parts, results(c.Expected)+" at "+c.At.String())
		}
		return "is " + strings.Join(parts, ", ")
	}
	var fires, not []string
	for _, c := range t.Alerts {
		switch n := len(c.Expected); n {
		case 0:
			not = append(not, c.At.String())
		case 1:
			fires = append(fires, c.At.String())
		default:
			fires = append(fires, fmt.Sprintf("%s (%d times)", c.At, n))
		}
	}
	switch {
	case len(fires) == 0:
		return "does not fire at " + strings.Join(not, " and ")
	case len(not) == 0:
		return "fires at " + strings.Join(fires, " and ")
	default:
		return "fires at " + strings.Join(fires, " and ") + ", not at " + strings.Join(not, " and ")
	}
}

// results returns the values of a result, briefly.
func results(list []testfile.Sample) string {
	if len(list) == 0 {
		return "nothing"
	}
	var out []string
	for _, s := range list {
		if s.Histogram != "" {
			out = append(out, "a histogram")
			continue
		}
		out = append(out, fmt.Sprintf("%.4g", s.Value))
	}
	return strings.Join(out, " and ")
}

// at returns the time of a step.
func at(step int, every time.Duration) time.Duration { return time.Duration(step) * every }

// shrink makes the draft smaller while it kills its mutants. It returns the test
// with its expectations, or false if the draft does not kill them.
func (e *explorer) shrink(ctx context.Context, d *draft) (testfile.Test, bool) {
	test, ok := e.try(d.world, d.moments, d.mutants)
	if !ok {
		return test, false
	}
	keep := func(w worlds.World, moments []int) bool {
		if ctx.Err() != nil {
			return false
		}
		smaller, ok := e.try(w, moments, d.mutants)
		if ok {
			d.world, d.moments, test = w, moments, smaller
		}
		return ok
	}
	for i := len(d.moments) - 1; i >= 0 && len(d.moments) > 1; i-- {
		keep(d.world, slices.Delete(slices.Clone(d.moments), i, i+1))
	}
	worlds.Shrink(&d.world, &d.moments, e.maker.Shown(), keep)
	return test, true
}

// try returns the test of a world, if the test kills the mutants.
func (e *explorer) try(w worlds.World, moments []int, mutants []*survivor) (testfile.Test, bool) {
	var times []time.Duration
	for _, m := range moments {
		times = append(times, at(m, w.Step))
	}
	test, ok := e.expect(w.Test(), times)
	if !ok || !expectable(test) {
		return test, false
	}
	return test, e.kills(test, mutants)
}

// expectable reports whether promtool can compare the expected results: nothing
// equals NaN.
func expectable(t testfile.Test) bool {
	for _, c := range t.Exprs {
		if slices.ContainsFunc(c.Expected, func(s testfile.Sample) bool { return math.IsNaN(s.Value) || strings.Contains(s.Histogram, "NaN") }) {
			return false
		}
	}
	return true
}

// lines returns the number of lines of a test in the file, without comments.
func lines(t testfile.Test) int { return 4 + len(t.Series) + len(t.Alerts) + len(t.Exprs) }
