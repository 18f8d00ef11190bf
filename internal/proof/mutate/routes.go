package mutate

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

// Routes is an alertmanager.yml with its expectations.
type Routes struct {
	File  string
	Tree  *routetree.Tree
	Proof routetree.Proof // its cases cover all alerts that the routes can distinguish
	// RouteNames are the names of the routes, the default first.
	RouteNames, InhibitNames []string
}

// Score makes every mutant of the routes and inhibitions, and checks the
// expectations on it. It returns an error if the original breaks an
// expectation.
func (r *Routes) Score() ([]Outcome, error) {
	for _, failures := range []func(func(routetree.Failure) bool){r.Proof.Routes(r.Tree), r.Proof.Inhibitions(r.Tree)} {
		for f := range failures {
			return nil, fmt.Errorf("the unchanged routes break a promise: %s", f)
		}
	}
	var out []Outcome
	for i := range r.RouteNames {
		for _, m := range r.routeMutants(i) {
			out = append(out, Outcome{Mutant: m, Tested: r.reached(i), routes: r})
		}
	}
	inhibitions := len(out)
	for i := range r.InhibitNames {
		for _, m := range r.inhibitMutants(i) {
			out = append(out, Outcome{Mutant: m, Tested: true, routes: r})
		}
	}
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range out {
		work.Go(func() error {
			failures := r.Proof.Routes
			if i >= inhibitions {
				failures = r.Proof.Inhibitions
			}
			for f := range failures(out[i].tree) {
				out[i].By = f
				break
			}
			return nil
		})
	}
	_ = work.Wait() // the workers return no error
	return out, nil
}

// reached reports whether some expectation covers an alert that takes the
// route.
func (r *Routes) reached(route int) bool {
	return slices.ContainsFunc(r.Proof.Cases, func(c routetree.Case) bool {
		return c.Judge != nil && slices.Contains(r.Tree.Taken(c.Labels), route)
	})
}

// overlap reports whether an alert can match both routes.
func (r *Routes) overlap(a, b int) bool {
	return slices.ContainsFunc(r.Proof.Cases, func(c routetree.Case) bool {
		return r.Tree.Fits(a, c.Labels) && r.Tree.Fits(b, c.Labels)
	})
}

// randomAlerts is the number of random alerts on which a waived mutant is
// compared, in addition to all that the routes can distinguish.
const randomAlerts = 200

// differs describes an alert that is routed differently by the mutant, or
// returns "".
func (r *Routes) differs(mutant *routetree.Tree) string {
	var alerts []model.LabelSet
	values := map[model.LabelName][]model.LabelValue{}
	for _, c := range r.Proof.Cases {
		alerts = append(alerts, c.Labels)
		for name, value := range c.Labels {
			if name != model.AlertNameLabel && !slices.Contains(values[name], value) {
				values[name] = append(values[name], value)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range randomAlerts {
		alert := model.LabelSet{model.AlertNameLabel: model.LabelValue(fmt.Sprintf("Random%d", i))}
		for name := range values {
			slices.Sort(values[name])
		}
		for _, name := range sortedNames(values) {
			switch at := random.IntN(len(values[name]) + 2); {
			case at < len(values[name]):
				alert[name] = values[name][at]
			case at == len(values[name]):
				alert[name] = "random"
			}
		}
		alerts = append(alerts, alert)
	}
	return routetree.Differ(r.Tree, mutant, alerts)
}

func sortedNames(values map[model.LabelName][]model.LabelValue) []model.LabelName {
	var names []model.LabelName
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
