// Package suite makes the tests of a site's rules, runs them, and measures how
// much they prove. The test of a rule has first the scenarios that a person
// wrote, then tests made from the expression.
package suite

import (
	"slices"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Suite is the tests of a site's rules.
type Suite struct {
	*definitions.Checked
	Tests []Test // ordered by rule
}

// Test is the promtool test of a rule with its coverage.
type Test struct {
	file testfile.File
	// generated holds the tests made from the expression if their evaluation
	// interval differs from that of the scenarios. A promtool file has only
	// one.
	generated *testfile.File
	covered   ruleCoverage
	group     site.Group
	name      string // name of its file
}

// File is a test file, its path relative to the output folder.
type File struct {
	Path string
	testfile.File
}

// Files returns the promtool files of a test. A rule without a test has none.
func (t Test) Files() []File {
	if len(t.file.Tests) == 0 {
		return nil
	}
	out := []File{{"prometheus/tests/" + t.name + ".yml", t.file}}
	if t.generated != nil {
		out = append(out, File{"prometheus/tests/" + t.name + "-generated.yml", *t.generated})
	}
	return out
}

// add adds tests made from an expression. They have one interval.
func (t *Test) add(tests []testfile.Test, reasons []string) {
	t.covered.Generated += len(tests)
	t.covered.NotGenerated = append(t.covered.NotGenerated, reasons...)
	if len(tests) == 0 {
		return
	}
	to, interval := &t.file, tests[0].Interval
	switch {
	case len(t.file.Tests) == 0:
		t.file.EvaluationInterval = interval
	case t.file.EvaluationInterval != interval:
		if t.generated == nil {
			t.generated = &testfile.File{RuleFiles: t.file.RuleFiles, EvaluationInterval: interval}
		}
		to = t.generated
	}
	to.Tests = append(to.Tests, tests...)
}

// fires reports whether a test expects the alert to fire. An alert that is only
// quiet in tests is not proved.
func (t *Test) fires() bool {
	for _, f := range t.Files() {
		for _, test := range f.Tests {
			if slices.ContainsFunc(test.Alerts, func(c testfile.AlertCase) bool { return len(c.Expected) > 0 }) {
				return true
			}
		}
	}
	return false
}

// evaluateSeldom sets long evaluation intervals for a rule whose result does
// not depend on earlier evaluations.
func (t *Test) evaluateSeldom() {
	t.file.EvaluationInterval = longestInterval(t.file)
	if t.generated != nil {
		t.generated.EvaluationInterval = longestInterval(*t.generated)
	}
}

// longestInterval returns the longest interval that includes every moment of
// the tests.
func longestInterval(f testfile.File) model.Duration {
	var all model.Duration
	for _, t := range f.Tests {
		for _, c := range t.Alerts {
			for a := c.At; a != 0; {
				all, a = a, all%a
			}
		}
	}
	if all == 0 {
		return f.EvaluationInterval
	}
	return all
}
