// Package testfile reads and writes promtool's unit test files.
package testfile

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"

	"github.com/alertnative/preflight/internal/yamlfile"
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

// Test is one story: input series, and expectations at given moments.
type Test struct {
	Name           string         `yaml:"name,omitempty"`
	Interval       model.Duration `yaml:"interval,omitempty"`
	Series         []Series       `yaml:"input_series"`
	Alerts         []AlertCase    `yaml:"alert_rule_test,omitempty"`
	Exprs          []ExprCase     `yaml:"promql_expr_test,omitempty"`
	ExternalLabels labels.Labels  `yaml:"external_labels,omitempty"`
	ExternalURL    string         `yaml:"external_url,omitempty"`
	Start          startTime      `yaml:"start_timestamp,omitempty"`
	// Suggested reports whether the test has the mark of a suggestion.
	Suggested bool `yaml:"-" json:"-"`
}

// Series is an input series with a value at each interval.
type Series struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// AlertCase is the exact set of an alert's instances that fire at a moment.
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

// ExprCase is the exact result of an expression at a moment.
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

// startTime is the start of a test: RFC 3339 or Unix seconds. Zero is the
// epoch.
type startTime struct{ time.Time }

func (t *startTime) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, rest := math.Modf(seconds)
		t.Time = time.Unix(int64(whole), int64(rest*float64(time.Second))).UTC()
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("start_timestamp %q is neither RFC 3339 nor a number of seconds", text)
	}
	t.Time = parsed.UTC()
	return nil
}

// IsZero makes the YAML omit an unset start.
func (t startTime) IsZero() bool { return t.Time.IsZero() }

const defaultInterval = model.Duration(time.Minute)

// Read reads a unit test file as strictly as promtool.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	f, err := decode(path, data)
	f.Path = path
	for i, marked := range marks(data, len(f.Tests)) {
		f.Tests[i].Suggested = marked
	}
	return f, err
}

// Decode decodes the text of a unit test file.
func Decode(in io.Reader) (File, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return File{}, err
	}
	return decode("test file", data)
}

// strict decodes the text of a file with promtool's decoder, so both accept the
// same files. The error lists every mistake with its line.
func strict(name string, data []byte, f *File) error {
	refused := yaml.UnmarshalStrict(data, f)
	if refused == nil {
		return nil
	}
	*f = File{}
	in, err := yamlfile.Parse(name, data)
	if err != nil {
		return err
	}
	keys := map[string]any{
		"rule_files": &f.RuleFiles, "evaluation_interval": &f.EvaluationInterval, "group_eval_order": &f.GroupEvalOrder, "fuzzy_compare": &f.FuzzyCompare,
		"tests": &f.Tests,
	}
	names := slices.Sorted(maps.Keys(keys))
	errs := in.Unknown(names)
	for _, key := range names {
		errs = append(errs, in.Decode(key, keys[key])...)
	}
	if err := yamlfile.Join(errs); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", name, refused)
}

func decode(name string, data []byte) (File, error) {
	var f File
	if err := strict(name, data, &f); err != nil {
		return File{}, err
	}
	if err := f.ordered(); err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
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
				return File{}, fmt.Errorf("%s: test %q: an alert_rule_test at %s has no alertname", name, t.Name, c.At)
			}
		}
	}
	return f, nil
}

// ordered returns an error for a group that group_eval_order lists twice.
func (f File) ordered() error {
	for i, name := range f.GroupEvalOrder {
		if slices.Contains(f.GroupEvalOrder[:i], name) {
			return fmt.Errorf("group_eval_order: %q is listed twice: delete one", name)
		}
	}
	return nil
}

// Loads returns the files that match the patterns in rule_files.
func (f File) Loads() ([]string, error) {
	var out []string
	for _, pattern := range f.RuleFiles {
		if pattern != "" && !filepath.IsAbs(pattern) {
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
