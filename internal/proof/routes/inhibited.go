package routes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// where is the place of an inhibition in findings.
func (i inhibition) where() string { return "routing, " + i.name }

// inhibited reports inhibitions that never apply, or that hold back alerts that
// must be sent.
func (p *proof) inhibited() {
	for at, i := range p.inhibitions {
		if i.yaml && p.holdsBack(at, i) {
			continue
		}
		p.inhibition(i)
	}
}

// holdsBack reports an alert that an inhibition of others holds back although it
// is urgent or promised. It returns whether it reported one. Its sources are
// alerts of the site. If the site has none, others send them.
func (p *proof) holdsBack(at int, i inhibition) bool {
	var sources []space.Box
	for _, c := range p.matching(p.space.Matchers(i.rule.SourceMatchers)) {
		sources = append(sources, c.box)
	}
	if len(sources) == 0 {
		sources = []space.Box{p.space.All()}
	} else if p.Quieted {
		return false // the quiets are compared with it
	}
	urgent := func(c int) bool { return p.cells[c].Alert != nil && p.IsUrgent(p.cells[c].level) }
	promised := func(c int) bool { return p.cells[c].Alert != nil && p.cells[c].arrives() != "" }
	accept := fmt.Sprintf("narrow it in Routing.YAML, or accept it with routing.Quiet{Match: %q, While: %q%s}, and state the file's other inhibitions so too",
		strings.Join(matchers.Texts(i.rule.TargetMatchers), ","), strings.Join(matchers.Texts(i.rule.SourceMatchers), ","), equalField(i.equal))
	for c, pair := range p.proof.Held(p.tree, at, sources, urgent) {
		of := p.cells[c]
		promise := ""
		if text := of.arrives(); text != "" {
			promise = ", and the promise " + text + " is not kept"
		}
		p.add(finding.EqualNothing, i.where(), "%s is never sent while %s fires, and its severity %q is urgent%s: %s", routetree.Show(pair[1]), routetree.Show(pair[0]), of.level, promise, accept)
		return true
	}
	for c, pair := range p.proof.Held(p.tree, at, sources, promised) {
		p.addOrNote(true, finding.EqualNothing, i.where(), "%s is never sent while %s fires, and the promise %s does not count then: %s", routetree.Show(pair[1]), routetree.Show(pair[0]), p.cells[c].arrives(), accept)
		return true
	}
	return false
}

// arrives returns a promise that alerts arrive, or "".
func (c *cell) arrives() string {
	if i := slices.IndexFunc(c.promises, promise.arrives); i >= 0 {
		return c.promises[i].Text()
	}
	return ""
}

// equalField returns the field Equal of a quiet as Go.
func equalField(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(", Equal: %#v", names)
}

func (p *proof) inhibition(i inhibition) {
	source, target := p.space.Matchers(i.rule.SourceMatchers), p.space.Matchers(i.rule.TargetMatchers)
	for _, side := range []labels.Matchers{i.rule.SourceMatchers, i.rule.TargetMatchers} {
		if reason := p.slip(side); reason != "" {
			p.add(finding.EqualNothing, i.where(), "%s", reason)
			return
		}
		if reason := p.impossible(side); reason != "" {
			p.addOrNote(i.yaml, finding.EqualNothing, i.where(), "it never applies: %s", reason)
			return
		}
	}
	both := p.space.All().Only(source)
	if both != nil && both.In(target) {
		if back := p.space.All().Only(target); back != nil && back.In(source) {
			p.add(finding.EqualNothing, i.where(), "it never applies: source and target are the same alerts, and an alert that matches both is not inhibited by another one")
			return
		}
	}
	sources, targets := p.matching(source), p.matching(target)
	for _, c := range sources {
		if p.isHeartbeat(c.Alert) && len(targets) > 0 {
			p.add(finding.EqualNothing, i.where(), "its source %s always fires, so its targets are never sent: name another source", c.Name)
			return
		}
	}
	for _, name := range i.equal {
		label, _ := p.space.Label(name)
		missing := map[string]bool{}
		for side, cells := range map[string][]*cell{"source": sources, "target": targets} {
			if len(cells) == 0 {
				continue
			}
			if !slices.ContainsFunc(cells, func(c *cell) bool { return c.Labels.Can(name) }) {
				p.addOrNote(i.yaml, finding.EqualNothing, i.where(), "Equal has %q, a label that its %s does not have", name, side)
				missing = nil
				break
			}
			if slices.ContainsFunc(cells, func(c *cell) bool { return c.box[label].Has(0) }) {
				missing[side] = true
			}
		}
		if len(missing) == 2 {
			a, b := p.lacking(sources, label), p.lacking(targets, label)
			p.addOrNote(i.yaml, finding.BothLack, i.where(), "Equal has %q, which %s and %s can lack: then Alertmanager takes it for equal; match %s!=\"\" too, or leave it out of Equal", name, a, b, name)
		}
	}
	if len(p.Envs) > 1 && !slices.Contains(i.equal, "env") && p.someEnvs(sources) && p.someEnvs(targets) {
		p.addOrNote(i.yaml, finding.EqualNothing, i.where(), "it holds back alerts of one environment while those of another fire: add \"env\" to Equal")
	}
	for _, c := range targets {
		heartbeat := slices.ContainsFunc(c.pieces, func(x routetree.Piece) bool { return p.toWatchdog(x) != "" })
		if !heartbeat && (!p.IsUrgent(c.level) || i.yaml) || !p.inhibits(i, sources, c) {
			continue
		}
		if heartbeat {
			p.add(finding.SlowHeartbeat, i.where(), "it holds back the heartbeat %s, and the webhook reports then that alerting does not work: leave it out of the targets", c.Name)
		} else {
			p.add(finding.EqualNothing, i.where(), "it holds back %s, whose severity %q is urgent: an urgent alert is never inhibited", c.Name, c.level)
		}
		return
	}
}

// inhibits reports whether one of the sources can hold a target back.
func (p *proof) inhibits(i inhibition, sources []*cell, target *cell) bool {
	return slices.ContainsFunc(sources, func(c *cell) bool {
		return routetree.Inhibits(p.space, i.rule.SourceMatchers, i.rule.TargetMatchers, i.equal, c.box, target.box)
	})
}

// someEnvs reports whether the label env of an alert can have several values.
func (p *proof) someEnvs(cells []*cell) bool {
	label, ok := p.space.Label("env")
	return ok && slices.ContainsFunc(cells, func(c *cell) bool {
		return c.box[label].Without(p.space.Only(label, "")).Len() > 1
	})
}

// lacking names an alert that can lack a label.
func (p *proof) lacking(cells []*cell, label int) string {
	for _, c := range cells {
		if c.box[label].Has(0) {
			return c.Name
		}
	}
	return ""
}

// matching returns the cells of the site's alerts that can match.
func (p *proof) matching(ms space.Matchers) []*cell {
	var out []*cell
	for _, c := range p.cells {
		if c.Alert == nil {
			continue
		}
		if b := c.box.Only(ms); b != nil {
			part := *c
			part.box = b
			out = append(out, &part)
		}
	}
	return out
}
