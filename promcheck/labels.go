package promcheck

import (
	"maps"
	"slices"
)

// Labels describes the labels of an expression's result. The zero value has
// none. Methods return new values and never change shared ones.
type Labels struct {
	// Open means that the result may have unknown labels too.
	Open bool
	// known maps each possible label to its closed set of values, or to nil for
	// any value.
	known map[string][]string
	// gone holds labels that are impossible although the set is open.
	gone map[string]bool
	// sure maps each label that every series has to its value, "" if unknown.
	sure map[string]string
}

func openLabels() Labels { return Labels{Open: true} }

// Can reports whether a series of the result can have the label.
func (l Labels) Can(name string) bool {
	if _, ok := l.known[name]; ok {
		return true
	}
	return l.Open && !l.gone[name]
}

// Values returns the closed set of values of a label, or nil.
func (l Labels) Values(name string) []string { return l.known[name] }

// Names returns the names of the known possible labels, sorted.
func (l Labels) Names() []string { return slices.Sorted(maps.Keys(l.known)) }

// must returns the names of the labels that every series has, sorted.
func (l Labels) must() []string { return slices.Sorted(maps.Keys(l.sure)) }

// Pinned returns the value that a label has in every series, or "" if unknown.
func (l Labels) Pinned(name string) string { return l.sure[name] }

// Union returns the labels of a result with series of both.
func (l Labels) Union(o Labels) Labels { return l.union(o) }

// Set adds a label that every series has. An empty value means unknown.
func (l Labels) Set(name, value string) Labels { return l.set(name, value) }

// With adds a possible label with any value.
func (l Labels) With(name string) Labels { return l.with(name) }

// Has reports whether every series has the label.
func (l Labels) Has(name string) bool { _, ok := l.sure[name]; return ok }

func (l Labels) clone() Labels {
	c := Labels{Open: l.Open, known: maps.Clone(l.known), gone: maps.Clone(l.gone), sure: maps.Clone(l.sure)}
	if c.known == nil {
		c.known = map[string][]string{}
	}
	if c.gone == nil {
		c.gone = map[string]bool{}
	}
	if c.sure == nil {
		c.sure = map[string]string{}
	}
	return c
}

// keep returns only the named labels.
func (l Labels) keep(names []string) Labels {
	out := Labels{}.clone()
	for _, n := range names {
		if !l.Can(n) {
			continue
		}
		out.known[n] = l.known[n]
		if v, ok := l.sure[n]; ok {
			out.sure[n] = v
		}
	}
	return out
}

// without returns all labels except the named ones.
func (l Labels) without(names []string) Labels {
	if len(names) == 0 {
		return l
	}
	out := l.clone()
	for _, n := range names {
		delete(out.known, n)
		delete(out.sure, n)
		if l.Open {
			out.gone[n] = true
		}
	}
	return out
}

// with adds a possible label with any value.
func (l Labels) with(name string) Labels {
	out := l.clone()
	out.known[name] = nil
	delete(out.gone, name)
	delete(out.sure, name)
	return out
}

// set adds a label that every series has, with that value.
func (l Labels) set(name, value string) Labels {
	out := l.with(name)
	out.sure[name] = value
	if value != "" {
		out.known[name] = []string{value}
	}
	return out
}

// include copies labels from the other side of a match.
func (l Labels) include(names []string, from Labels) Labels {
	out := l
	for _, n := range names {
		if !from.Can(n) {
			continue
		}
		out = out.with(n)
		out.known[n] = from.known[n]
		if v, ok := from.sure[n]; ok {
			out.sure[n] = v
		}
	}
	return out
}

// union returns the labels of a result with series of both.
func (l Labels) union(o Labels) Labels {
	out := Labels{Open: l.Open || o.Open}.clone()
	for _, side := range []struct{ one, other Labels }{{l, o}, {o, l}} {
		for n, values := range side.one.known {
			theirs, both := side.other.known[n]
			switch {
			case !both && !side.other.Can(n):
				out.known[n] = values
			case both && values != nil && theirs != nil:
				merged := append(slices.Clone(values), theirs...)
				slices.Sort(merged)
				out.known[n] = slices.Compact(merged)
			default:
				out.known[n] = nil
			}
		}
		for n := range side.one.gone {
			if !side.other.Can(n) {
				out.gone[n] = true
			}
		}
	}
	for n, v := range l.sure {
		if w, ok := o.sure[n]; ok {
			if v != w {
				v = ""
			}
			out.sure[n] = v
		}
	}
	return out
}
