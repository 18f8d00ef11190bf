package routes

import (
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// cell is a set of alerts that Alertmanager may receive. The same promises match
// all of them, and they have one severity.
type cell struct {
	*definitions.Alert // nil for alerts of other sites and future ones
	name               string
	others             string // name of stated alerts of other programs, "" for all others
	box                space.Box
	promises           []promise
	level              string            // value of the scale's label
	direct             bool              // the webhook may be unable to deliver it
	instance           map[string]string // labels of an instance of a scenario; nil for a set
	pieces             []routetree.Piece
}

// labelSet returns the labels of an instance, or nil for a set. It leaves out
// external labels that the routing does not name.
func (p *proof) labelSet(c *cell) model.LabelSet {
	if c.instance == nil {
		return nil
	}
	out := model.LabelSet{}
	for name, value := range c.instance {
		if _, named := p.space.Label(name); !named && p.External()[name] == value {
			continue
		}
		out[model.LabelName(name)] = model.LabelValue(value)
	}
	return out
}

// allCells lists the alerts that the routing can distinguish: instances of
// scenarios, the site's alerts with every value of their labels, alerts of others
// with a name that the routing names, stated alerts of other programs, and alerts
// of other sites or future ones.
func (p *proof) allCells() []*cell {
	var out []*cell
	named := p.alertNames()
	for i := range p.Alerts {
		a := &p.Alerts[i]
		for _, instance := range p.instances(a) {
			out = append(out, p.divide(cell{Alert: a, name: a.Name, box: p.space.Box(instance), instance: instance})...)
		}
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		for _, own := range p.ownLabels(a) {
			for _, b := range p.boxes(a, own) {
				out = append(out, p.divide(cell{Alert: a, name: a.Name, box: b})...)
			}
		}
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		if !named[a.Name] || slices.ContainsFunc(p.Alerts[:i], func(x definitions.Alert) bool { return x.Name == a.Name }) {
			continue
		}
		for _, b := range p.namesakes(a) {
			out = append(out, p.divide(cell{name: a.Name, box: b})...)
		}
	}
	for _, ms := range p.declared {
		if box := p.declaredBox(ms); box != nil {
			out = append(out, p.divide(cell{name: othersName, others: matchers.Name(ms), box: box})...)
		}
	}
	for _, b := range p.unstated() {
		out = append(out, p.divide(cell{name: othersName, box: b})...)
	}
	return out
}

// alertNames returns the names of alerts in matchers.
func (p *proof) alertNames() map[string]bool {
	out := map[string]bool{}
	add := func(ms labels.Matchers) {
		for _, m := range ms {
			if m.Name == model.AlertNameLabel {
				for _, v := range literals(m) {
					out[v] = true
				}
			}
		}
	}
	for _, r := range p.tree.Routes() {
		add(r.Matchers)
	}
	for _, x := range p.promises {
		add(x.match)
	}
	for _, q := range p.quiets {
		add(q.While)
		add(q.Match)
	}
	for _, r := range p.inhibitions {
		add(r.rule.SourceMatchers)
		add(r.rule.TargetMatchers)
	}
	return out
}

// literals returns the values that a matcher lists.
func literals(m *labels.Matcher) []string {
	if m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual {
		return []string{m.Value}
	}
	values, _ := space.Literals(m.Value)
	return values
}

// divide divides alerts by their severity, by direct delivery, and by the
// promises that match them.
func (p *proof) divide(c cell) []*cell {
	at, _ := p.space.Label(p.Scale.Label)
	delivery, _ := p.space.Label(directLabel)
	direct := p.space.Only(delivery, directValue)
	var out []*cell
	for level := range c.box[at].All {
		one := c
		one.level = p.space.Value(at, level)
		one.box = c.box.With(at, p.space.Only(at, one.level))
		for _, is := range []bool{false, true} {
			part := one
			part.direct = is
			values := one.box[delivery].And(direct)
			if !is {
				values = one.box[delivery].Without(direct)
			}
			if values.Empty() {
				continue
			}
			part.box = one.box.With(delivery, values)
			out = append(out, p.promised(part)...)
		}
	}
	return out
}

// promised divides alerts by the promises that match them.
func (p *proof) promised(c cell) []*cell {
	parts := []*cell{&c}
	for i, x := range p.promises {
		if !c.box.Meets(p.promiseMatchers[i]) {
			continue
		}
		var next []*cell
		for _, part := range parts {
			if !part.box.Meets(p.promiseMatchers[i]) {
				next = append(next, part)
				continue
			}
			in, out := part.box.Split(p.promiseMatchers[i])
			for _, b := range out {
				rest := *part
				rest.box = b
				next = append(next, &rest)
			}
			if in != nil {
				with := *part
				with.box = in
				with.promises = append(part.promises[:len(part.promises):len(part.promises)], x)
				next = append(next, &with)
			}
		}
		parts = next
	}
	return parts
}
