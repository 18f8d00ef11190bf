package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/genfile"
	"github.com/alertnative/preflight/internal/testfile"
)

// TestFile returns the alert's scenarios as a promtool test that loads
// ruleFile, a path relative to the test. The error names every text that a
// scenario leaves out although the rule's template would write one.
func (c Context) TestFile(g Group, a Alert, ruleFile string) ([]byte, error) {
	file := testfile.File{RuleFiles: []string{ruleFile}, EvaluationInterval: model.Duration(scenarioStep)}
	annotations := a.Annotations(c.Timing, c.Links)
	var errs []error
	for _, s := range a.Scenarios {
		group := testfile.Test{Name: s.Name, Interval: model.Duration(scenarioStep), Series: []testfile.Series{}}
		for _, in := range s.Series {
			group.Series = append(group.Series, testfile.Series{Series: in.Name, Values: in.Values})
		}
		for _, e := range s.Expect {
			at, err1 := c.duration(e.At)
			alerts, err2 := expected(g, a, e, annotations)
			if err := errors.Join(err1, err2); err != nil {
				errs = append(errs, fmt.Errorf("alert %q, scenario %q, at %s: %w", a.Name, s.Name, e.At, err))
			}
			group.Alerts = append(group.Alerts, testfile.AlertCase{At: at, Alert: a.Name, Expected: alerts})
		}
		file.Tests = append(file.Tests, group)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return genfile.YAML(file)
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
		labels := g.AlertLabels(a)
		maps.Copy(labels, instance.Labels)
		alerts = append(alerts, testfile.Alert{Labels: labels, Annotations: texts})
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
