// Package routes proves the routes of a site's alerts. It loads the generated
// alertmanager.yml as Alertmanager does, divides all alerts by the routes that
// they take, and compares the result with the site's promises.
package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// Path is the path of the generated alertmanager.yml.
const Path = "alertmanager/alertmanager.yml"

// Proof is the result of proving the routes of a site. Pages, explain, the
// tests for amtool and the mutants read it.
type Proof interface {
	// Written returns alertmanager.yml.
	Written() emit.Written
	// Findings returns the promises that the routes do not keep, and routes,
	// inhibitions and time intervals that cannot work.
	Findings() []finding.Finding
	// Notes returns remarks about parts that are given as YAML.
	Notes() []string
	// Heartbeat reports whether the webhook gets a heartbeat: an alert that
	// always fires and goes to a Watchdog receiver.
	Heartbeat() bool
	// Notified returns the notifications of an alert of the site: first those
	// of most instances, then those of instances with other routes.
	Notified(a *definitions.Alert) []Notification
	// Others returns the notifications of alerts of other sites.
	Others() []Notification
	// Cases returns alerts with the receivers that they reach, for amtool.
	Cases() []Case
	// Receivers returns the receivers by name.
	Receivers() []Receiver
	// Promises returns the promises in words, sorted.
	Promises() []string
	// Hours returns the ranges of all time intervals, by name.
	Hours() []Hours
	// Picture returns a diagram of the routes in Mermaid, or "" if there are too
	// many for one.
	Picture() string
	// Mutate returns the outcome of every mutant of the routing, with the
	// waivers.
	Mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error)
}

// proof is the generated alertmanager.yml with the alerts that it may receive.
type proof struct {
	*definitions.Checked
	written     emit.Written
	tree        *routetree.Tree
	inhibitions []inhibition
	effects     effects
	space       *space.Space
	known       map[string]map[string]bool // values that the site knows, by label
	promises    []promise
	quiets      []routetree.Quiet
	declared    []labels.Matchers // alerts of other programs that the site states
	cells       []*cell
	proof       routetree.Proof // its cases are the cells
	use         usage
	findings    []finding.Finding
	notes       []string

	promiseMatchers []space.Matchers
}

// inhibition is an inhibition of alertmanager.yml.
type inhibition struct {
	name  string
	rule  *inhibit.InhibitRule
	equal []string
	yaml  bool
}

// Prove proves the routes of a checked site. It returns nil if the routing
// contains unknown names or does not parse; other checks report that.
func Prove(c *definitions.Checked) (Proof, error) {
	if c.Broken() {
		return nil, nil
	}
	written, err := c.Context.Alertmanager()
	if err != nil {
		return nil, err
	}
	tree, err := routetree.Load(written.Data)
	if err != nil {
		return nil, finding.Finding{Code: finding.Unreadable, Where: "routing", Reason: fmt.Sprintf("Alertmanager refuses alertmanager.yml: %v", err)}
	}
	p := &proof{Checked: c, written: written, tree: tree}
	for i, r := range tree.Inhibits {
		rule := inhibit.NewInhibitRule(r)
		p.inhibitions = append(p.inhibitions, inhibition{
			name: inhibitName(rule), rule: rule, equal: r.Equal, yaml: i < len(written.Inhibits) && written.Inhibits[i],
		})
	}
	p.effects = p.readEffects()
	p.readPromises()
	p.readQuiets()
	p.readOthers()
	p.build()
	for _, x := range p.promises {
		p.promiseMatchers = append(p.promiseMatchers, p.space.Matchers(x.match))
	}
	p.cells = p.allCells()
	p.proof = p.expectations(p.effects)
	p.walk()
	p.find()
	return p, nil
}

func inhibitName(r *inhibit.InhibitRule) string {
	return fmt.Sprintf("inhibition of %s by %s", matchers.Name(r.TargetMatchers), matchers.Name(r.SourceMatchers))
}

// expectations returns the promises about all alerts, for receivers with these
// effects.
func (p *proof) expectations(e effects) routetree.Proof {
	out := routetree.Proof{Space: p.space, Quiets: p.quiets, Exact: p.exactQuiets()}
	for _, i := range p.inhibitions {
		if p.isOthers(i) {
			out.Accepted = append(out.Accepted, routetree.Quiet{While: i.rule.SourceMatchers, Match: i.rule.TargetMatchers, Equal: i.equal})
		}
	}
	for _, c := range p.cells {
		out.Cases = append(out.Cases, routetree.Case{Box: c.box, Judge: p.judge(c, e), Example: p.labelSet(c)})
	}
	return out
}

// exactQuiets reports whether the quiets of the site are its only inhibitions,
// except those of others.
func (p *proof) exactQuiets() bool {
	return len(p.quiets) > 0 || slices.ContainsFunc(p.inhibitions, func(i inhibition) bool { return !i.yaml })
}

// isOthers reports whether an inhibition is that of other people: given as YAML
// on a site that states no quiets itself. The site accepts it, but for the alerts
// that are urgent or promised.
func (p *proof) isOthers(i inhibition) bool { return i.yaml && !p.Quieted }

// Written implements [Proof].
func (p *proof) Written() emit.Written { return p.written }

// Findings implements [Proof].
func (p *proof) Findings() []finding.Finding { return p.findings }

// Notes implements [Proof].
func (p *proof) Notes() []string { return p.notes }

func (p *proof) add(code finding.Code, where, format string, args ...any) {
	p.findings = append(p.findings, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
}

// addOrNote reports a finding about a literal, and a note about YAML.
func (p *proof) addOrNote(yaml bool, code finding.Code, where, format string, args ...any) {
	if yaml {
		p.notes = append(p.notes, where+": "+fmt.Sprintf(format, args...))
		return
	}
	p.add(code, where, format, args...)
}

// usage is how the site's alerts use the routes.
type usage struct {
	reach    []map[*definitions.Alert]bool // by route: alerts that get there
	deliver  []map[*definitions.Alert]bool // by route: alerts that it delivers
	promised [][]promise                   // by route: promises about future alerts that get there
	others   []bool                        // by route: whether stated alerts of other programs get there
}

// walk divides the alerts of each cell by the routes that deliver them.
func (p *proof) walk() {
	n := len(p.tree.Routes())
	p.use = usage{reach: make([]map[*definitions.Alert]bool, n), deliver: make([]map[*definitions.Alert]bool, n), others: make([]bool, n), promised: make([][]promise, n)}
	for i := range n {
		p.use.reach[i], p.use.deliver[i] = map[*definitions.Alert]bool{}, map[*definitions.Alert]bool{}
	}
	compared := map[string]bool{}
	for _, c := range p.cells {
		whole := true
		c.pieces, whole = p.tree.Walk(p.space, c.box, func(r *routetree.Route, _ space.Box) {
			p.use.reach[r.Index][c.Alert] = true
			p.use.others[r.Index] = p.use.others[r.Index] || c.others != ""
			if c.Alert == nil {
				p.use.promised[r.Index] = append(p.use.promised[r.Index], c.promises...)
			}
		})
		if !whole {
			p.add(finding.BadSite, p.whereOf(c), "the routes divide its instances into more than %d kinds, too many to prove: write fewer matchers of different labels at one level", routetree.MaxPieces)
		}
		for _, piece := range c.pieces {
			for _, r := range piece.Routes {
				p.use.deliver[r.Index][c.Alert] = true
			}
			if key := fmt.Sprint(paths(piece.Routes)); !compared[key] {
				compared[key] = true
				p.compare(piece)
			}
		}
	}
}

// whereOf returns the place of alerts in findings.
func (p *proof) whereOf(c *cell) string {
	switch {
	case c.others != "":
		return "routing, Others " + c.others
	case c.Alert == nil:
		return "routing, other or future alerts"
	}
	return c.Where
}

// compare reports a difference between the division of alerts and
// Alertmanager's own code, on one alert of the piece.
func (p *proof) compare(piece routetree.Piece) {
	alert := p.space.Witness(piece.Box, true)
	if want := routetree.Outcome(p.tree.Match(alert)); want != routetree.Outcome(piece.Routes) {
		p.add(finding.BrokenPromise, "routing", "the proof is wrong, please report it: Alertmanager sends %s to %s, the proof says %s", routetree.Show(alert), want, routetree.Outcome(piece.Routes))
	}
}

// find compares the routes with the promises.
func (p *proof) find() {
	p.emptyPromises()
	p.lists()
	p.routes()
	p.waits()
	p.intervals()
	p.inhibited()
	p.heartbeats()
	p.loose()
	done := map[string]bool{}
	for _, c := range p.cells {
		for _, piece := range c.pieces {
			if c.Alert != nil && !done[c.Where] {
				done[c.Where] = p.unguarded(c, piece)
			}
		}
	}
	broken := map[string]bool{}
	report := func(f routetree.Failure) bool {
		where := p.whereOf(p.cells[f.Case])
		if !broken[where] {
			broken[where] = true
			p.add(finding.BrokenPromise, where, "%s", f.Text)
		}
		return true
	}
	for i, c := range p.cells {
		for _, piece := range c.pieces {
			if f, wrong := p.proof.Judge(i, piece); wrong {
				report(f)
			}
		}
	}
	p.proof.Inhibitions(p.tree)(report)
}

// Mutate implements [Proof].
func (p *proof) Mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	r := &mutate.Routes{File: Path, Tree: p.tree, Proof: p.proof, Effects: p.effectMutants(), Others: p.ofOthers}
	for _, i := range p.inhibitions {
		r.InhibitNames = append(r.InhibitNames, i.name)
	}
	outcomes, err := r.Score()
	waivers := map[mutate.RuleID][]finding.Equivalent{}
	for _, o := range outcomes {
		if waivers[o.Of] == nil {
			for _, e := range p.Routing.Equivalents {
				if survives(outcomes, o.Of, e.Mutant) {
					waivers[o.Of] = append(waivers[o.Of], e)
				}
			}
		}
	}
	for _, e := range p.Routing.Equivalents {
		if len(outcomes) > 0 && !slices.ContainsFunc(outcomes, func(o mutate.Outcome) bool { return survives(outcomes, o.Of, e.Mutant) }) {
			waivers[outcomes[0].Of] = append(waivers[outcomes[0].Of], e) // the waiver is unused: Waive reports it
		}
	}
	return outcomes, waivers, err
}

// ofOthers reports whether a part of the routing is in Routing.YAML. Raw is the
// site's own, and so are inhibitions that the site states as quiets.
func (p *proof) ofOthers(id mutate.RuleID) bool {
	switch id.Group {
	case mutate.RouteGroup:
		o := p.origin(p.tree.Routes()[id.Index])
		return o.YAML && !o.Raw
	case mutate.InhibitionGroup:
		return p.isOthers(p.inhibitions[id.Index])
	case mutate.IntervalGroup:
		return p.written.Intervals[slices.Sorted(maps.Keys(p.tree.Times.Intervals))[id.Index]]
	}
	return false
}

// survives reports whether a mutant with that name survives.
func survives(outcomes []mutate.Outcome, of mutate.RuleID, name string) bool {
	return slices.ContainsFunc(outcomes, func(o mutate.Outcome) bool { return o.Of == of && o.Name() == name && o.By == nil })
}

// sorted returns the names of a set, joined.
func sorted(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }
