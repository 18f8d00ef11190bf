package checker

import (
	"fmt"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics"
)

// merger continues the previous file's series with those of a run.
type merger struct {
	env      string
	known    map[string]bool // all checks
	executed map[string]bool // checks that this run executed
	notes    []string        // dropped series
}

// newMerger makes a merger for a run of an environment.
func newMerger(env string, specs []spec.Spec, r Report) *merger {
	m := &merger{env: env, known: map[string]bool{}, executed: map[string]bool{}}
	for _, s := range specs {
		m.known[s.Name] = true
	}
	for _, result := range r.Results {
		m.executed[result.Check] = result.Status != Skip
	}
	return m
}

// merge returns the families to write: those of the run plus the previous
// counters and histograms, and unchanged the series of other environments and
// skipped checks.
func (m *merger) merge(descs []metrics.Desc, previous, run map[string]*dto.MetricFamily) []*dto.MetricFamily {
	var out []*dto.MetricFamily
	for _, d := range descs {
		family := &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: typeOf(d)}
		if now := run[d.Name]; now != nil {
			family.Metric = now.Metric
		}
		if before := previous[d.Name]; before != nil {
			if before.GetType() != family.GetType() {
				m.note("%s was a %s before: it restarts", d.Name, strings.ToLower(before.GetType().String()))
			} else if _, perEnv := d.Label("env"); perEnv {
				family.Metric = m.carry(d, before.Metric, family.Metric)
			}
		}
		sortByKey(family.Metric)
		if len(family.Metric) > 0 {
			out = append(out, family)
		}
	}
	for name := range previous {
		if !slices.ContainsFunc(descs, func(d metrics.Desc) bool { return d.Name == name }) {
			m.note("%s is no longer a metric of the preflight: it is dropped", name)
		}
	}
	slices.Sort(m.notes)
	m.notes = slices.Compact(m.notes)
	return out
}

// carry merges the series of one family.
func (m *merger) carry(d metrics.Desc, before, now []*dto.Metric) []*dto.Metric {
	index := make(map[string]int, len(now))
	for i, s := range now {
		index[key(s)] = i
	}
	standing := map[string]bool{} // skipped checks with a previous result
	var kept []*dto.Metric
	for _, s := range before {
		labels := pairs(s)
		check, hasCheck := labels["check"]
		i, again := index[key(s)]
		switch {
		case !sameLabels(d, labels):
			m.note("%s had other labels before: it restarts", d.Name)
		case hasCheck && !m.known[check]:
			m.note("the check %q no longer exists: its series are dropped", check)
		case d.Type == metrics.Histogram && !sameBuckets(d, s.Histogram):
			m.note("%s had other buckets before: it restarts", d.Name)
		case d.Type != metrics.Gauge && !countable(s):
			m.note("%s had an invalid value: it restarts", d.Name)
		case labels["env"] != m.env:
			kept = append(kept, s)
		case d.Type == metrics.Counter && again:
			*now[i].Counter.Value += s.Counter.GetValue()
			now[i].Counter.CreatedTimestamp = s.Counter.CreatedTimestamp
		case d.Type == metrics.Histogram && again:
			addHistogram(now[i].Histogram, s.Histogram)
		case d.Type == metrics.Gauge && hasCheck && !m.executed[check]:
			standing[check] = true
			kept = append(kept, s)
		}
	}
	now = slices.DeleteFunc(now, func(s *dto.Metric) bool {
		return d.Type == metrics.Gauge && standing[pairs(s)["check"]]
	})
	return append(now, kept...)
}

func (m *merger) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

// countable reports whether a counter may continue from a value. An edited file
// may hold any value, and NaN would stay forever.
func countable(s *dto.Metric) bool {
	v := s.GetCounter().GetValue() + s.GetHistogram().GetSampleSum()
	return v >= 0 && !math.IsInf(v, 0)
}

// addHistogram adds the previous counts; both have the same buckets.
func addHistogram(now, before *dto.Histogram) {
	now.CreatedTimestamp = before.CreatedTimestamp
	*now.SampleCount += before.GetSampleCount()
	*now.SampleSum += before.GetSampleSum()
	for _, b := range now.Bucket {
		for _, o := range before.Bucket {
			if o.GetUpperBound() == b.GetUpperBound() {
				*b.CumulativeCount += o.GetCumulativeCount()
			}
		}
	}
}

// sameBuckets ignores +Inf, which the text format includes and client_golang
// omits.
func sameBuckets(d metrics.Desc, h *dto.Histogram) bool {
	var bounds []float64
	for _, b := range h.GetBucket() {
		bounds = append(bounds, b.GetUpperBound())
	}
	if n := len(bounds); n > len(d.Buckets) {
		bounds = bounds[:n-1]
	}
	return slices.Equal(bounds, d.Buckets)
}

func sameLabels(d metrics.Desc, labels map[string]string) bool {
	if len(labels) != len(d.Labels) {
		return false
	}
	return !slices.ContainsFunc(d.Labels, func(l metrics.Label) bool { _, ok := labels[l.Name]; return !ok })
}

func typeOf(d metrics.Desc) *dto.MetricType {
	switch d.Type {
	case metrics.Counter:
		return dto.MetricType_COUNTER.Enum()
	case metrics.Histogram:
		return dto.MetricType_HISTOGRAM.Enum()
	default:
		return dto.MetricType_GAUGE.Enum()
	}
}

func pairs(s *dto.Metric) map[string]string {
	labels := make(map[string]string, len(s.Label))
	for _, l := range s.Label {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// key identifies a series within its family.
func key(s *dto.Metric) string {
	labels := slices.Clone(s.Label)
	slices.SortFunc(labels, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l.GetName() + "\x00" + l.GetValue() + "\x01")
	}
	return b.String()
}

// sortByKey sorts the series of a family.
func sortByKey(series []*dto.Metric) {
	keys := make(map[*dto.Metric]string, len(series))
	for _, s := range series {
		keys[s] = key(s)
	}
	slices.SortFunc(series, func(a, b *dto.Metric) int { return strings.Compare(keys[a], keys[b]) })
}
