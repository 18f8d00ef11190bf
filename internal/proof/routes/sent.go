package routes

import (
	"maps"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
)

// sent is an alert that Alertmanager may receive.
type sent struct {
	*definitions.Alert // nil for alerts of other sites and future ones
	labels             map[string]string
	made               bool // made up, not from a scenario
}

func (s sent) set() model.LabelSet {
	out := model.LabelSet{}
	for name, value := range s.labels {
		out[model.LabelName(name)] = model.LabelValue(value)
	}
	return out
}

// othersName is the name of an alert of another site.
const othersName = "SomebodyElses"

// allSent lists the alerts that the routing can distinguish: the site's alerts
// with every value of the labels in the routing, those in scenarios, those of
// other sites or future ones, and alerts of other sites with a name of this
// site.
func (p *proof) allSent() []sent {
	named := p.named()
	names := slices.Sorted(maps.Keys(named)) // labels without values are read by inhibitions only
	shared := p.shared()
	var out []sent
	for i := range p.Alerts {
		a := &p.Alerts[i]
		for _, own := range p.ownLabels(a) {
			all := combine(own.fixed, without(names, own.templates), func(label string) []string { return choices(a, label, slices.Concat(named[label], shared[label])) })
			for _, labels := range all {
				own.expand(labels)
				out = append(out, sent{a, labels, true})
			}
			if slices.Contains(named[model.AlertNameLabel], a.Name) {
				for _, labels := range all {
					out = append(out, sent{nil, namesake(labels, own.fixed), true})
				}
			}
		}
		for _, labels := range p.Firing(a.Group, a.Alert) {
			out = append(out, sent{a, labels, false})
		}
	}
	for _, labels := range combine(map[string]string{model.AlertNameLabel: othersName}, names, func(label string) []string {
		if len(named[label]) == 0 {
			return []string{"a", ""} // a value of the site's alerts, and none
		}
		return append(slices.Clone(named[label]), "other", "")
	}) {
		out = append(out, sent{nil, labels, true})
	}
	return unique(out)
}

// shared returns the values of labels that inhibitions compare. Alerts of other
// sites may have equal values.
func (p *proof) shared() map[string][]string {
	var compared []string
	for _, x := range p.Routing.Inhibit {
		compared = append(compared, x.Equal...)
	}
	for _, x := range p.Routing.Quiet {
		compared = append(compared, x.Equal...)
	}
	out := map[string][]string{}
	for i := range p.Alerts {
		for _, own := range p.ownLabels(&p.Alerts[i]) {
			for _, label := range compared {
				if value := own.fixed[label]; value != "" && !slices.Contains(out[label], value) {
					out[label] = append(out[label], value)
				}
			}
		}
	}
	return out
}

// unique removes duplicate alerts. It prefers one of a scenario.
func unique(list []sent) []sent {
	slices.SortStableFunc(list, func(a, b sent) int { return btoi(a.made) - btoi(b.made) })
	seen := map[model.Fingerprint]bool{}
	return slices.DeleteFunc(list, func(s sent) bool {
		key := s.set().Fingerprint()
		again := seen[key]
		seen[key] = true
		return again
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// own holds the labels that an alert's rule adds to its instances.
type own struct {
	fixed     map[string]string
	templates map[string]string // labels with a template as value
}

// ownLabels returns the labels that an alert's rules add to its instances, for
// each severity and environment.
func (p *proof) ownLabels(a *definitions.Alert) []own {
	var out []own
	for _, cond := range p.Conditions(a.Group, a.Alert, false) {
		o := own{fixed: map[string]string{model.AlertNameLabel: a.Name}, templates: map[string]string{}}
		for name, value := range cond.Labels {
			if strings.Contains(value, "{{") {
				o.templates[name] = value
			} else {
				o.fixed[name] = value
			}
		}
		if !slices.ContainsFunc(out, func(x own) bool { return maps.Equal(x.fixed, o.fixed) }) {
			out = append(out, o)
		}
	}
	return out
}

// expand adds the labels with templates. It skips a label that depends on a
// query or the value: another finding reports it.
func (o own) expand(labels map[string]string) {
	for name, template := range o.templates {
		text, moving, err := texts.Fill(template, labels)
		if err == nil && !moving && text != "" {
			labels[name] = text
		}
	}
}

func without(names []string, drop map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := drop[name]; return ok })
}

// namesake returns an alert of the same name without the labels of the site's
// rule.
func namesake(labels, own map[string]string) map[string]string {
	out := maps.Clone(labels)
	for name := range own {
		if name != model.AlertNameLabel {
			delete(out, name)
		}
	}
	return out
}

// named returns the labels in the routing and its promises with their values,
// and the labels in templates of labels. Labels that are only compared between
// alerts have no values.
func (p *proof) named() map[string][]string {
	r, out := p.Routing, map[string][]string{directLabel: {directValue}}
	add := func(label string, values ...string) { out[label] = append(out[label], values...) }
	match := func(text string) {
		ms, _ := matchers.Parse(text) // another check reports a matcher that does not parse
		for _, m := range ms {
			add(m.Name, literals(m)...)
		}
	}
	for _, x := range r.Route.Routes {
		match(x.Match)
	}
	for _, x := range r.Promises {
		match(x.Match)
	}
	for _, x := range r.Inhibit {
		match(x.Source)
		match(x.Target)
		for _, label := range x.Equal {
			add(label)
		}
	}
	for _, x := range r.Quiet {
		match(x.Match)
		match(x.While)
		for _, label := range x.Equal {
			add(label)
		}
	}
	for i := range p.Alerts {
		for _, own := range p.ownLabels(&p.Alerts[i]) {
			for label, template := range own.templates {
				if _, asked := out[label]; !asked {
					continue
				}
				from, values := texts.Names(template)
				for _, name := range from {
					add(name, values...)
				}
			}
		}
	}
	for label, values := range out {
		slices.Sort(values)
		out[label] = slices.DeleteFunc(slices.Compact(values), func(v string) bool { return v == "" })
	}
	return out
}

// literals returns the values that a matcher distinguishes.
func literals(m *labels.Matcher) []string {
	if m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual {
		return []string{m.Value}
	}
	tree, err := syntax.Parse(m.Value, syntax.Perl)
	if err != nil || tree.Op != syntax.OpAlternate {
		return []string{m.Value}
	}
	var out []string
	for _, sub := range tree.Sub {
		if sub.Op == syntax.OpLiteral {
			out = append(out, string(sub.Rune))
		}
	}
	return out
}

// choices returns the values of a label that the routing can distinguish: those
// it names, two others, and "" for a missing label.
func choices(a *definitions.Alert, label string, named []string) []string {
	if !a.Labels.Can(label) {
		return []string{""}
	}
	if pinned := a.Labels.Pinned(label); pinned != "" {
		return []string{pinned}
	}
	values := a.Labels.Values(label)
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
	if !a.Labels.Has(label) || len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// maxCombined limits the number of combinations. Above it, the labels change
// one at a time.
const maxCombined = 1000

// combine returns the fixed labels with every combination of choices for the
// others. "" removes a label.
func combine(fixed map[string]string, names []string, choices func(label string) []string) []map[string]string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := fixed[name]; return ok })
	total := 1
	for _, name := range names {
		total = min(total*len(choices(name)), maxCombined+1)
	}
	out := []map[string]string{maps.Clone(fixed)}
	for _, name := range names {
		var more []map[string]string
		for i, l := range out {
			values := choices(name)
			if total > maxCombined && i > 0 {
				values = values[:1]
			}
			for _, value := range values {
				with := maps.Clone(l)
				if value != "" {
					with[name] = value
				}
				more = append(more, with)
			}
		}
		out = more
	}
	return out
}
