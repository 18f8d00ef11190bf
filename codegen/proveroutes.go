package codegen

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/rules"
)

// routeProof is the generated alertmanager.yml as Alertmanager reads it, the
// alerts that it can be sent, and what is promised of them.
type routeProof struct {
	routing  rules.Routing // as far as it is set up
	data     []byte        // alertmanager.yml
	tree     *routetree.Tree
	sent     []sent
	promises [][]rules.Promise // to each of sent
	proof    routetree.Proof   // its cases are those of sent
	deciders []string          // the labels that decide where an alert goes
}

// proveRoutes holds the generated alertmanager.yml against the promises. It
// returns no proof when what the routing names is not there: that is found
// elsewhere.
func (p Pack) proveRoutes(e Endpoints, alerts []typedAlert) (*routeProof, []finding.Finding, error) {
	in := e.integrations()
	if f, lost := p.untold(in); lost {
		return nil, []finding.Finding{f}, nil
	}
	data, err := p.Routing.AlertmanagerFile(in)
	if err != nil || p.undefinedInterval() {
		return nil, nil, nil
	}
	tree, err := routetree.Load(data)
	if err != nil {
		return nil, nil, fmt.Errorf("alertmanager.yml: Alertmanager refuses it: %w", err)
	}
	p.Routing = p.Routing.SetUp(in)
	r := &routeProof{routing: p.Routing, data: data, tree: tree, sent: p.sent(alerts)}
	for label, values := range p.named() {
		if len(values) > 0 {
			r.deciders = append(r.deciders, label)
		}
	}
	slices.Sort(r.deciders)
	findings := p.expect(r, alerts)
	findings = append(findings, r.strayed()...)
	return r, append(findings, r.broken()...), nil
}

// untold reports a default route whose receiver has no means of telling.
func (p Pack) untold(in rules.Integrations) (finding.Finding, bool) {
	name := p.Routing.Default.Receiver
	_, defined := p.Routing.Receiver(name)
	_, means := p.Routing.SetUp(in).Receiver(name)
	return finding.Finding{
		Code: finding.NoReceiver, Where: "routing, " + routeName(nil),
		Reason: fmt.Sprintf("its receiver %q tells nobody: give it a Path, or the endpoints what it needs", name),
	}, defined && !means
}

func (p Pack) undefinedInterval() bool {
	return slices.ContainsFunc(append([]rules.Route{p.Routing.Default}, p.Routing.Routes...), func(r rules.Route) bool {
		return len(p.undefinedIntervals(r.MuteDuring, r.ActiveDuring)) > 0
	})
}

// expect fills in what is promised, and reports the alerts of the pack of which
// nothing is, and promises to nobody.
func (p Pack) expect(r *routeProof, alerts []typedAlert) []finding.Finding {
	var out []finding.Finding
	told := map[string]bool{}
	for _, s := range r.sent {
		c := routetree.Case{Labels: s.set()}
		promises, err := p.Routing.Promised(s.labels)
		if err == nil {
			c.Want = promised(promises).String()
		} else if s.typedAlert != nil && !told[s.where] {
			told[s.where] = true
			out = append(out, finding.Finding{Code: finding.NoPromise, Where: s.where,
				Reason: fmt.Sprintf("with %s: %v: say in the routing's Promises whom it must reach", routetree.Show(c.Labels), err)})
		}
		r.proof.Cases, r.promises = append(r.proof.Cases, c), append(r.promises, promises)
	}
	r.proof.Inhibits = p.keepsBack
	empty := func(where, reason string) {
		if reason != "" {
			out = append(out, finding.Finding{Code: finding.BrokenPromise, Where: "routing, " + where, Reason: "promised to nobody: " + reason})
		}
	}
	for _, x := range p.Routing.Promises {
		empty("promise of "+routeName(x.Of), p.impossible(x.Of, alerts))
	}
	for _, q := range p.Routing.Quiet {
		for _, name := range []string{q.Alert, q.While} {
			empty(fmt.Sprintf("promise of quiet for %s", q.Alert), p.impossible([]rules.Matcher{{Label: model.AlertNameLabel, Value: name}}, alerts))
		}
	}
	return out
}

// promised is what becomes of an alert when the promises are kept.
func promised(promises []rules.Promise) routetree.Deliveries {
	var out routetree.Deliveries
	for _, x := range promises {
		out = append(out, routetree.Delivery{
			Receiver: x.Receiver, GroupBy: slices.Sorted(slices.Values(x.GroupBy)),
			GroupWait: x.Timing.GroupWait, GroupInterval: x.Timing.GroupInterval, Repeat: x.Timing.Repeat,
			Mute: slices.Sorted(slices.Values(x.MuteDuring)), Active: slices.Sorted(slices.Values(x.ActiveDuring)),
		})
	}
	return out
}

// keepsBack says which alerts are promised not to be told while the source
// fires. A label that is missing is as one that is empty.
func (p Pack) keepsBack(source model.LabelSet) func(target model.LabelSet) bool {
	quiet := slices.DeleteFunc(slices.Clone(p.Routing.Quiet), func(q rules.Quiet) bool { return string(source[model.AlertNameLabel]) != q.While })
	if len(quiet) == 0 {
		return nil
	}
	return func(target model.LabelSet) bool {
		return slices.ContainsFunc(quiet, func(q rules.Quiet) bool {
			return string(target[model.AlertNameLabel]) == q.Alert && !slices.ContainsFunc(q.Same, func(name string) bool {
				return source[model.LabelName(name)] != target[model.LabelName(name)]
			})
		})
	}
}

// strayed reports the alerts of the pack that have a priority and that only the
// default route takes.
func (r *routeProof) strayed() []finding.Finding {
	var out []finding.Finding
	told := map[string]bool{}
	for i, s := range r.sent {
		if s.typedAlert == nil || s.Priority == "" || told[s.where] || len(r.tree.Route.Routes) == 0 {
			continue
		}
		routes := append([]*config.Route{{Continue: true}}, r.tree.Route.Routes...)
		if !slices.ContainsFunc(r.tree.Taken(r.proof.Cases[i].Labels), func(at int) bool { return !routes[at].Continue }) {
			told[s.where] = true
			out = append(out, finding.Finding{Code: finding.NoReceiver, Where: s.where,
				Reason: fmt.Sprintf("no route takes it with %s: it goes to the default, which is for alerts of others", routetree.Show(r.proof.Cases[i].Labels))})
		}
	}
	return out
}

// broken reports the promises that the tree does not keep, one for each alert.
func (r *routeProof) broken() []finding.Finding {
	var out []finding.Finding
	told := map[string]bool{}
	add := func(f routetree.Failure) bool {
		where := "routing, alerts of others or yet to come"
		if a := r.sent[f.Case].typedAlert; a != nil {
			where = a.where
		}
		if !told[where] {
			told[where] = true
			out = append(out, finding.Finding{Code: finding.BrokenPromise, Where: where, Reason: f.Text})
		}
		return true
	}
	r.proof.Routes(r.tree)(add)
	r.proof.Inhibitions(r.tree)(add)
	return out
}
