package mutate

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// Routes is an alertmanager.yml with its expectations.
type Routes struct {
	File  string
	Tree  *routetree.Tree
	Proof routetree.Proof
	// InhibitNames are the names of the inhibitions.
	InhibitNames []string
	// Effects are the mutants of what receivers do.
	Effects []Effect
	// Others reports, unless nil, whether other people wrote a part.
	Others func(RuleID) bool

	inhibitions func(*routetree.Tree) func(func(routetree.Failure) bool)
}

// Effect is a mistake in a receiver. Proof returns the expectations about the
// mistaken one.
type Effect struct {
	Receiver        string
	Field, From, To string
	Proof           func() routetree.Proof
}

// Score makes every mutant of the routes, inhibitions, time intervals and
// receivers, and checks the expectations on it. It returns an error if the
// original breaks an expectation.
func (r *Routes) Score() ([]Outcome, error) {
	for _, failures := range []func(func(routetree.Failure) bool){r.Proof.Routes(r.Tree), r.Proof.Inhibitions(r.Tree)} {
		for f := range failures {
			return nil, fmt.Errorf("the unchanged routes break a promise: %s", f)
		}
	}
	r.inhibitions = r.Proof.InhibitionCheck()
	reach := r.reach()
	var out []Outcome
	for _, route := range r.Tree.Routes() {
		for _, m := range r.routeMutants(route, reach) {
			out = append(out, Outcome{Mutant: m, Tested: reach.routes[route.Index].tested, routes: r})
		}
	}
	for _, m := range r.timeMutants(reach) {
		out = append(out, Outcome{Mutant: m, Tested: true, routes: r})
	}
	at := 0
	for i, e := range r.Effects {
		if i > 0 && e.Receiver != r.Effects[i-1].Receiver {
			at++
		}
		id := RuleID{r.File, ReceiverGroup, at, Routing, fmt.Sprintf("receiver %q", e.Receiver)}
		m := r.mutant(id, e.Field, e.From, e.To, r.unchanged)
		m.proof, m.cases = e.Proof, reach.ofReceiver(r.Tree, e.Receiver)
		out = append(out, Outcome{Mutant: m, Tested: true, routes: r})
	}
	for i := range r.InhibitNames {
		for _, m := range r.inhibitMutants(i) {
			out = append(out, Outcome{Mutant: m, Tested: r.Proof.Exact, routes: r})
		}
	}
	for i, o := range out {
		out[i].Others = r.Others != nil && r.Others(o.Of)
	}
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range out {
		work.Go(func() error {
			out[i].By = out[i].killer()
			return nil
		})
	}
	_ = work.Wait() // the workers return no error
	return out, nil
}

// killer returns the first expectation that the mutant breaks, or nil.
func (o Outcome) killer() fmt.Stringer {
	proof := o.routes.Proof
	if o.proof != nil {
		proof = o.proof()
	}
	failures := proof.RoutesOf(o.tree(), o.cases)
	if o.Of.Group == InhibitionGroup {
		failures = o.routes.inhibitions(o.tree())
	}
	for f := range failures {
		return f
	}
	return nil
}

func (r *Routes) unchanged() *routetree.Tree { return r.Tree }

// reach is the way of the cases through the routes.
type reach struct {
	space  *space.Space
	routes []reached // by index of the route
}

// reached is the part of the alerts that reach a route.
type reached struct {
	boxes     []space.Box
	of        []int                // by box: the case
	all       routetree.Population // the boxes
	delivered []int                // cases that the route delivers
	tested    bool                 // an expectation covers one of them
}

// reach returns the alerts that reach each route.
func (r *Routes) reach() reach {
	out := reach{space: r.Proof.Space, routes: make([]reached, len(r.Tree.Routes()))}
	for i, c := range r.Proof.Cases {
		pieces, _ := r.Tree.Walk(r.Proof.Space, c.Box, func(route *routetree.Route, b space.Box) {
			at := &out.routes[route.Index]
			at.boxes, at.of = append(at.boxes, b), append(at.of, i)
		})
		for _, p := range pieces {
			for _, route := range p.Routes {
				own := &out.routes[route.Index]
				own.delivered = appendNew(own.delivered, i)
				for at := route; c.Judge != nil && at != nil; at = at.Parent {
					x := &out.routes[at.Index]
					x.tested = x.tested || at == route || at.Parent != nil || route.Inherits(at)
				}
			}
		}
	}
	for i, x := range out.routes {
		out.routes[i].all = routetree.NewPopulation(r.Proof.Space, x.boxes)
	}
	return out
}

// at returns the cases that reach a route. They are those that a change of its
// receiver, grouping or times concerns.
func (x reach) at(route *routetree.Route) []int {
	return slices.Compact(slices.Clone(x.routes[route.Index].of))
}

// matching returns the cases that reach a route and match one of the lists of
// matchers.
func (x reach) matching(route *routetree.Route, lists ...space.Matchers) []int {
	var out []int
	r := x.routes[route.Index]
	for _, ms := range lists {
		for i := range r.all.Matching(ms) {
			out = append(out, r.of[i])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// meets reports whether alerts that reach a route match both lists of matchers.
func (x reach) meets(route *routetree.Route, a, b space.Matchers) bool {
	both := slices.Concat(a, b)
	if !x.space.All().Meets(both) {
		return false
	}
	for range x.routes[route.Index].all.Matching(both) {
		return true
	}
	return false
}

// ofReceiver returns the cases that routes to a receiver deliver.
func (x reach) ofReceiver(t *routetree.Tree, name string) []int {
	return x.delivered(t, func(r *routetree.Route) bool { return r.Receiver == name })
}

// delivered returns the cases that some routes deliver.
func (x reach) delivered(t *routetree.Tree, by func(*routetree.Route) bool) []int {
	var out []int
	for _, r := range t.Routes() {
		if by(r) {
			out = append(out, x.routes[r.Index].delivered...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// appendNew appends a number that is not smaller than those of the list, unless
// it is there.
func appendNew(list []int, i int) []int {
	if n := len(list); n > 0 && list[n-1] == i {
		return list
	}
	return append(list, i)
}

// differs describes an alert that is routed differently by the mutant, or
// returns "".
func (r *Routes) differs(m Mutant) string {
	if m.proof != nil {
		return "the receiver acts differently"
	}
	return r.Proof.Differ(r.Tree, m.tree())
}
