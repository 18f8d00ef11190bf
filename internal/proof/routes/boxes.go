package routes

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/space"
)

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
	out := p.byJob(a, own, b)
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
