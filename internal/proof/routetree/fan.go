package routetree

import (
	"math/bits"

	"github.com/alertnative/preflight/internal/proof/space"
)

// many is the number of things from which on a fan is worth its size.
const many = 16

// fan finds things, such as the children of a route, by the values of the label
// that divides them best.
type fan struct {
	label, n int
	of       []places // by value of the label
}

// places is a set of places in a list.
type places []uint64

func newPlaces(n int) places { return make(places, (n+63)/64) }

func (p places) add(i int) { p[i/64] |= 1 << (i % 64) }

// all yields the places in order.
func (p places) all(yield func(int) bool) {
	for i, word := range p {
		for ; word != 0; word &= word - 1 {
			if !yield(i*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

// share returns the average number of n things that have a value of a label. A
// thing without a set has all values.
func share(all space.Set, n int, of func(i int) space.Set) float64 {
	sum := 0.0
	for i := range n {
		if set := of(i); set == nil {
			sum++
		} else {
			sum += float64(set.Len()) / float64(all.Len())
		}
	}
	return sum
}

// newFan divides n things by a label.
func newFan(label int, all space.Set, n int, of func(i int) space.Set) *fan {
	f := &fan{label: label, n: n, of: make([]places, all.Len())}
	for v := range f.of {
		f.of[v] = newPlaces(n)
	}
	for i := range n {
		set := of(i)
		if set == nil {
			set = all
		}
		for v := range set.All {
			f.of[v].add(i)
		}
	}
	return f
}

// with returns the things with one of the values.
func (f *fan) with(values space.Set) places {
	out := newPlaces(f.n)
	for v := range values.All {
		for i, word := range f.of[v] {
			out[i] |= word
		}
	}
	return out
}

// fanOfChildren returns the fan of the children of a route, or nil if they are
// few or no label divides them.
func (o *onSpace) fanOfChildren(r *Route) *fan {
	n := len(r.Routes)
	if n < many {
		return nil
	}
	accept := func(label int) func(int) space.Set {
		return func(i int) space.Set { return o.matchers(r.Routes[i]).Accept(label) }
	}
	best, least := -1, float64(n)
	everything := o.space.All()
	for label, all := range everything {
		if s := share(all, n, accept(label)); s < least {
			best, least = label, s
		}
	}
	if best < 0 {
		return nil
	}
	return newFan(best, everything[best], n, accept(best))
}

// Population is a list of sets of alerts that finds those that match.
type Population struct {
	boxes []space.Box
	fans  map[int]*fan // by label, of those that divide the sets well
}

// NewPopulation returns the population of sets.
func NewPopulation(s *space.Space, boxes []space.Box) Population {
	p := Population{boxes, map[int]*fan{}}
	if len(boxes) < many {
		return p
	}
	for label, all := range s.All() {
		of := func(i int) space.Set { return boxes[i][label] }
		if share(all, len(boxes), of)*8 < float64(len(boxes)) {
			p.fans[label] = newFan(label, all, len(boxes), of)
		}
	}
	return p
}

// Matching yields the alerts of each set that match, with the number of the set,
// in order.
func (p Population) Matching(ms space.Matchers) func(yield func(int, space.Box) bool) {
	return func(yield func(int, space.Box) bool) {
		visit := func(i int) bool { return !p.boxes[i].Meets(ms) || yield(i, p.boxes[i].Only(ms)) }
		for _, label := range ms.Labels() {
			if f := p.fans[label]; f != nil {
				f.with(ms.Accept(label)).all(visit)
				return
			}
		}
		for i := range p.boxes {
			if !visit(i) {
				return
			}
		}
	}
}

// children yields the children of a route that alerts of the box can match, and
// maybe others, in order.
func (o *onSpace) children(r *Route, b space.Box) func(yield func(*Route) bool) {
	return func(yield func(*Route) bool) {
		f, edited := o.fanOf(r)
		if f == nil {
			for _, child := range r.Routes {
				if !yield(child) {
					return
				}
			}
			return
		}
		found := f.with(b[f.label])
		if edited >= 0 {
			found.add(edited)
		}
		for i := range found.all {
			if !yield(r.Routes[i]) {
				return
			}
		}
	}
}

// fanOf returns the fan of a route, or nil, and the place of a child of an edited
// tree that it does not know, or -1.
func (o *onSpace) fanOf(r *Route) (f *fan, edited int) {
	if o.base == nil {
		return o.fans[r.Index], -1
	}
	switch {
	case r.Index >= len(o.base.routes):
		return nil, -1
	case r.Index != o.parent:
		return o.base.fans[r.Index], -1
	case o.place < 0:
		return nil, -1
	}
	return o.base.fans[r.Index], o.place
}
