package space

import "math/bits"

// Set is a set of values of one label, by their numbers.
type Set []uint64

func newSet(size int) Set { return make(Set, (size+63)/64) }

func (s Set) add(i int) { s[i/64] |= 1 << (i % 64) }

// Has reports whether the set contains the value with this number.
func (s Set) Has(i int) bool { return i >= 0 && s[i/64]&(1<<(i%64)) != 0 }

// Empty reports whether the set has no values.
func (s Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Len returns the number of values.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Meets reports whether the sets have a common value.
func (s Set) Meets(o Set) bool {
	for i, w := range s {
		if w&o[i] != 0 {
			return true
		}
	}
	return false
}

// In reports whether all values of the set are in the other.
func (s Set) In(o Set) bool {
	for i, w := range s {
		if w&^o[i] != 0 {
			return false
		}
	}
	return true
}

// And returns the common values.
func (s Set) And(o Set) Set {
	out := make(Set, len(s))
	for i, w := range s {
		out[i] = w & o[i]
	}
	return out
}

// Or returns the values of both.
func (s Set) Or(o Set) Set {
	out := make(Set, len(s))
	for i, w := range s {
		out[i] = w | o[i]
	}
	return out
}

// Without returns the values that the other set lacks.
func (s Set) Without(o Set) Set {
	out := make(Set, len(s))
	for i, w := range s {
		out[i] = w &^ o[i]
	}
	return out
}

// All yields the numbers of the values in ascending order.
func (s Set) All(yield func(int) bool) {
	for i, w := range s {
		for w != 0 {
			if !yield(i*64 + bits.TrailingZeros64(w)) {
				return
			}
			w &= w - 1
		}
	}
}
