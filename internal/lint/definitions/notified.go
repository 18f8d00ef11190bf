package definitions

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// reach is an instance with the labels by which its route groups it.
type reach struct {
	emit.Instance
	route           *dispatch.Route
	grouped, routed model.LabelSet
}

// urgent reports whether the instance has an urgent severity.
func (c *Checked) urgent(x reach) bool { return c.IsUrgent(x.Labels[c.Scale.Label]) }

// pairOf is two instances of one group, and a third one.
type pairOf struct {
	one, two, three reach
}

// differ returns a label that distinguishes the instances.
func (p pairOf) differ() string {
	for name, value := range sorted(p.two.Labels) {
		if p.one.Labels[name] != value {
			return name
		}
	}
	return model.AlertNameLabel
}

// notified holds the instances that reach a receiver.
type notified struct {
	list   []reach
	pairs  []pairOf
	labels map[string]bool // that they can have
	routes []*dispatch.Route
	others bool // alerts of other programs reach it, with any labels
}

// reached returns the scenario instances that reach each receiver, and pairs of
// instances that its routes put in one group.
func (c *Checked) reached(root *dispatch.Route) map[string]*notified {
	out := map[string]*notified{}
	of := func(r *dispatch.Route) *notified {
		n := out[r.RouteOpts.Receiver]
		if n == nil {
			n = &notified{labels: map[string]bool{}}
			out[r.RouteOpts.Receiver] = n
		}
		if !slices.Contains(n.routes, r) {
			n.routes = append(n.routes, r)
		}
		return n
	}
	for _, a := range c.Alerts {
		for _, x := range c.Instances(a.Group, a.Alert, c.series(a)) {
			for _, at := range arrivals(root, x) {
				n := of(at.route)
				n.list = append(n.list, at)
				for _, name := range a.Labels.Names() {
					n.labels[name] = true
				}
			}
		}
		for _, p := range c.twinsOf(a, root) {
			n := of(p.one.route)
			n.pairs = append(n.pairs, p)
		}
	}
	for _, n := range out {
		n.pairs = append(n.pairs, mixed(n.list)...)
	}
	for _, set := range c.otherLabels() {
		for _, r := range root.Match(set) {
			of(r).others = true
		}
	}
	return out
}

// arrivals returns an instance at each route that takes it.
func arrivals(root *dispatch.Route, x emit.Instance) []reach {
	own := model.LabelSet{}
	for name, value := range x.Labels {
		own[model.LabelName(name)] = model.LabelValue(value)
	}
	var out []reach
	for _, r := range root.Match(own) {
		grouped := model.LabelSet{}
		for name, value := range own {
			if groups(r, string(name)) {
				grouped[name] = value
			}
		}
		out = append(out, reach{x, r, grouped, r.RouteOpts.Labels})
	}
	return out
}

// groups reports whether a route groups by a label.
func groups(r *dispatch.Route, label string) bool {
	_, ok := r.RouteOpts.GroupBy[model.LabelName(label)]
	return ok || r.RouteOpts.GroupByAll
}

// series returns labels that a series of the alert's expression may have.
func (c *Checked) series(a Alert) map[string]string {
	out := map[string]string{}
	for _, name := range a.Labels.Names() {
		out[name] = cmp.Or(a.Labels.Pinned(name), c.valueOf(a, name, 0))
	}
	return out
}

// valueOf returns the n-th value of a label that is not pinned, or "" if it has
// fewer.
func (c *Checked) valueOf(a Alert, name string, n int) string {
	values := a.Labels.Values(name)
	if values == nil {
		values = c.targetValues(name, a.Labels.Pinned(model.JobLabel))
	}
	if values == nil {
		values = []string{"value", "other", "third"}
	}
	if n < len(values) {
		return values[n]
	}
	return ""
}

// targetValues returns the values that a job gives a label, or all jobs if it is
// "". It is nil where discovery gives others.
func (c *Checked) targetValues(name, job string) []string {
	if slices.ContainsFunc(c.TargetLabels, func(l metrics.Label) bool { return l.Name == name }) {
		return nil
	}
	var out []string
	for _, j := range c.Jobs {
		if job != "" && j.Name != job {
			continue
		}
		switch {
		case strings.Contains(j.YAML, "_sd_configs") || strings.Contains(j.YAML, "relabel_configs"):
			return nil
		case name == model.InstanceLabel:
			out = append(out, targets(j)...)
		case name == "env" && j.ByEnv != nil:
			out = slices.AppendSeq(out, maps.Keys(j.ByEnv))
		case j.Labels[name] != "":
			out = append(out, j.Labels[name])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// twinsOf returns instances of one alert that a route puts in one group.
func (c *Checked) twinsOf(a Alert, root *dispatch.Route) []pairOf {
	alone := a.Alert
	alone.Scenarios = nil
	first := c.series(a)
	var out []pairOf
	for condition, x := range c.Instances(a.Group, alone, first) {
		for _, one := range arrivals(root, x) {
			second, third := maps.Clone(first), maps.Clone(first)
			for _, name := range a.Labels.Names() {
				if groups(one.route, name) || c.follows(name, one.route) {
					continue
				}
				other := c.valueOf(a, name, 1)
				if other == "" || a.Labels.Pinned(name) != "" {
					continue
				}
				second[name], third[name] = other, cmp.Or(c.valueOf(a, name, 2), other)
				if _, ok := c.at(a, alone, condition, second, root, one); !ok {
					second[name], third[name] = first[name], first[name]
				}
			}
			two, ok := c.at(a, alone, condition, second, root, one)
			three, also := c.at(a, alone, condition, third, root, one)
			if ok && also && !maps.Equal(one.Labels, two.Labels) {
				out = append(out, pairOf{one, two, three})
			}
		}
	}
	return out
}

// at returns the instance of a condition with the labels of a series, where the
// route puts it in the group of another one.
func (c *Checked) at(a Alert, alone rules.Alert, condition int, own map[string]string, root *dispatch.Route, one reach) (reach, bool) {
	list := c.Instances(a.Group, alone, own)
	if condition >= len(list) {
		return reach{}, false
	}
	for _, x := range arrivals(root, list[condition]) {
		if x.route == one.route && x.grouped.Equal(one.grouped) {
			return x, true
		}
	}
	return reach{}, false
}

// follows reports whether a label is that of a target, where the route groups by
// the target.
func (c *Checked) follows(label string, r *dispatch.Route) bool {
	if !groups(r, model.InstanceLabel) {
		return false
	}
	return label == model.JobLabel || slices.Contains(c.TargetNames(), label)
}

// maxMixed is the largest number of groups of different alerts that are
// expanded for a receiver.
const maxMixed = 20

// mixed returns instances of different alerts that a route puts in one group.
func mixed(list []reach) []pairOf {
	first := map[string]reach{}
	done := map[string]bool{}
	var out []pairOf
	for _, x := range list {
		key := x.route.ID() + x.grouped.String()
		one, ok := first[key]
		switch {
		case !ok:
			first[key] = x
		case !done[key] && len(out) < maxMixed && one.Labels[model.AlertNameLabel] != x.Labels[model.AlertNameLabel]:
			done[key] = true
			out = append(out, pairOf{one, x, x})
		}
	}
	return out
}

// alertsOf returns instances as alerts that fire, or are resolved.
func alertsOf(resolved bool, list ...reach) []*alert.Alert {
	start := time.Unix(0, 0).UTC()
	var out []*alert.Alert
	for _, x := range list {
		a := &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{}, Annotations: model.LabelSet{}, StartsAt: start}, UpdatedAt: start}
		for name, value := range x.Labels {
			a.Labels[model.LabelName(name)] = model.LabelValue(value)
		}
		for name, value := range x.Annotations {
			a.Annotations[model.LabelName(name)] = model.LabelValue(value)
		}
		if resolved {
			a.EndsAt = start.Add(time.Minute)
		}
		out = append(out, a)
	}
	return out
}

// otherLabels returns the labels of alerts that other programs send.
func (c *Checked) otherLabels() []model.LabelSet {
	var out []model.LabelSet
	for _, text := range c.Routing.Others {
		set := model.LabelSet{}
		list, _ := matchers.Parse(text) // another check reports a mistake
		for _, m := range list {
			if m.Type == labels.MatchEqual && m.Value != "" {
				set[model.LabelName(m.Name)] = model.LabelValue(m.Value)
			}
		}
		out = append(out, set)
	}
	return out
}
