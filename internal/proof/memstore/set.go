package memstore

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Set finds series by their labels.
type Set struct {
	byName map[string][]*Series // ordered by labels
	byKey  map[string]*Series
}

// NewSet returns a set without series.
func NewSet() *Set {
	return &Set{byName: map[string][]*Series{}, byKey: map[string]*Series{}}
}

func key(l labels.Labels) string { return string(l.Bytes(nil)) }

// Find returns the series with those labels, or nil.
func (s *Set) Find(l labels.Labels) *Series { return s.byKey[key(l)] }

// Series returns the series with those labels. It adds the series if there is
// none.
func (s *Set) Series(l labels.Labels) *Series {
	if x := s.Find(l); x != nil {
		return x
	}
	x := &Series{Labels: l}
	s.Add(x)
	return x
}

// Add adds a series with new labels.
func (s *Set) Add(x *Series) {
	s.byKey[key(x.Labels)] = x
	name := x.Labels.Get(model.MetricNameLabel)
	list := s.byName[name]
	i, _ := slices.BinarySearchFunc(list, x, byLabels)
	s.byName[name] = slices.Insert(list, i, x)
}

// Select returns the matching series, ordered by labels.
func (s *Set) Select(matchers []*labels.Matcher) []*Series {
	var out []*Series
	for _, x := range s.candidates(matchers) {
		if matches(x.Labels, matchers) {
			out = append(out, x)
		}
	}
	return out
}

// candidates returns a superset of the matching series, ordered by labels.
func (s *Set) candidates(matchers []*labels.Matcher) []*Series {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return s.byName[m.Value]
		}
	}
	var all []*Series
	for _, list := range s.byName {
		all = append(all, list...)
	}
	slices.SortFunc(all, byLabels)
	return all
}

func byLabels(a, b *Series) int { return labels.Compare(a.Labels, b.Labels) }

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}
