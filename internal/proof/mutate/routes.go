package mutate

import (
	"fmt"
	"runtime"

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
}

// Effect is a mistake in a receiver, with the expectations about the mistaken
// one.
type Effect struct {
	Receiver        string
	Field, From, To string
	Proof           routetree.Proof
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
	reach := r.reach()
	var out []Outcome
	for _, route := range r.Tree.Routes() {
		for _, m := range r.routeMutants(route, reach) {
			out = append(out, Outcome{Mutant: m, Tested: reach[route.Index].tested, routes: r})
		}
	}
	for _, m := range r.timeMutants() {
		out = append(out, Outcome{Mutant: m, Tested: true, routes: r})
	}
	at := 0
	for i, e := range r.Effects {
		if i > 0 && e.Receiver != r.Effects[i-1].Receiver {
			at++
		}
		id := RuleID{r.File, "receivers", at, Routing, fmt.Sprintf("receiver %q", e.Receiver)}
		m := r.mutant(id, e.Field, e.From, e.To, r.Tree)
		m.proof = &e.Proof
		out = append(out, Outcome{Mutant: m, Tested: true, routes: r})
	}
	for i := range r.InhibitNames {
		for _, m := range r.inhibitMutants(i) {
			out = append(out, Outcome{Mutant: m, Tested: r.Proof.Exact, routes: r})
		}
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
	proof := &o.routes.Proof
	if o.proof != nil {
		proof = o.proof
	}
	failures := proof.Routes
	if o.Of.Group == "inhibitions" {
		failures = proof.Inhibitions
	}
	for f := range failures(o.tree) {
		return f
	}
	return nil
}

// reached is the part of the alerts that reach a route.
type reached struct {
	boxes  []space.Box
	tested bool // an expectation covers one that it delivers
}

// reach returns the alerts that reach each route.
func (r *Routes) reach() []reached {
	out := make([]reached, len(r.Tree.Routes()))
	for _, c := range r.Proof.Cases {
		pieces, _ := r.Tree.Walk(r.Proof.Space, c.Box, func(route *routetree.Route, b space.Box) {
			out[route.Index].boxes = append(out[route.Index].boxes, b)
		})
		for _, p := range pieces {
			for _, route := range p.Routes {
				for at := route; c.Judge != nil && at != nil; at = at.Parent {
					out[at.Index].tested = out[at.Index].tested || at == route || at.Parent != nil || route.Inherits(at)
				}
			}
		}
	}
	return out
}

// differs describes an alert that is routed differently by the mutant, or
// returns "".
func (r *Routes) differs(m Mutant) string {
	if m.proof != nil {
		return "the receiver acts differently"
	}
	return r.Proof.Differ(r.Tree, m.tree)
}
