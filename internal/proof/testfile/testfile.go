// Package testfile reads and shapes the unit test files of promtool.
package testfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"gopkg.in/yaml.v3"
)

// File is a unit test file of promtool.
type File struct {
	Path               string         `yaml:"-"`
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval,omitempty"`
	GroupEvalOrder     []string       `yaml:"group_eval_order,omitempty"`
	FuzzyCompare       bool           `yaml:"fuzzy_compare,omitempty"`
	Tests              []Test         `yaml:"tests"`
}

// Test is one story: series, and what is expected of the rules at given
// moments.
type Test struct {
	Name           string         `yaml:"name,omitempty"`
	Interval       model.Duration `yaml:"interval,omitempty"`
	Series         []Series       `yaml:"input_series"`
	Alerts         []AlertCase    `yaml:"alert_rule_test,omitempty"`
	Exprs          []ExprCase     `yaml:"promql_expr_test,omitempty"`
	ExternalLabels labels.Labels  `yaml:"external_labels,omitempty"`
	ExternalURL    string         `yaml:"external_url,omitempty"`
	Start          startTime      `yaml:"start_timestamp,omitempty"`
}

// Series is an input series, a value each interval.
type Series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// AlertCase says which instances of an alert fire at a moment: exactly these.
type AlertCase struct {
	At       model.Duration `yaml:"eval_time"`
	Alert    string         `yaml:"alertname"`
	Expected []Alert        `yaml:"exp_alerts"`
}

// Alert is a firing instance.
type Alert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations,omitempty"`
}

// ExprCase says what an expression yields at a moment: exactly these samples.
type ExprCase struct {
	Expr     string         `yaml:"expr"`
	At       model.Duration `yaml:"eval_time"`
	Expected []Sample       `yaml:"exp_samples"`
}

// Sample is a sample of a result.
type Sample struct {
	Labels    string  `yaml:"labels"`
	Value     float64 `yaml:"value"`
	Histogram string  `yaml:"histogram,omitempty"`
}

// startTime is when a test begins: RFC 3339 or Unix seconds; zero is the
// epoch.
type startTime struct{ time.Time }

func (t *startTime) UnmarshalYAML(node *yaml.Node) error {
	var seconds float64
	if err := node.Decode(&seconds); err == nil {
		t.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, node.Value)
	if err != nil {
		return fmt.Errorf("line %d: start_timestamp %q is neither RFC 3339 nor a number of seconds", node.Line, node.Value)
	}
	t.Time = parsed.UTC()
	return nil
}

// IsZero leaves an unset start out of the YAML.
func (t startTime) IsZero() bool { return t.Time.IsZero() }

const defaultInterval = model.Duration(time.Minute)

// Read reads a unit test file, strictly as promtool does.
func Read(path string) (File, error) {
	in, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	f, err := Decode(in)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	f.Path = path
	return f, nil
}

// Decode reads a unit test file from its text.
func Decode(in io.Reader) (File, error) {
	dec := yaml.NewDecoder(in)
	dec.KnownFields(true)
	var f File
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return File{}, err
	}
	if f.EvaluationInterval == 0 {
		f.EvaluationInterval = defaultInterval
	}
	for i := range f.Tests {
		t := &f.Tests[i]
		if t.Interval == 0 {
			t.Interval = f.EvaluationInterval
		}
		if t.Name == "" {
			t.Name = fmt.Sprintf("unnamed#%d", i)
		}
		for _, c := range t.Alerts {
			if c.Alert == "" {
				return File{}, fmt.Errorf("test %q: an alert_rule_test at %s has no alertname", t.Name, c.At)
			}
		}
	}
	return f, nil
}

// Loads returns the files that the test's rule_files name, globs followed.
func (f File) Loads() ([]string, error) {
	var out []string
	for _, pattern := range f.RuleFiles {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(f.Path), pattern)
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: rule_files %q: %w", f.Path, pattern, err)
		}
		out = append(out, found...)
	}
	return out, nil
}
