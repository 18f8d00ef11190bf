// Package space describes sets of alerts by the values of their labels. It is
// exact although a label may have any value: matchers divide the values of a
// label into finitely many classes, and one value stands for each class.
package space

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// Builder collects the matchers and values that a [Space] distinguishes.
type Builder struct {
	labels map[string]*collected
}

type collected struct {
	values   []string
	known    map[string]bool
	patterns map[string]*labels.Matcher // those that accept infinitely many values, by pattern
	compared bool                       // between alerts
}

func (b *Builder) of(label string) *collected {
	if b.labels == nil {
		b.labels = map[string]*collected{}
	}
	c := b.labels[label]
	if c == nil {
		c = &collected{known: map[string]bool{}, patterns: map[string]*labels.Matcher{}}
		c.add("")
		b.labels[label] = c
	}
	return c
}

func (c *collected) add(value string) {
	if !c.known[value] {
		c.known[value] = true
		c.values = append(c.values, value)
	}
}

// Has reports whether the label is in the space.
func (b *Builder) Has(label string) bool { return b.labels[label] != nil }

// Label adds a label with values.
func (b *Builder) Label(name string, values ...string) {
	c := b.of(name)
	for _, v := range values {
		c.add(v)
	}
}

// Compare adds labels whose values are compared between alerts. Two values stand
// for each of their classes.
func (b *Builder) Compare(names ...string) {
	for _, name := range names {
		b.of(name).compared = true
	}
}

// Match adds matchers, with their labels and values.
func (b *Builder) Match(ms ...*labels.Matcher) {
	for _, m := range ms {
		c := b.of(m.Name)
		if m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual {
			c.add(m.Value)
			continue
		}
		literals, finite := Literals(m.Value)
		for _, v := range literals {
			c.add(v)
		}
		if !finite {
			c.patterns[m.Value] = m
		}
	}
}

// Build returns the space. The names in complex are labels whose patterns
// distinguish too many classes of values, so that the space may lack one.
func (b *Builder) Build() (s *Space, complex []string) {
	s = &Space{index: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(b.labels)) {
		c := b.labels[name]
		others, complete := c.classes(name)
		if !complete {
			complex = append(complex, name)
		}
		l := label{name: name, values: slices.Concat(c.values, others), known: len(c.values), at: map[string]int{}}
		for _, pattern := range slices.Sorted(maps.Keys(c.patterns)) {
			l.patterns = append(l.patterns, c.patterns[pattern])
		}
		l.all = newSet(len(l.values))
		for i, v := range l.values {
			l.at[v] = i
			l.all.add(i)
		}
		s.index[name] = len(s.labels)
		s.labels = append(s.labels, l)
	}
	return s, complex
}

// Space is the set of all alerts that a list of matchers can distinguish.
type Space struct {
	labels []label
	index  map[string]int // label name → place in labels
	cache  sync.Map       // *labels.Matcher → condition
}

// label is a label with its distinguished values. Value 0 is "", which means
// that an alert lacks the label. From known on, a value stands for a class of
// values.
type label struct {
	name     string
	values   []string
	known    int
	at       map[string]int
	all      Set
	patterns []*labels.Matcher
}

// Label returns the number of a label.
func (s *Space) Label(name string) (int, bool) { i, ok := s.index[name]; return i, ok }

// Names returns the names of the labels by number.
func (s *Space) Names() []string {
	var out []string
	for _, l := range s.labels {
		out = append(out, l.name)
	}
	return out
}

// Value returns a value of a label.
func (s *Space) Value(label, value int) string { return s.labels[label].values[value] }

// Many reports whether the value stands for a class of values.
func (s *Space) Many(label, value int) bool { return value >= s.labels[label].known }

// Everything returns all values of a label.
func (s *Space) Everything(label int) Set { return s.labels[label].all }

// Only returns a set of values of a label. A value that is unknown to the space
// is represented by its class.
func (s *Space) Only(label int, values ...string) Set {
	out := newSet(len(s.labels[label].values))
	for _, v := range values {
		out.add(s.labels[label].number(v))
	}
	return out
}

// number returns the number of a value or of its class.
func (l label) number(value string) int {
	if i, ok := l.at[value]; ok {
		return i
	}
	for i := l.known; i < len(l.values); i++ {
		if !slices.ContainsFunc(l.patterns, func(m *labels.Matcher) bool { return accepts(m, value) != accepts(m, l.values[i]) }) {
			return i
		}
	}
	return len(l.values) - 1
}

// accepts reports whether the pattern of a matcher fits, negated or not.
func accepts(m *labels.Matcher, value string) bool {
	return m.Matches(value) == (m.Type == labels.MatchRegexp)
}

// Matchers are matchers on a space.
type Matchers []condition

type condition struct {
	label  int
	accept Set
}

// Matchers translates matchers. The space must have been built with their
// labels; it may lack their values.
func (s *Space) Matchers(ms labels.Matchers) Matchers {
	var out Matchers
	for _, m := range ms {
		if c, ok := s.cache.Load(m); ok {
			out = append(out, c.(condition))
			continue
		}
		at, ok := s.index[m.Name]
		if !ok {
			panic("space: no label " + m.Name)
		}
		c := condition{at, newSet(len(s.labels[at].values))}
		for i, v := range s.labels[at].values {
			if m.Matches(v) {
				c.accept.add(i)
			}
		}
		s.cache.Store(m, c)
		out = append(out, c)
	}
	return out
}

// Accept returns the values that the matchers of a label accept.
func (ms Matchers) Accept(label int) Set {
	var out Set
	for _, c := range ms {
		switch {
		case c.label != label:
		case out == nil:
			out = c.accept
		default:
			out = out.And(c.accept)
		}
	}
	return out
}

// Box is a set of alerts: for each label the values that it may have,
// independently of the other labels. Boxes are never changed.
type Box []Set

// All returns the box of all alerts.
func (s *Space) All() Box {
	out := make(Box, len(s.labels))
	for i, l := range s.labels {
		out[i] = l.all
	}
	return out
}

// With returns the box with other values of a label.
func (b Box) With(label int, values Set) Box {
	out := slices.Clone(b)
	out[label] = values
	return out
}

// Empty reports whether the box has no alerts.
func (b Box) Empty() bool { return slices.ContainsFunc(b, Set.Empty) }

// Meets reports whether some alert of the box matches.
func (b Box) Meets(ms Matchers) bool {
	for _, c := range ms {
		if !b[c.label].Meets(c.accept) {
			return false
		}
	}
	return ms.single() || b.Only(ms) != nil
}

// single reports whether the matchers have different labels.
func (ms Matchers) single() bool {
	for i, c := range ms {
		for _, o := range ms[:i] {
			if o.label == c.label {
				return false
			}
		}
	}
	return true
}

// In reports whether all alerts of the box match.
func (b Box) In(ms Matchers) bool {
	for _, c := range ms {
		if !b[c.label].In(c.accept) {
			return false
		}
	}
	return true
}

// Only returns the alerts of the box that match, or nil if none does.
func (b Box) Only(ms Matchers) Box {
	out := b
	for _, c := range ms {
		if out[c.label].In(c.accept) {
			continue
		}
		if !out[c.label].Meets(c.accept) {
			return nil
		}
		values := out[c.label].And(c.accept)
		if &out[0] == &b[0] {
			out = slices.Clone(b)
		}
		out[c.label] = values
	}
	return out
}

// Split divides the box into the alerts that match, nil if there are none, and
// the others.
func (b Box) Split(ms Matchers) (in Box, out []Box) {
	in = b.Only(ms)
	if in == nil {
		return nil, []Box{b}
	}
	rest := b
	for _, c := range ms {
		if rest[c.label].In(c.accept) {
			continue
		}
		out = append(out, rest.With(c.label, rest[c.label].Without(c.accept)))
		rest = rest.With(c.label, rest[c.label].And(c.accept))
	}
	return in, out
}

// And returns the common alerts of two boxes, or nil if there are none.
func (b Box) And(o Box) Box {
	out := make(Box, len(b))
	for i, s := range b {
		if out[i] = s.And(o[i]); out[i].Empty() {
			return nil
		}
	}
	return out
}

// Witness returns an alert of the box. It has a label only if it must, or, with
// full, if it can.
func (s *Space) Witness(b Box, full bool) model.LabelSet {
	out := model.LabelSet{}
	for i, values := range b {
		if !full && values.Has(0) {
			continue
		}
		for v := range values.All {
			if v > 0 {
				out[model.LabelName(s.labels[i].name)] = model.LabelValue(s.labels[i].values[v])
				break
			}
		}
	}
	return out
}

// Box returns the box of one alert.
func (s *Space) Box(alert map[string]string) Box {
	out := make(Box, len(s.labels))
	for i, l := range s.labels {
		out[i] = s.Only(i, alert[l.name])
	}
	return out
}

// Labels returns the numbers of the labels that the matchers read.
func (ms Matchers) Labels() []int {
	var out []int
	for _, c := range ms {
		out = append(out, c.label)
	}
	return out
}
