package codegen

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/rules"
)

// sent is an alert as Alertmanager gets it.
type sent struct {
	*typedAlert // nil: of somebody else, or yet to come
	labels      map[string]string
	made        bool // not of a scenario
}

func (s sent) set() model.LabelSet {
	out := model.LabelSet{}
	for name, value := range s.labels {
		out[model.LabelName(name)] = model.LabelValue(value)
	}
	return out
}

// othersName is the name of an alert that is not of the pack.
const othersName = "SomebodyElses"

// sent lists the alerts that the routing can tell apart: each of the pack with
// every value that the labels named by the routing can have, those in
// scenarios, those of others or yet to come, and those of others that have the
// name of one of the pack's.
func (p Pack) sent(alerts []typedAlert) []sent {
	named := p.named()
	names := slices.Sorted(maps.Keys(named)) // some without values: only inhibitions look at them
	var out []sent
	for i := range alerts {
		a := &alerts[i]
		own := a.group.AlertLabels(a.Alert)
		own[model.AlertNameLabel] = a.Name
		all := combine(own, names, func(label string) []string { return a.choices(label, named[label]) })
		for _, labels := range a.group.Firing(a.Alert) {
			out = append(out, sent{a, labels, false})
		}
		for _, labels := range all {
			out = append(out, sent{a, labels, true})
		}
		if slices.Contains(named[model.AlertNameLabel], a.Name) {
			for _, labels := range all {
				out = append(out, sent{nil, namesake(labels, own), true})
			}
		}
	}
	for _, labels := range combine(map[string]string{model.AlertNameLabel: othersName}, names, func(label string) []string {
		if len(named[label]) == 0 {
			return []string{"a", ""} // as the pack's alerts have it
		}
		return append(slices.Clone(named[label]), "other", "")
	}) {
		out = append(out, sent{nil, labels, true})
	}
	seen := map[model.Fingerprint]bool{}
	return slices.DeleteFunc(out, func(s sent) bool {
		key := s.set().Fingerprint()
		again := seen[key]
		seen[key] = true
		return again
	})
}

// namesake is an alert of the same name that has none of the labels that the
// pack's rule puts on.
func namesake(labels, own map[string]string) map[string]string {
	out := maps.Clone(labels)
	for name := range own {
		if name != model.AlertNameLabel {
			delete(out, name)
		}
	}
	return out
}

// named are the labels that the routing and its promises ask for, with the
// values; without any where only two alerts are compared.
func (p Pack) named() map[string][]string {
	r, out := p.Routing, map[string][]string{}
	add := func(label string, values ...string) { out[label] = append(out[label], values...) }
	match := func(ms []rules.Matcher) {
		for _, m := range ms {
			add(m.Label, m.Value)
		}
	}
	for _, x := range r.Routes {
		match(x.Match)
	}
	for _, x := range r.Promises {
		match(x.Of)
	}
	for _, x := range r.Inhibit {
		match(x.Source)
		match(x.Target)
		for _, label := range x.Equal {
			add(label)
		}
	}
	for _, x := range r.Quiet {
		add(model.AlertNameLabel, x.Alert, x.While)
		for _, label := range x.Same {
			add(label)
		}
	}
	for label, values := range out {
		slices.Sort(values)
		out[label] = slices.Compact(values)
	}
	return out
}

// choices are the values of a label of the alert that the routing can tell
// apart: those it names, two more, and "" for none.
func (a typedAlert) choices(label string, named []string) []string {
	if !a.labels.Can(label) {
		return []string{""}
	}
	if pinned := a.labels.Pinned(label); pinned != "" {
		return []string{pinned}
	}
	values := a.labels.Values(label)
	if values == nil {
		values = append(slices.Clone(named), "a", "b")
	}
	var out []string
	spare := 2
	for _, v := range values {
		if slices.Contains(named, v) {
			out = append(out, v)
		} else if spare > 0 {
			out = append(out, v)
			spare--
		}
	}
	if !a.labels.Has(label) || len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// maxCombined is how many combinations are tried; where there are more, the
// labels change one at a time.
const maxCombined = 1000

// combine returns the labels with every combination of the choices for the
// others; "" leaves a label out.
func combine(labels map[string]string, names []string, choices func(label string) []string) []map[string]string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, fixed := labels[name]; return fixed })
	total := 1
	for _, name := range names {
		total = min(total*len(choices(name)), maxCombined+1)
	}
	out := []map[string]string{labels}
	for _, name := range names {
		var more []map[string]string
		for i, l := range out {
			values := choices(name)
			if total > maxCombined && i > 0 {
				values = values[:1]
			}
			for _, value := range values {
				with := l
				if value != "" {
					with = maps.Clone(l)
					with[name] = value
				}
				more = append(more, with)
			}
		}
		out = more
	}
	return out
}
