package codegen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/genfile"
	"github.com/alertnative/preflight/internal/invert"
	"github.com/alertnative/preflight/internal/mutate"
	"github.com/alertnative/preflight/internal/testfile"
	"github.com/alertnative/preflight/rules"
)

// coverage says what proves each rule: generated/prometheus/coverage.json.
type coverage struct {
	Covered int            `json:"covered"`
	Waived  int            `json:"waived"`
	Rules   []ruleCoverage `json:"rules"`
}

type ruleCoverage struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // alert or record
	Group    string `json:"group"`
	Priority string `json:"priority,omitempty"`
	// Scenarios were written by a person, Generated were made from the
	// expression; NotGenerated is what of it was not turned around.
	Scenarios    int      `json:"scenarios"`
	Generated    int      `json:"generated"`
	NotGenerated []string `json:"not_generated,omitempty"`
	// ReadBy are the alerts whose tests prove a recording rule.
	ReadBy []string `json:"read_by,omitempty"`
	Waived string   `json:"waived,omitempty"`
}

// tests returns the promtool test of an alert: its scenarios, and what follows
// from its expression.
func (p Pack) tests(ctx rules.Context, g rules.Group, a rules.Alert) (testfile.File, ruleCoverage, error) {
	covered := ruleCoverage{Name: a.Name, Type: "alert", Group: g.Name, Priority: string(a.Priority), Scenarios: len(a.Scenarios), Waived: a.Untested}
	data, err := ctx.TestFile(g, a, "../rules/"+g.Name+".yml")
	if err != nil {
		return testfile.File{}, covered, err
	}
	file, err := testfile.Decode(bytes.NewReader(data))
	if err != nil {
		return testfile.File{}, covered, fmt.Errorf("alert %q: %w", a.Name, err)
	}
	list, err := ctx.Rules(rules.Group{Name: g.Name, Labels: g.Labels, Alerts: []rules.Alert{a}})
	if err != nil {
		return testfile.File{}, covered, err
	}
	if len(list) != 1 {
		covered.NotGenerated = []string{"a rule for each environment: one alone cannot be told"}
		return file, covered, nil
	}
	generated, reasons := invert.Tests(list[0], p.seriesLabels())
	file.Tests = append(file.Tests, generated...)
	covered.Generated, covered.NotGenerated = len(generated), reasons
	return file, covered, nil
}

// testFile writes the test and notes what it covers.
func (c *coverage) testFile(p Pack, ctx rules.Context, g rules.Group, a rules.Alert) ([]byte, error) {
	file, covered, err := p.tests(ctx, g, a)
	if err != nil {
		return nil, err
	}
	c.add(covered)
	return genfile.YAML(file)
}

func (c *coverage) add(r ruleCoverage) {
	c.Rules = append(c.Rules, r)
	if r.Waived != "" {
		c.Waived++
	} else {
		c.Covered++
	}
}

// records notes which alerts prove the recording rules of the group. The error
// names one that nothing proves.
func (c *coverage) records(ctx rules.Context, g rules.Group, all []rules.Group) error {
	for _, r := range g.Records {
		covered := ruleCoverage{Name: r.Name, Type: "record", Group: g.Name, Waived: r.Untested}
		for _, other := range all {
			for _, a := range other.Alerts {
				list, err := ctx.Rules(rules.Group{Name: other.Name, Labels: other.Labels, Alerts: []rules.Alert{a}})
				if err != nil {
					return err
				}
				if slices.ContainsFunc(list, func(rule rulefmt.Rule) bool { return mutate.Reads(rule, r.Name) }) && len(a.Scenarios) > 0 {
					covered.ReadBy = append(covered.ReadBy, a.Name)
				}
			}
		}
		if len(covered.ReadBy) == 0 && r.Untested == "" {
			return fmt.Errorf("record %q: no alert with scenarios reads it: write one, or say why in Untested", r.Name)
		}
		c.add(covered)
	}
	return nil
}

func (c *coverage) json() ([]byte, error) {
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}

// seriesLabels gives every label of the catalogue a value: the first of a
// closed set, or one made up.
func (p Pack) seriesLabels() invert.Labels {
	catalogue, err := p.Catalogue()
	if err != nil {
		return func(string) map[string]string { return nil } // Check has reported it
	}
	return func(metric string) map[string]string {
		desc, ok := catalogue.Series(metric)
		if !ok {
			return nil
		}
		out := map[string]string{}
		for _, l := range desc.Labels {
			out[l.Name] = "a"
			if len(l.Values) > 0 {
				out[l.Name] = l.Values[0]
			}
		}
		return out
	}
}
