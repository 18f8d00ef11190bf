package promcheck

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

var (
	// alternation matches two words with "|" between them.
	alternation = regexp.MustCompile(`^[\w.:/-]+(\|[\w.:/-]+)+$`)
	// wildcard matches parts that only patterns have.
	wildcard = regexp.MustCompile(`\.[*+]|\[0-9\]|\[a-z\]`)
	// holdsPatterns matches the names of labels whose values may be patterns, such as the
	// path of a request.
	holdsPatterns = regexp.MustCompile(`(?i)path|uri|url|route|handler|endpoint|pattern|query|resource|match|regex|rule|filter|operation|method|action`)
)

// notPattern reports a pattern in a matcher for equal values. Routers use
// patterns as values of labels, so labels of routes are not checked.
func (w *walk) notPattern(m *labels.Matcher, pos posrange.PositionRange) {
	if m.Type != labels.MatchEqual && m.Type != labels.MatchNotEqual || !strings.ContainsAny(m.Value, "|*+[") || strings.ContainsAny(m.Value, "$"+anyValue) {
		return
	}
	if !alternation.MatchString(m.Value) && !wildcard.MatchString(m.Value) || holdsPatterns.MatchString(m.Name) {
		return
	}
	operator := map[labels.MatchType]string{labels.MatchEqual: "=~", labels.MatchNotEqual: "!~"}[m.Type]
	w.report(finding.NotPattern, w.find(m.Value, pos), m.Name+operator+strconv.Quote(m.Value),
		"%s compares with the text %q as it is: a pattern needs %s", m.Type, m.Value, operator)
}

// bound reports a bucket or quantile that the metric does not have.
func (w *walk) bound(name string, t *Type, m *labels.Matcher, pos posrange.PositionRange) {
	var have []float64
	switch d := t.family; {
	case d == nil:
		return
	case m.Name == model.BucketLabel && t.buckets && d.Buckets != nil:
		have = append(append(have, d.Buckets...), math.Inf(1))
	case m.Name == model.QuantileLabel && d.Type == metrics.Summary && name == d.Name:
		have = d.Quantiles
	}
	negative := m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp
	if len(have) == 0 || negative || m.Value == "" || strings.ContainsAny(m.Value, "$"+anyValue) {
		return
	}
	for _, v := range have {
		for _, text := range spellings(v) {
			if m.Matches(text) {
				return
			}
		}
		if v, err := strconv.ParseFloat(m.Value, 64); err == nil && contains(have, v) {
			return
		}
	}
	w.report(finding.UnknownValue, w.find(m.Value, pos), "", "%s has no series with %s (it has %s)", name, m, numbers(have))
}

// spellings returns the values of the label le or quantile for a number:
// Prometheus 3 writes "1.0", the versions before it and clients "1".
func spellings(v float64) []string {
	short := strconv.FormatFloat(v, 'g', -1, 64)
	out := []string{short, strconv.FormatFloat(v, 'f', -1, 64)}
	if !strings.ContainsAny(short, ".eI") {
		out = append(out, short+".0")
	}
	return out
}

func contains(list []float64, v float64) bool {
	for _, x := range list {
		if x == v || math.Abs(x-v) <= 1e-9*math.Abs(v) {
			return true
		}
	}
	return false
}

func numbers(list []float64) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Join(out, ", ")
}
