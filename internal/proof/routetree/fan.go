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

// newFan divides n things by their sets of values, where nil is all values. It
// returns nil if they are few or no label divides them.
func newFan(s *space.Space, n int, of func(i, label int) space.Set) *fan {
	if n < many {
		return nil
	}
	everything := s.All()
	best, least := -1, float64(n)
	for label, all := range everything {
		share := 0.0 // of the values, summed over the things
		for i := range n {
			if set := of(i, label); set == nil {
				share++
			} else {
				share += float64(set.Len()) / float64(all.Len())
			}
		}
		if share < least {
			best, least = label, share
		}
	}
	if best < 0 {
		return nil
	}
	f := &fan{label: best, n: n, of: make([]places, everything[best].Len())}
	for v := range f.of {
		f.of[v] = newPlaces(n)
	}
	for i := range n {
		set := of(i, best)
		if set == nil {
			set = everything[best]
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

// fanOfChildren returns the fan of the children of a route.
func (o *onSpace) fanOfChildren(r *Route) *fan {
	return newFan(o.space, len(r.Routes), func(i, label int) space.Set { return o.matchers(r.Routes[i]).Accept(label) })
}

// population is a list of sets of alerts, with a fan that finds those that match.
type population struct {
	boxes []space.Box
	fan   *fan
}

func newPopulation(s *space.Space, boxes []space.Box) population {
	return population{boxes, newFan(s, len(boxes), func(i, label int) space.Set { return boxes[i][label] })}
}

// matching yields the boxes with alerts that match, by number.
func (p population) matching(ms space.Matchers) func(yield func(int, space.Box) bool) {
	return func(yield func(int, space.Box) bool) {
		visit := func(i int) bool { return !p.boxes[i].Meets(ms) || yield(i, p.boxes[i].Only(ms)) }
		if p.fan != nil {
			if values := ms.Accept(p.fan.label); values != nil {
				p.fan.with(values).all(visit)
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
