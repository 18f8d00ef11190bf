package routes

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// build builds the space of all alerts that the routing can distinguish.
func (p *proof) build() {
	var b space.Builder
	p.addMatchers(&b)
	p.addTemplates(&b)
	p.known = map[string]map[string]bool{}
	p.addValues(func(label string, values ...string) {
		for _, v := range values {
			if p.known[label] == nil {
				p.known[label] = map[string]bool{}
			}
			p.known[label][v] = v != ""
		}
		if values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }); b.Has(label) {
			b.Label(label, values...)
		}
	})
	s, complex := b.Build()
	p.space = s
	for _, label := range complex {
		p.add(finding.BadSite, "routing", "the patterns for %q distinguish too many values to prove the routes: write lists of values, or fewer patterns", label)
	}
}

// addMatchers adds the labels and matchers of the routing.
func (p *proof) addMatchers(b *space.Builder) {
	b.Label(model.AlertNameLabel)
	b.Label(p.Scale.Label, p.LevelNames()...)
	b.Label(directLabel, directValue)
	if len(p.Envs) > 1 && len(p.inhibitions) > 0 {
		b.Label("env")
	}
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
	for _, ms := range p.declared {
		b.Match(ms...)
	}
	for _, q := range p.quiets {
		b.Match(q.While...)
		b.Match(q.Match...)
		b.Compare(q.Equal...)
	}
}

// addTemplates adds the labels that decide the values of labels with templates.
func (p *proof) addTemplates(b *space.Builder) {
	for i := range p.Alerts {
		for _, o := range p.ownLabels(&p.Alerts[i]) {
			for _, label := range slices.Sorted(maps.Keys(o.templates)) {
				if !b.Has(label) {
					continue
				}
				from, values := texts.Names(o.templates[label])
				for _, name := range append(from, label) {
					b.Label(name, values...)
				}
			}
		}
	}
}

// addValues calls known with the values that the site knows for labels.
func (p *proof) addValues(known func(label string, values ...string)) {
	for i := range p.Alerts {
		a := &p.Alerts[i]
		for _, o := range p.ownLabels(a) {
			for label, value := range o.fixed {
				known(label, value)
			}
		}
		for _, label := range a.Labels.Names() {
			known(label, a.Labels.Values(label)...)
			known(label, a.Labels.Pinned(label))
		}
		for _, instance := range p.instances(a) {
			for label, value := range instance {
				known(label, value)
			}
		}
	}
	for label, values := range p.ExternalLabels {
		known(label, values...)
	}
	known("env", p.Envs...)
	for _, l := range p.TargetLabels {
		known(l.Name, l.Values...)
	}
	for _, j := range p.Jobs {
		for label, value := range j.Labels {
			known(label, value)
		}
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
