package codegen

import (
	"errors"
	"fmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/rules"
)

// alertmanagerPath is where the routes are.
const alertmanagerPath = "alertmanager/alertmanager.yml"

// mutateRoutes makes the mutants of the generated alertmanager.yml, and adds
// the waivers of routes and inhibitions to the others.
func (p Pack) mutateRoutes(e Endpoints, waivers map[mutate.RuleID][]finding.Equivalent) ([]mutate.Outcome, error) {
	checker, err := p.checker()
	if err != nil {
		return nil, err
	}
	alerts, _ := p.findings(checker, p.context(e))
	proved, _, err := p.proveRoutes(e, alerts)
	if err == nil && proved == nil {
		err = errors.New("the routing has mistakes: generate the pack first, which names them")
	}
	if err != nil {
		return nil, err
	}
	routes := &mutate.Routes{File: alertmanagerPath, Tree: proved.tree, Proof: proved.proof}
	equivalents := map[string][][]finding.Equivalent{}
	for _, x := range append([]rules.Route{proved.routing.Default}, proved.routing.Routes...) {
		routes.RouteNames = append(routes.RouteNames, routeName(x.Match))
		equivalents["routes"] = append(equivalents["routes"], x.Equivalents)
	}
	for _, x := range proved.routing.Inhibit {
		routes.InhibitNames = append(routes.InhibitNames, inhibitName(x))
		equivalents["inhibitions"] = append(equivalents["inhibitions"], x.Equivalents)
	}
	outcomes, err := routes.Score()
	for _, o := range outcomes {
		if waivers[o.Of] == nil {
			for _, w := range equivalents[o.Of.Group][o.Of.Index] {
				waivers[o.Of] = append(waivers[o.Of], finding.Equivalent(w))
			}
		}
	}
	return outcomes, err
}

// inhibitName names an inhibition by what it matches.
func inhibitName(i rules.Inhibit) string {
	return fmt.Sprintf("inhibition of %s by %s", routeName(i.Target), routeName(i.Source))
}
