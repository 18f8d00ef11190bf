package emit

import (
	"maps"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/rules"

	site "github.com/alertnative/preflight/internal/model"
)

// Instance is an instance of an alert as Alertmanager gets it.
type Instance struct{ Labels, Annotations map[string]string }

// Firing returns the complete labels of the instances in an alert's scenarios.
func (c *Context) Firing(g site.Group, a rules.Alert) []map[string]string {
	var out []map[string]string
	c.instances(a, c.Conditions(g, a, false), func(_ int, labels, _ map[string]string, _ rules.Instance) {
		out = append(out, labels)
	})
	return out
}

// Instances returns the instances in an alert's scenarios as Alertmanager gets
// them, with annotations and external labels. An alert without scenarios has an
// instance with the labels of series for each of its rules.
func (c *Context) Instances(g site.Group, a rules.Alert, series map[string]string) []Instance {
	conditions := c.Conditions(g, a, false)
	annotations := make([]map[string]string, len(conditions))
	for i, cond := range conditions {
		annotations[i] = c.Annotations(g, a, cond)
	}
	var out []Instance
	add := func(i int, labels, own map[string]string, x rules.Instance) {
		for name, value := range c.External() {
			if labels[name] == "" {
				labels[name] = value
			}
		}
		said, _ := say(annotations[i], own, x.Texts)
		out = append(out, Instance{labels, said})
	}
	if len(a.Scenarios) > 0 {
		c.instances(a, conditions, add)
		return out
	}
	for i, cond := range conditions {
		own := maps.Clone(series)
		labels, _ := expand(cond.Labels, own) // another check reports a label that depends on the value
		for name, value := range own {
			if _, set := cond.Labels[name]; !set {
				labels[name] = value
			}
		}
		labels[model.AlertNameLabel] = a.Name
		add(i, labels, labels, rules.Instance{})
	}
	return out
}

// instances calls f with each instance in an alert's scenarios: the number of
// its condition, all its labels, and those of the scenario. It skips instances
// that do not parse; the test's emission reports them.
func (c *Context) instances(a rules.Alert, conditions []Condition, f func(condition int, labels, own map[string]string, x rules.Instance)) {
	for _, s := range a.Scenarios {
		for _, e := range s.Expect {
			for _, x := range c.InEnv(e).Instances {
				own, err := parseLabels(x.Labels)
				i := c.conditionOf(conditions, own)
				if err != nil || i < 0 {
					continue
				}
				all, err := expand(conditions[i].Labels, own)
				if err != nil {
					continue
				}
				maps.Copy(all, own)
				all[model.AlertNameLabel] = a.Name
				f(i, all, own, x)
			}
		}
	}
}
