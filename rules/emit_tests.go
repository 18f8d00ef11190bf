package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// AlertTest returns the alert's scenarios as a promtool test that loads
// ruleFile, a path relative to the test. The error names every text that a
// scenario leaves out although the rule's template would write one.
func (c Context) AlertTest(g Group, a Alert, ruleFile string) (testfile.File, error) {
	annotations := a.Annotations(c.Timing, c.Links)
	return c.test(fmt.Sprintf("alert %q", a.Name), a.Scenarios, ruleFile, func(t *testfile.Test, at model.Duration, e Expect) error {
		if len(e.Samples) > 0 {
			return errors.New("an alert fires: say in Firing what does, not in Samples")
		}
		alerts, err := expected(g, a, e, annotations)
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: at, Alert: a.Name, Expected: alerts})
		return err
	})
}

// RecordTest returns the recording rule's scenarios as a promtool test that
// loads ruleFile, a path relative to the test.
func (c Context) RecordTest(r Record, ruleFile string) (testfile.File, error) {
	return c.test(fmt.Sprintf("record %q", r.Name), r.Scenarios, ruleFile, func(t *testfile.Test, at model.Duration, e Expect) error {
		if len(e.Firing) > 0 {
			return errors.New("a recording rule does not fire: say in Samples what it yields, not in Firing")
		}
		samples := []testfile.Sample{}
		for _, s := range e.Samples {
			b := labels.NewBuilder(labels.FromMap(r.Labels))
			b.Set(model.MetricNameLabel, r.Name)
			for name, value := range s.Labels {
				b.Set(name, value)
			}
			samples = append(samples, testfile.Sample{Labels: b.Labels().String(), Value: s.Value})
		}
		t.Exprs = append(t.Exprs, testfile.ExprCase{Expr: r.Name, At: at, Expected: samples})
		return nil
	})
}

// test writes scenarios; expect adds what is to be seen at a moment.
func (c Context) test(of string, scenarios []Scenario, ruleFile string, expect func(*testfile.Test, model.Duration, Expect) error) (testfile.File, error) {
	file := testfile.File{RuleFiles: []string{ruleFile}, EvaluationInterval: model.Duration(scenarioStep)}
	var errs []error
	for _, s := range scenarios {
		t := testfile.Test{Name: s.Name, Interval: model.Duration(scenarioStep), Series: []testfile.Series{}}
		for _, in := range s.Series {
			t.Series = append(t.Series, testfile.Series{Series: in.Name, Values: in.Values})
		}
		for _, e := range s.Expect {
			at, err := c.duration(e.At)
			if err := errors.Join(err, expect(&t, at, e)); err != nil {
				errs = append(errs, fmt.Errorf("%s, scenario %q, at %s: %w", of, s.Name, e.At, err))
			}
		}
		file.Tests = append(file.Tests, t)
	}
	return file, errors.Join(errs...)
}

// expected completes the instances of a moment with what the rule adds to
// them: its labels, and the annotations that are no templates.
func expected(g Group, a Alert, e Expect, annotations map[string]string) ([]testfile.Alert, error) {
	alerts := []testfile.Alert{}
	var errs []error
	for _, instance := range e.Firing {
		texts := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(annotations)) {
			text, given := instance.Texts[name]
			if !given {
				text = fillLabels(annotations[name], instance.Labels)
				if strings.Contains(text, "{{") {
					errs = append(errs, fmt.Errorf("say in Texts what the template %q becomes for %v", name, instance.Labels))
				}
			}
			texts[name] = text
		}
		for name := range instance.Texts {
			if _, ok := annotations[name]; !ok {
				errs = append(errs, fmt.Errorf("the alert has no %q, which Texts names", name))
			}
		}
		own := g.AlertLabels(a)
		maps.Copy(own, instance.Labels)
		alerts = append(alerts, testfile.Alert{Labels: own, Annotations: texts})
	}
	return alerts, errors.Join(errs...)
}

var labelAction = regexp.MustCompile(`\{\{\s*\$labels\.(\w+)\s*\}\}`)

// fillLabels replaces the actions of a template that name just a label.
func fillLabels(text string, labels map[string]string) string {
	return labelAction.ReplaceAllStringFunc(text, func(action string) string {
		return labels[labelAction.FindStringSubmatch(action)[1]]
	})
}
