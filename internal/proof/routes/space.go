package routes

import (
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
