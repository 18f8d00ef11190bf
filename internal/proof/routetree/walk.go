package routetree

import (
	"slices"

	"github.com/prometheus/alertmanager/inhibit"

	"github.com/alertnative/preflight/internal/proof/space"
)

// MaxPieces limits the pieces into which routes divide the alerts of a box.
const MaxPieces = 10_000

// Piece is a set of alerts that the same routes deliver.
type Piece struct {
	Box    space.Box
	Routes []*Route
}

// Deliveries returns the deliveries of the alerts.
func (p Piece) Deliveries() Deliveries { return deliveries(p.Routes) }

// onSpace is a tree with its matchers translated for a space.
type onSpace struct {
	space   *space.Space
	base    *onSpace         // of the original of an edited tree, or nil
	routes  []space.Matchers // by index of the route; of an edited tree those of the new ones
	inhibit []sides
	fans    []*fan // by index of the route; nil for an edited tree

	// Of an edited tree: the index of the route with other children, or -1, and
	// the place of the only other child, or -1 for several.
	parent, place int
}

// matchers returns the translated matchers of a route.
func (o *onSpace) matchers(r *Route) space.Matchers {
	if o.base == nil {
		return o.routes[r.Index]
	}
	if at := r.Index - len(o.base.routes); at >= 0 {
		return o.routes[at]
	}
	return o.base.routes[r.Index]
}

// on returns the tree translated for a space.
func (t *Tree) on(s *space.Space) *onSpace {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := t.compiled[s]; o != nil {
		return o
	}
	o := &onSpace{space: s}
	if t.base != nil {
		o.base = t.base.on(s)
		o.inhibit = o.base.inhibit
		o.parent, o.place = t.parent, t.place
	}
	for _, r := range t.routes {
		o.routes = append(o.routes, s.Matchers(r.Matchers))
	}
	switch {
	case t.base == nil:
		for _, r := range t.rules {
			o.inhibit = append(o.inhibit, ofRule(s, r))
		}
	case len(t.rules) < len(t.base.rules):
		o.inhibit = slices.Delete(slices.Clone(o.base.inhibit), t.changed, t.changed+1)
	case t.changed < len(t.rules) && t.rules[t.changed] != t.base.rules[t.changed]:
		o.inhibit = slices.Clone(o.base.inhibit)
		o.inhibit[t.changed] = ofRule(s, t.rules[t.changed])
	}
	if t.base == nil {
		for _, r := range t.routes {
			o.fans = append(o.fans, o.fanOfChildren(r))
		}
	}
	t.compiled[s] = o
	return o
}

// ofRule returns the sides of an inhibition.
func ofRule(s *space.Space, r *inhibit.InhibitRule) sides {
	var equal []string
	for name := range r.Equal {
		equal = append(equal, string(name))
	}
	return newSides(s, r.SourceMatchers, r.TargetMatchers, equal)
}

// Walk divides the alerts of a box by the routes that deliver them, in the way
// of Alertmanager's dispatcher: the children of a route are tried in order until
// one without continue takes the alert, and the route itself delivers if none
// does. whole is false if there are too many pieces. visit, if not nil, is called
// with each route that alerts of the box reach, and these alerts.
func (t *Tree) Walk(s *space.Space, b space.Box, visit func(*Route, space.Box)) (pieces []Piece, whole bool) {
	w := walk{onSpace: t.on(s), visit: visit}
	in := b.Only(w.matchers(t.root))
	if in == nil {
		return nil, true
	}
	pieces = w.below(t.root, in)
	return pieces, !w.over
}

type walk struct {
	*onSpace
	visit func(*Route, space.Box)
	over  bool
}

// below divides a box of alerts that match a route.
func (w *walk) below(r *Route, b space.Box) []Piece {
	if w.visit != nil {
		w.visit(r, b)
	}
	open := []Piece{{Box: b}}
	var done []Piece
	for child := range w.children(r, b) {
		if len(open) == 0 || w.over {
			break
		}
		var next []Piece
		ms := w.matchers(child)
		if !slices.ContainsFunc(open, func(p Piece) bool { return p.Box.Meets(ms) }) {
			continue
		}
		for _, p := range open {
			in, out := p.Box.Split(ms)
			for _, rest := range out {
				next = append(next, Piece{rest, p.Routes})
			}
			if in == nil {
				continue
			}
			for _, sub := range w.below(child, in) {
				sub.Routes = append(p.Routes[:len(p.Routes):len(p.Routes)], sub.Routes...)
				if child.Continue {
					next = append(next, sub)
				} else {
					done = append(done, sub)
				}
			}
		}
		if len(next)+len(done) > MaxPieces {
			w.over = true
		}
		open = next
	}
	for _, p := range open {
		if len(p.Routes) == 0 {
			p.Routes = []*Route{r}
		}
		done = append(done, p)
	}
	return done
}
