package mutate

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// matchers removes each matcher, negates it, and removes each alternative of a
// regular expression. It keeps the metric's name.
func (w *walk) matchers(n *parser.VectorSelector) {
	old := n.LabelMatchers
	for i, m := range old {
		if m.Name == model.MetricNameLabel {
			continue
		}
		n.LabelMatchers = slices.Delete(slices.Clone(old), i, i+1)
		w.keep("matcher", m.String(), "", n.PosRange)
		for _, other := range otherMatchers(m) {
			n.LabelMatchers = slices.Clone(old)
			n.LabelMatchers[i] = other
			w.keep("matcher", m.String(), other.String(), n.PosRange)
		}
	}
	n.LabelMatchers = old
}

func otherMatchers(m *labels.Matcher) []*labels.Matcher {
	inverse := map[labels.MatchType]labels.MatchType{
		labels.MatchEqual: labels.MatchNotEqual, labels.MatchNotEqual: labels.MatchEqual,
		labels.MatchRegexp: labels.MatchNotRegexp, labels.MatchNotRegexp: labels.MatchRegexp,
	}
	out := []*labels.Matcher{}
	add := func(t labels.MatchType, value string) {
		if other, err := labels.NewMatcher(t, m.Name, value); err == nil {
			out = append(out, other)
		}
	}
	add(inverse[m.Type], m.Value)
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		alternatives := strings.Split(m.Value, "|")
		for i := range alternatives {
			if len(alternatives) > 1 {
				add(m.Type, strings.Join(slices.Delete(slices.Clone(alternatives), i, i+1), "|"))
			}
		}
	}
	return out
}
