package routes

import (
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/space"
	"github.com/alertnative/preflight/metrics"
)

// othersName is the name of an alert of another site.
const othersName = "SomebodyElses"

// others returns the alerts of other sites and future ones. A label that the
// site gives to its targets has the values that the site knows, and an external
// label is there.
func (p *proof) others() space.Box {
	b := p.space.All()
	for i, name := range p.space.Names() {
		values, closed := p.targetValues(name)
		external := p.ExternalLabels[name]
		switch {
		case name == model.AlertNameLabel:
			b[i] = p.space.Only(i, othersName)
		case closed && len(external) > 0:
			b[i] = p.space.Only(i, slices.Concat(values, external)...)
		case closed:
			b[i] = p.space.Only(i, append(values, "")...)
		case len(external) > 0 && !p.ofMetrics(name):
			b[i] = p.space.Only(i, external...)
		case len(external) > 0:
			b[i] = b[i].Without(p.space.Only(i, ""))
		}
	}
	return b
}

// unstated returns the alerts of other sites and future ones without the stated
// alerts of other programs.
func (p *proof) unstated() []space.Box {
	boxes := []space.Box{p.others()}
	for _, ms := range p.declared {
		var rest []space.Box
		for _, b := range boxes {
			_, out := b.Split(p.space.Matchers(ms))
			rest = append(rest, out...)
		}
		boxes = rest
	}
	return boxes
}

// readOthers parses the stated alerts of other programs. It reports those that do
// not parse or that require no label.
func (p *proof) readOthers() {
	for _, text := range p.Routing.Others {
		ms, err := matchers.Parse(text)
		switch where := "routing, Others " + emit.RouteName(text); {
		case err != nil:
			p.add(finding.Unreadable, where, "%v", err)
		case !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches("") }):
			p.add(finding.Unreadable, where, "it requires no label: write labels that only alerts of other programs have, such as source=\"legacy\"")
		default:
			p.declared = append(p.declared, ms)
		}
	}
}

// declaredBox returns the stated alerts of another program. They have the name of
// an alert of this site only if their matchers say so. It returns nil if there are
// none.
func (p *proof) declaredBox(ms labels.Matchers) space.Box {
	b := p.space.All().Only(p.space.Matchers(ms))
	if b == nil {
		return nil // emptyPromises reports it
	}
	if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return m.Name == model.AlertNameLabel }) {
		if i, ok := p.space.Label(model.AlertNameLabel); ok {
			b = b.With(i, p.space.Only(i, othersName))
		}
	}
	return b
}

// targetValues returns the values of a label that the site gives to all of its
// targets by literals.
func (p *proof) targetValues(name string) (values []string, closed bool) {
	if name == p.Scale.Label || p.ofMetrics(name) {
		return nil, false
	}
	if name == "env" && len(p.Envs) > 0 {
		return p.Envs, true
	}
	for _, l := range p.TargetLabels {
		if l.Name == name {
			return l.Values, l.Values != nil
		}
	}
	for _, j := range p.Jobs {
		if v, ok := j.Labels[name]; ok {
			values, closed = append(values, v), true
		}
		if strings.Contains(j.YAML, name) {
			return nil, false // relabelling may set it
		}
	}
	for i := range p.Alerts {
		for _, own := range p.ownLabels(&p.Alerts[i]) {
			if v := own.fixed[name]; v != "" && closed {
				values = append(values, v)
			}
		}
	}
	return values, closed
}

// ofMetrics reports whether a metric has a label of that name of its own.
func (p *proof) ofMetrics(name string) bool {
	return slices.ContainsFunc(slices.Concat(p.Metrics, p.Exporters), func(d metrics.Desc) bool {
		return slices.ContainsFunc(d.Labels, func(l metrics.Label) bool { return l.Name == name })
	})
}

// namesakes returns alerts of others with the name of an alert of this site: its
// instances without a severity, and with other labels than its rule gives them.
func (p *proof) namesakes(a *definitions.Alert) []space.Box {
	var out []space.Box
	for _, own := range p.ownLabels(a) {
		for _, b := range p.boxes(a, own) {
			for i, name := range p.space.Names() {
				switch {
				case name == model.AlertNameLabel:
				case name == p.Scale.Label:
					b = b.With(i, p.space.Only(i, ""))
				case own.fixed[name] != "":
					b = b.With(i, p.space.Everything(i).Without(p.space.Only(i, p.fixedValues(a.Name, name)...)))
				case own.templates[name] != "":
					b = b.With(i, p.space.Only(i, ""))
				}
			}
			out = append(out, b)
		}
	}
	return out
}

// fixedValues returns the values that rules give to a label of the alerts with a
// name.
func (p *proof) fixedValues(alert, label string) []string {
	var out []string
	for i := range p.Alerts {
		if p.Alerts[i].Name != alert {
			continue
		}
		for _, own := range p.ownLabels(&p.Alerts[i]) {
			if v := own.fixed[label]; v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}
