package emit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/steps"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// AlertTest returns the scenarios of an alert as a promtool test that loads
// ruleFile, a path relative to the test. The error names each text that a
// scenario must give because the template depends on the value.
func (c *Context) AlertTest(g site.Group, a rules.Alert, ruleFile string) (testfile.File, error) {
	conditions := c.Conditions(g, a, false)
	annotations := make([]map[string]string, len(conditions))
	for i, cond := range conditions {
		annotations[i] = c.Annotations(g, a, cond)
	}
	return c.test(fmt.Sprintf("alert %q", a.Name), a.Scenarios, ruleFile, func(t *testfile.Test, at model.Duration, e rules.Expect) []mistake {
		alerts, mistakes := c.expected(conditions, annotations, e)
		t.Alerts = append(t.Alerts, testfile.AlertCase{At: at, Alert: a.Name, Expected: alerts})
		return mistakes
	})
}

// RecordTest returns the scenarios of a recording rule as a promtool test that
// loads ruleFile, a path relative to the test.
func (c *Context) RecordTest(g site.Group, r rules.Record, ruleFile string) (testfile.File, error) {
	return c.test(fmt.Sprintf("record %q", r.Name), r.Scenarios, ruleFile, func(t *testfile.Test, at model.Duration, e rules.Expect) []mistake {
		samples := []testfile.Sample{}
		var mistakes []mistake
		for _, x := range e.Instances {
			own, err := parseLabels(x.Labels)
			if err != nil {
				mistakes = append(mistakes, mistake{finding.Unreadable, fmt.Sprintf("%q is not labels: %v: write env=\"prod\" 0.02", x.Labels, err)})
			}
			b := labels.NewBuilder(labels.FromMap(withGroup(g.Labels, r.Labels)))
			b.Set(model.MetricNameLabel, r.Name)
			for name, value := range own {
				b.Set(name, value)
			}
			samples = append(samples, testfile.Sample{Labels: b.Labels().String(), Value: x.Value})
		}
		t.Exprs = append(t.Exprs, testfile.ExprCase{Expr: r.Name, At: at, Expected: samples})
		return mistakes
	})
}

// mistake is a part of a scenario that cannot be written.
type mistake struct {
	code   finding.Code
	reason string
}

// test writes scenarios. expect adds the expectations of a moment.
func (c *Context) test(of string, scenarios []rules.Scenario, ruleFile string, expect func(*testfile.Test, model.Duration, rules.Expect) []mistake) (testfile.File, error) {
	file := testfile.File{RuleFiles: []string{ruleFile}}
	var errs []error
	for _, s := range scenarios {
		add := func(code finding.Code, format string, args ...any) {
			errs = append(errs, finding.Finding{Code: code, Where: fmt.Sprintf("%s, scenario %q", of, s.Name), Reason: fmt.Sprintf(format, args...)})
		}
		t := testfile.Test{Name: s.Name, Series: []testfile.Series{}}
		step, err := c.Duration(cmp.Or(s.Step, "1m"))
		if err != nil || step == 0 {
			add(finding.Unreadable, "Step: %v", cmp.Or(err, errors.New("it is zero: write the time between two values, such as \"1m\"")))
			continue
		}
		run := time.Duration(0)
		if strings.Contains(s.Step, "run") {
			run = c.Timing.Run
		}
		each := steps.Interval(step, run)
		t.Interval = model.Duration(each)
		file.EvaluationInterval = model.Duration(divisor(time.Duration(file.EvaluationInterval), each))
		for _, line := range c.seriesLines(s.Series) {
			name, values, err := c.splitSeries(line)
			if err == nil {
				values, err = steps.Values(values, step, each)
			}
			if err != nil {
				add(finding.Syntax, "series %s: %v", line, err)
			}
			t.Series = append(t.Series, testfile.Series{Series: name, Values: values})
		}
		for _, e := range s.Expect {
			at, err := c.duration(e.At)
			if err != nil {
				add(finding.Unreadable, "at %s: %v", e.At, err)
			}
			for _, m := range expect(&t, at, c.InEnv(e)) {
				add(m.code, "at %s: %s", e.At, m.reason)
			}
		}
		file.Tests = append(file.Tests, t)
	}
	file.EvaluationInterval = cmp.Or(file.EvaluationInterval, model.Duration(time.Minute))
	return file, errors.Join(errs...)
}

// divisor returns the greatest common divisor of two durations.
func divisor(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// env returns the environment in place of ENV in scenarios, and the others.
func (c *Context) env() (string, []string) {
	switch len(c.Envs) {
	case 0:
		return "env", []string{"other"}
	case 1:
		return c.Envs[0], []string{"other"}
	}
	return c.Envs[0], c.Envs[1:]
}

// seriesLines returns the series of a scenario. A series with OTHER is repeated
// for each other environment.
func (c *Context) seriesLines(text string) []string {
	env, others := c.env()
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(envWord.ReplaceAllLiteralString(line, env))
		switch {
		case line == "":
		case strings.Contains(line, `"OTHER"`):
			for _, other := range others {
				out = append(out, strings.ReplaceAll(line, `"OTHER"`, fmt.Sprintf("%q", other)))
			}
		default:
			out = append(out, line)
		}
	}
	return out
}

// InEnv replaces ENV and OTHER in an expectation.
func (c *Context) InEnv(e rules.Expect) rules.Expect {
	env, others := c.env()
	var out []rules.Instance
	for _, x := range e.Instances {
		names := []string{""}
		if strings.Contains(x.Labels, `"OTHER"`) {
			names = others
		}
		for _, other := range names {
			replace := func(text string) string {
				text = envWord.ReplaceAllLiteralString(text, env)
				return strings.ReplaceAll(text, "OTHER", cmp.Or(other, "OTHER"))
			}
			one := rules.Instance{Labels: replace(x.Labels), Value: x.Value}
			for name, text := range x.Texts {
				if one.Texts == nil {
					one.Texts = map[string]string{}
				}
				one.Texts[name] = replace(text)
			}
			out = append(out, one)
		}
	}
	e.Instances = out
	return e
}

// splitSeries splits a line such as metric{a="b"} 0 1x9 into series and values.
// A value in runs, "3runs", becomes seconds.
func (c *Context) splitSeries(line string) (name, values string, err error) {
	name, values, err = splitSeries(line)
	fields := strings.Fields(values)
	for i, f := range fields {
		if d, ok := c.Runs(f); ok {
			fields[i] = strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
		}
	}
	return name, strings.Join(fields, " "), err
}

func splitSeries(line string) (name, values string, err error) {
	inQuotes := false
	for i, r := range line {
		switch {
		case r == '"' && (i == 0 || line[i-1] != '\\'):
			inQuotes = !inQuotes
		case !inQuotes && (r == ' ' || r == '\t') && !strings.Contains(line[i:], "}"):
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i:]), nil
		}
	}
	return line, "", errors.New(`no values: write metric{label="value"} 0 1x9`)
}

// parseLabels parses env="prod", team="payments".
func parseLabels(text string) (map[string]string, error) {
	m, err := parser.NewParser(parser.Options{}).ParseMetric("{" + text + "}")
	if err != nil {
		return nil, err
	}
	return m.Map(), nil
}

// expected adds the labels and annotations of their rule to the instances of a
// moment.
func (c *Context) expected(conditions []Condition, annotations []map[string]string, e rules.Expect) ([]testfile.Alert, []mistake) {
	alerts := []testfile.Alert{}
	var mistakes []mistake
	for _, x := range e.Instances {
		own, err := parseLabels(x.Labels)
		if err != nil {
			mistakes = append(mistakes, mistake{finding.Unreadable, fmt.Sprintf("instance {%s}: %v: write env=\"prod\", team=\"payments\"", x.Labels, err)})
			continue
		}
		i := c.conditionOf(conditions, own)
		if i < 0 {
			mistakes = append(mistakes, mistake{finding.FalseProof, fmt.Sprintf("instance {%s}: no rule of the alert has its severity and environment", x.Labels)})
			continue
		}
		said, wrong := say(annotations[i], own, x.Texts)
		mistakes = append(mistakes, wrong...)
		all, err := expand(conditions[i].Labels, own)
		if err != nil {
			mistakes = append(mistakes, mistake{finding.FalseProof, fmt.Sprintf("instance {%s}: %v", x.Labels, err)})
		}
		maps.Copy(all, own)
		alerts = append(alerts, testfile.Alert{Labels: all, Annotations: said})
	}
	return alerts, mistakes
}

// conditionOf returns the rule of an instance: the one with its environment and
// severity, or else the first.
func (c *Context) conditionOf(conditions []Condition, own map[string]string) int {
	return slices.IndexFunc(conditions, func(cond Condition) bool {
		severity, given := own[c.Scale.Label]
		return (cond.Env == "" || cond.Env == own["env"]) && (!given || severity == cond.Labels[c.Scale.Label])
	})
}

// say returns the annotations of an instance: those in the scenario, and the
// others expanded.
func say(annotations, own, said map[string]string) (map[string]string, []mistake) {
	out := map[string]string{}
	var mistakes []mistake
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		text, given := said[name]
		if name == api.EvaluatedAt && annotations[name] == EvaluatedAt {
			out[name] = EvaluatedAt // the proof knows the evaluations
			continue
		}
		if !given {
			expanded, moving, err := texts.Fill(annotations[name], own)
			if err != nil || moving {
				mistakes = append(mistakes, mistake{finding.NoScenario, unsaid(name, own, err)})
			}
			text = expanded
		}
		out[name] = text
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if _, ok := annotations[name]; !ok {
			near := suggest.Nearest(name, slices.Collect(maps.Keys(annotations)))
			if near != "" {
				near = ": did you mean " + near + "?"
			}
			mistakes = append(mistakes, mistake{finding.FalseProof, fmt.Sprintf("Says names the text %q, which the alert does not have%s", name, near)})
		}
	}
	return out, mistakes
}

// unsaid describes a text that the labels of an instance do not determine.
func unsaid(name string, own map[string]string, err error) string {
	reason := fmt.Sprintf("the labels %s do not determine the text %q: add it with Says", labels.FromMap(own), name)
	if err != nil {
		reason += ": " + err.Error()
	}
	return reason
}

// expand returns the labels that a rule adds to an instance. An empty value
// means no label.
func expand(ruleLabels, own map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, value := range ruleLabels {
		text, moving, err := texts.Fill(value, own)
		if err != nil || moving {
			return out, fmt.Errorf("label %q: its template depends on more than the labels of the instance: %w", name, cmp.Or(err, errors.New("it runs a query or shows the value")))
		}
		if text != "" {
			out[name] = text
		}
	}
	return out, nil
}

// SeriesOf returns the series of a scenario, for one environment and the
// others. It skips series that do not parse; the test's emission reports them.
func (c *Context) SeriesOf(s rules.Scenario) []testfile.Series {
	var out []testfile.Series
	for _, line := range c.seriesLines(s.Series) {
		if name, values, err := c.splitSeries(line); err == nil {
			out = append(out, testfile.Series{Series: name, Values: values})
		}
	}
	return out
}
