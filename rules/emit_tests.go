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
)

// The shape of promtool's unit test files.
type testFile struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []testGroup    `yaml:"tests"`
}

type testGroup struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval"`
	Series   []testSeries   `yaml:"input_series"`
	Cases    []testCase     `yaml:"alert_rule_test"`
}

type testSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type testCase struct {
	At       model.Duration `yaml:"eval_time"`
	Alert    string         `yaml:"alertname"`
	Expected []testAlert    `yaml:"exp_alerts"`
}

type testAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations,omitempty"`
}

// TestFile returns the alert's scenarios as a promtool test that loads
// ruleFile, a path relative to the test. The error names every text that a
// scenario leaves out although the rule's template would write one.
func (c Context) TestFile(g Group, a Alert, ruleFile string) ([]byte, error) {
	file := testFile{RuleFiles: []string{ruleFile}, EvaluationInterval: model.Duration(scenarioStep)}
	annotations := a.Annotations(c.Timing, c.Links)
	var errs []error
	for _, s := range a.Scenarios {
		group := testGroup{Name: s.Name, Interval: model.Duration(scenarioStep), Series: []testSeries{}}
		for _, in := range s.Series {
			group.Series = append(group.Series, testSeries{in.Name, in.Values})
		}
		for _, e := range s.Expect {
			at, err1 := c.duration(e.At)
			alerts, err2 := expected(g, a, e, annotations)
			if err := errors.Join(err1, err2); err != nil {
				errs = append(errs, fmt.Errorf("alert %q, scenario %q, at %s: %w", a.Name, s.Name, e.At, err))
			}
			group.Cases = append(group.Cases, testCase{At: at, Alert: a.Name, Expected: alerts})
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
func expected(g Group, a Alert, e Expect, annotations map[string]string) ([]testAlert, error) {
	alerts := []testAlert{}
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
		alerts = append(alerts, testAlert{Labels: labels, Annotations: texts})
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
