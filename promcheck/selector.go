package promcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/metrics"
)

// selector looks up the metric of a selector, its labels and their values.
func (w *walk) selector(n *parser.VectorSelector) Type {
	name := n.Name
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			name = m.Value
		}
	}
	t := w.metric(name, n)
	have := t.Labels // without the values of the selector's own matchers
	w.contradiction(n)
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		w.idlePattern(m, n.PosRange)
		w.notPattern(m, n.PosRange)
		w.matcher(name, &t, have, m, n)
	}
	t.origin = t.Labels
	t.quantile = t.quantile || t.sampled && (t.Labels.Pinned(model.QuantileLabel) != "" || t.family != nil && t.family.Type == metrics.Summary && name == t.family.Name)
	return t
}

// metric returns the type of a metric's series.
func (w *walk) metric(name string, n *parser.VectorSelector) Type {
	open := Type{Labels: openLabels(), Range: anything(), sampled: true}
	if name == "" {
		return open // {job="x"}: any metric
	}
	if t, ok := w.recorded.get(name); ok {
		return t
	}
	desc, ok := w.catalogue.Series(name)
	if family, known := w.catalogue.Family(name); !ok && known && w.maybeNative(family) {
		desc, ok = family, true
		desc.Native = true
	}
	if !ok {
		if !wellKnown(name, &open) {
			w.unknownMetric(name, n.PosRange)
			open.scraped = !strings.Contains(name, ":") // others record the rest
			open.Unit = unitOf(metrics.Desc{Name: name})
			open.buckets = strings.HasSuffix(name, "_bucket")
		}
		return open
	}
	t := Type{Range: anything(), family: &desc, sampled: true, scraped: name != "ALERTS" && !strings.Contains(name, ":")}
	t.Labels = Labels{Open: !w.opts.ClosedLabels}.clone()
	for _, l := range desc.SeriesLabels(name) {
		known, _ := desc.Label(l)
		t.Labels.known[l] = known.Values
		if !known.Optional && w.opts.ClosedLabels {
			t.Labels.sure[l] = ""
		}
	}
	w.values(&t, desc, name)
	return t
}

// wellKnown describes the series that every Prometheus has.
func wellKnown(name string, t *Type) bool {
	switch name {
	case "up":
		t.Range, t.Unit, t.scraped = between(0, 1), metrics.Bool, true
	case "ALERTS":
		t.Range, t.Unit = between(0, 1), metrics.Bool
		t.conditional = true // ALERTS exists only while an alert is active
	default:
		return false
	}
	return true
}

// values sets the fields about values from the description.
func (w *walk) values(t *Type, d metrics.Desc, series string) {
	switch suffix := strings.TrimPrefix(series, d.Name); {
	case d.Type == metrics.Untyped:
		t.Unit = unitOf(d)
	case d.Native && series == d.Name:
		t.counter, t.native = true, true
	case d.Type == metrics.Histogram || suffix == "_sum" || suffix == "_count":
		t.counter, t.Range = true, atLeast(0)
		t.buckets = suffix == "_bucket"
		if suffix == "_sum" {
			t.Unit = unitOf(d)
			t.Range = anything() // observations may be negative
		}
	case d.Type == metrics.Counter:
		t.counter, t.Unit, t.Range = true, unitOf(d), atLeast(0)
	default:
		t.Unit = unitOf(d)
		if t.Unit == metrics.Bool || d.Type == metrics.Info {
			t.Range = between(0, 1)
		}
		if series == "ALERTS" {
			wellKnown(series, t)
		}
	}
}

// maybeNative reports whether a metric may have native histograms, which the
// text of an exposition cannot show. Only the functions of histograms and
// recording rules read them as a whole.
func (w *walk) maybeNative(d metrics.Desc) bool {
	return d.Type == metrics.Histogram && d.Recorded() && (w.histograms || w.records)
}

func (w *walk) unknownMetric(name string, pos posrange.PositionRange) {
	if family, ok := w.catalogue.Family(name); ok {
		w.report(finding.UnknownMetric, w.find(name, pos), suggest.Nearest(name, family.Series()),
			"%s is a %s: its series are %s", name, family.Type, strings.Join(family.Series(), ", "))
		return
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		stem, ok := strings.CutSuffix(name, suffix)
		if d, known := w.catalogue.Family(stem); ok && known {
			kind := string(d.Type)
			if d.Native {
				kind = "native " + kind
			}
			w.report(finding.NotHistogram, w.find(name, pos), strconv.Quote(d.Series()[0]), "%s is a %s: it has no series %s", stem, kind, name)
			return
		}
	}
	if near := w.recorded.near(name); near != "" {
		w.report(finding.UnknownMetric, w.find(name, pos), near, "no rule here records %q", name)
		w.findings[len(w.findings)-1].Severity = finding.Warning // another file may record it
		return
	}
	if !w.opts.Complete && (!w.names.Slip(name) || otherProgram(name, w.names.Nearest(name))) {
		return
	}
	w.report(finding.UnknownMetric, w.find(name, pos), w.names.Nearest(name), "no metric %q in the catalogue", name)
}

// otherProgram reports whether two names begin with the abbreviations of two
// programs: pg_up and zk_up.
func otherProgram(name, near string) bool {
	const abbreviation = 3
	a, _, _ := strings.Cut(name, "_")
	b, _, _ := strings.Cut(strings.Trim(near, `"`), "_")
	return a != b && len(a) <= abbreviation && len(b) <= abbreviation
}

// matcher narrows the labels of a selector by one matcher. It reports unknown
// labels and values.
func (w *walk) matcher(name string, t *Type, have Labels, m *labels.Matcher, n *parser.VectorSelector) {
	if !have.Can(m.Name) {
		if m.Matches("") && m.Type != labels.MatchNotEqual && m.Type != labels.MatchNotRegexp {
			return // the matcher always holds
		}
		if _, recorded := w.recorded.get(name); recorded && name != "ALERTS" {
			if m.Matches("") {
				return
			}
			w.report(finding.LabelNotRecorded, w.find(m.Name, n.PosRange), suggest.Nearest(m.Name, t.Labels.Names()),
				"the rule that records %s drops the label %q (it keeps %s)", name, m.Name, listed(t.Labels.Names()))
		} else {
			w.report(finding.UnknownLabel, w.find(m.Name, n.PosRange), suggest.Nearest(m.Name, t.Labels.Names()),
				"%s has no label %q (it has %s)", name, m.Name, listed(t.Labels.Names()))
		}
		return
	}
	w.value(name, have, m, n.PosRange)
	w.bound(name, t, m, n.PosRange)
	if m.Type == labels.MatchEqual {
		if m.Value == "" {
			t.Labels = t.Labels.without([]string{m.Name})
			return
		}
		if strings.Contains(m.Value, anyValue) {
			t.Labels = t.Labels.set(m.Name, "")
			return
		}
		t.Labels = t.Labels.set(m.Name, m.Value)
		return
	}
	if !m.Matches("") {
		values := t.Labels.known[m.Name]
		t.Labels = t.Labels.set(m.Name, "")
		t.Labels.known[m.Name] = values
	}
}

// value looks up a matcher's value in the label's closed set.
func (w *walk) value(name string, have Labels, m *labels.Matcher, pos posrange.PositionRange) {
	values := have.Values(m.Name)
	if values == nil || strings.Contains(m.Value, "$") {
		return
	}
	asked := []string{m.Value}
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		asked = m.SetMatches()
		if len(asked) == 0 {
			w.pattern(name, values, m, pos)
			return
		}
	}
	for _, v := range asked {
		if v == "" || strings.Contains(v, anyValue) || slices.Contains(values, v) {
			continue
		}
		w.report(finding.UnknownValue, w.find(v, pos), suggest.Nearest(v, values),
			"label %q of %s is never %q (it is one of %s)", m.Name, name, v, quoted(values))
	}
}

// pattern reports a regular expression that matches none of the values.
func (w *walk) pattern(name string, values []string, m *labels.Matcher, pos posrange.PositionRange) {
	if strings.Contains(m.Value, anyValue) {
		return
	}
	matches := func(v string) bool { return m.Matches(v) == (m.Type == labels.MatchRegexp) }
	if !slices.ContainsFunc(append([]string{""}, values...), matches) {
		w.report(finding.UnknownValue, w.find(m.Value, pos), "",
			"no value of label %q of %s matches %q (it is one of %s)", m.Name, name, m.Value, quoted(values))
	}
}

// contradiction reports matchers of one label that no value satisfies.
func (w *walk) contradiction(n *parser.VectorSelector) {
	for _, m := range n.LabelMatchers {
		if m.Type != labels.MatchEqual || strings.Contains(m.Value, anyValue) || strings.Contains(m.Value, "$") {
			continue
		}
		for _, o := range n.LabelMatchers {
			if o == m || o.Name != m.Name || o.Matches(m.Value) || strings.Contains(o.Value, anyValue) || strings.Contains(o.Value, "$") {
				continue
			}
			w.report(finding.NeverFires, n.PosRange, "", "no series matches both %s and %s", m, o)
			return
		}
	}
}

// idlePattern reports an unnecessary pattern: a plain string, a pattern that
// matches everything, anchors.
func (w *walk) idlePattern(m *labels.Matcher, pos posrange.PositionRange) {
	if m.Type != labels.MatchRegexp && m.Type != labels.MatchNotRegexp {
		return
	}
	v := m.Value
	if strings.ContainsAny(strings.TrimSuffix(v, "$"), "$") || strings.Contains(v, anyValue) {
		return // a variable
	}
	equal := map[labels.MatchType]string{labels.MatchRegexp: "=", labels.MatchNotRegexp: "!="}[m.Type]
	at := w.find(v, pos)
	switch {
	case v == ".*" && m.Type == labels.MatchRegexp:
		w.report(finding.IdleRegexp, at, "", "%s=~%q matches every series, also those without the label: leave it out, or write \".+\"", m.Name, v)
	case v == ".*":
		w.report(finding.NeverFires, at, "", "%s!~%q matches no series", m.Name, v)
	case v != "" && regexp.QuoteMeta(v) == v:
		w.report(finding.IdleRegexp, at, fmt.Sprintf("%s%s%q", m.Name, equal, v), "%q is a plain string: no pattern is needed", v)
	case strings.HasPrefix(v, "^") || strings.HasSuffix(v, "$") && !strings.HasSuffix(v, `\$`):
		w.report(finding.IdleRegexp, at, "", "%q: patterns are anchored at both ends by themselves", v)
	}
}

func duration(d time.Duration) string { return model.Duration(d).String() }

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}
