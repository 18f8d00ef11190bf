package routetree

import (
	"slices"

	"github.com/prometheus/alertmanager/config"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"

	"github.com/alertnative/preflight/internal/proof/space"
)

// Edited returns the tree with a changed copy of a route. It shares the other
// routes with the tree, so that many mutants of a large tree are cheap. Its
// routes can be walked, but not listed.
func (t *Tree) Edited(r *Route, edit func(*config.Route)) *Tree {
	c := *r.Config
	edit(&c)
	if r.Parent == nil {
		return New(&c, t.Inhibits, t.Times)
	}
	out := t.share()
	changed := out.add(dispatch.NewRoute(&c, r.Parent.own), &c, r.Parent, r.Path)
	out.parent, out.place = r.Parent.Index, r.Path[len(r.Path)-1]
	siblings := slices.Clone(r.Parent.Routes)
	siblings[out.place] = changed
	out.root = r.Parent.with(siblings)
	return out
}

// Rearranged returns the tree with other children of a route: some of its own, in
// any order. It is shared as in [Tree.Edited].
func (t *Tree) Rearranged(r *Route, children []*Route) *Tree {
	out := t.share()
	out.root, out.parent = r.with(children), r.Index
	return out
}

// Reinhibited returns the tree with a changed inhibition, or without it if the
// change is nil. The routes are shared.
func (t *Tree) Reinhibited(i int, changed *amconfig.InhibitRule) *Tree {
	out := t.share()
	out.Inhibits, out.rules, out.changed = slices.Clone(t.Inhibits), slices.Clone(t.rules), i
	if changed == nil {
		out.Inhibits, out.rules = slices.Delete(out.Inhibits, i, i+1), slices.Delete(out.rules, i, i+1)
		return out
	}
	out.Inhibits[i], out.rules[i] = *changed, inhibit.NewInhibitRule(*changed)
	return out
}

// share returns a tree with the routes and inhibitions of t. The indexes of new
// routes follow those of t.
func (t *Tree) share() *Tree {
	return &Tree{
		Inhibits: t.Inhibits, Times: t.Times, rules: t.rules, root: t.root, base: t, first: len(t.routes), parent: -1, place: -1,
		byRoute: map[*dispatch.Route]*Route{}, compiled: map[*space.Space]*onSpace{},
	}
}

// with returns the root of a copy of the tree in which the route has these children.
func (r *Route) with(children []*Route) *Route {
	changed := *r
	changed.Routes = children
	if r.Parent == nil {
		return &changed
	}
	siblings := slices.Clone(r.Parent.Routes)
	siblings[r.Path[len(r.Path)-1]] = &changed
	return r.Parent.with(siblings)
}
