package routes

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
	"github.com/alertnative/preflight/metrics"
)

// cell is a set of alerts that Alertmanager may receive. The same promises match
// all of them, and they have one severity.
type cell struct {
	*definitions.Alert // nil for alerts of other sites and future ones
	name               string
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

// othersName is the name of an alert of another site.
const othersName = "SomebodyElses"

// build builds the space of all alerts that the routing can distinguish.
func (p *proof) build() {
	var b space.Builder
	b.Label(model.AlertNameLabel)
	if len(p.Envs) > 1 && len(p.inhibitions) > 0 {
		b.Label("env", p.Envs...)
	}
	b.Label(p.Scale.Label, p.LevelNames()...)
	b.Label(directLabel, directValue)
	for _, r := range p.tree.Routes() {
		b.Match(r.Matchers...)
	}
	for _, x := range p.promises {
		b.Match(x.match...)
	}
	for _, r := range p.inhibitions {
		b.Match(r.rule.SourceMatchers...)
		b.Match(r.rule.TargetMatchers...)
		b.Compare(r.equal...)
	}
	for _, q := range p.quiets {
		b.Match(q.While...)
		b.Match(q.Match...)
		b.Compare(q.Equal...)
	}
	own := make([][]own, len(p.Alerts))
	for i := range p.Alerts {
		own[i] = p.ownLabels(&p.Alerts[i])
		for _, o := range own[i] {
			for label, template := range o.templates {
				if !b.Has(label) {
					continue
				}
				from, values := texts.Names(template)
				b.Label(label, values...)
				for _, name := range from {
					b.Label(name, values...)
				}
			}
		}
	}
	known := func(label, value string) {
		if b.Has(label) && value != "" {
			b.Label(label, value)
		}
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		for _, o := range own[i] {
			for label, value := range o.fixed {
				known(label, value)
			}
		}
		for _, label := range a.Labels.Names() {
			for _, value := range append(a.Labels.Values(label), a.Labels.Pinned(label)) {
				known(label, value)
			}
		}
		for _, instance := range p.instances(a) {
			for label, value := range instance {
				known(label, value)
			}
		}
	}
	for label, values := range p.ExternalLabels {
		for _, value := range values {
			known(label, value)
		}
	}
	for _, env := range p.Envs {
		known("env", env)
	}
	for _, l := range p.TargetLabels {
		for _, value := range l.Values {
			known(l.Name, value)
		}
	}
	for _, j := range p.Jobs {
		for label, value := range j.Labels {
			known(label, value)
		}
	}
	s, complex := b.Build()
	p.space = s
	for _, label := range complex {
		p.add(finding.BadSite, "routing", "the patterns for %q distinguish too many values to prove the routes: write lists of values, or fewer patterns", label)
	}
}

// instances returns the labels of the instances in an alert's scenarios, as
// Prometheus sends them.
func (p *proof) instances(a *definitions.Alert) []map[string]string {
	out := p.Firing(a.Group, a.Alert)
	for _, instance := range out {
		for name, value := range p.External() {
			if instance[name] == "" {
				instance[name] = value
			}
		}
	}
	return out
}

// allCells lists the alerts that the routing can distinguish: instances of
// scenarios, the site's alerts with every value of their labels, alerts of other
// sites or future ones, and alerts of others with a name that the routing names.
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
	return append(out, p.divide(cell{name: othersName, box: p.others()})...)
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

// boxes returns the instances of an alert with these labels of its rule.
func (p *proof) boxes(a *definitions.Alert, own own) []space.Box {
	b := p.space.All()
	for i, name := range p.space.Names() {
		b[i] = p.values(a, own, i, name)
	}
	out := []space.Box{b}
	for _, name := range slices.Sorted(maps.Keys(own.templates)) {
		if i, ok := p.space.Label(name); ok {
			out = p.expand(out, i, own.templates[name])
		}
	}
	return out
}

// values returns the values that a label of an alert can have. An external label
// is added where the alert lacks one of the name.
func (p *proof) values(a *definitions.Alert, own own, label int, name string) space.Set {
	if value, ok := own.fixed[name]; ok && value != "" {
		return p.space.Only(label, value)
	}
	if _, ok := own.templates[name]; ok {
		return p.space.Everything(label)
	}
	none := p.space.Only(label, "")
	out := none
	external := p.ExternalLabels[name]
	switch pinned := a.Labels.Pinned(name); {
	case !a.Labels.Can(name), own.fixed[name] == "" && hasKey(own.fixed, name):
	case pinned != "" && len(external) > 1 && pinned == external[0]: // the type knows the first server only
	case pinned != "":
		out = p.space.Only(label, pinned)
	default:
		targets, closed := p.targetValues(name)
		if values := a.Labels.Values(name); values != nil {
			out = p.space.Only(label, values...)
		} else if name == "env" && a.PerEnv {
			out = p.space.Only(label, p.Envs...)
		} else if closed && !strings.Contains(a.Expr, "label_") { // label_replace may make any value
			out = p.space.Only(label, targets...)
		} else {
			out = p.space.Everything(label)
		}
		if a.Labels.Has(name) {
			out = out.Without(none)
		} else {
			out = out.Or(none)
		}
	}
	if out.Has(0) && len(external) > 0 {
		out = out.Without(none).Or(p.space.Only(label, external...))
	}
	return out
}

func hasKey(m map[string]string, key string) bool { _, ok := m[key]; return ok }

// maxExpanded limits the combinations of values for which the template of a
// label is expanded. Above it, the label may have any value.
const maxExpanded = 2000

// expand divides boxes by the value that a template gives to a label.
func (p *proof) expand(boxes []space.Box, label int, template string) []space.Box {
	names, _ := texts.Names(template)
	var from []int
	for _, name := range names {
		if i, ok := p.space.Label(name); ok && i != label {
			from = append(from, i)
		}
	}
	var out []space.Box
	for _, b := range boxes {
		total := 1
		for _, i := range from {
			total = min(total*b[i].Len(), maxExpanded+1)
		}
		if total > maxExpanded {
			out = append(out, b)
			continue
		}
		out = append(out, p.expandBox(b, label, template, from)...)
	}
	return out
}

func (p *proof) expandBox(b space.Box, label int, template string, from []int) []space.Box {
	combined := []space.Box{b}
	for _, i := range from {
		var next []space.Box
		for _, c := range combined {
			for v := range c[i].All {
				next = append(next, c.With(i, p.space.Only(i, p.space.Value(i, v))))
			}
		}
		combined = next
	}
	var out []space.Box
	byText := map[string]int{}
	for _, c := range combined {
		with := map[string]string{}
		for _, i := range from {
			for v := range c[i].All {
				with[p.space.Names()[i]] = p.space.Value(i, v)
			}
		}
		text, moving, err := texts.Fill(template, with)
		if err != nil || moving {
			out = append(out, c) // the label may have any value
			continue
		}
		c = c.With(label, p.space.Only(label, text))
		if at, seen := byText[text]; seen && len(from) == 1 {
			out[at] = out[at].With(from[0], out[at][from[0]].Or(c[from[0]]))
			continue
		}
		byText[text] = len(out)
		out = append(out, c)
	}
	return out
}

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

// readQuiets parses the quiets. emptyPromises reports those that do not parse.
func (p *proof) readQuiets() {
	for _, q := range p.Routing.Quiet {
		while, err1 := matchers.Parse(q.While)
		match, err2 := matchers.Parse(q.Match)
		if err1 == nil && err2 == nil {
			p.quiets = append(p.quiets, routetree.Quiet{While: while, Match: match, Equal: q.Equal})
		}
	}
}
