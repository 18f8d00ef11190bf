package checker

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/metrics"
)

// errOtherShape ends the errors of a run that has no place in the file.
var errOtherShape = errors.New("its counts cannot be continued: give each version a file of its own (--metrics-output), or move this file away")

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

// sharedType returns the type of a family that another version may have written
// with another type. A counter is counted in a gauge too.
func (m *merger) sharedType(d metrics.Desc, before *dto.MetricFamily) (*dto.MetricType, error) {
	own := typeOf(d)
	switch there := before.GetType(); {
	case there == *own:
	case there == dto.MetricType_UNTYPED && d.Type != metrics.Histogram: // the file lacks the TYPE
	case there == dto.MetricType_GAUGE && d.Type == metrics.Counter:
		m.note("%s stays a gauge as in the file, which another version wrote", d.Name)
		return before.Type, nil
	default:
		return own, fmt.Errorf("%s is a %s in the file, and a %s in this version: %w", d.Name, strings.ToLower(there.String()), d.Type, errOtherShape)
	}
	return own, nil
}

// value returns the value of a series that is no histogram or summary.
func value(s *dto.Metric) float64 {
	return s.GetCounter().GetValue() + s.GetGauge().GetValue() + s.GetUntyped().GetValue()
}

// withType returns the series with another type.
func withType(s *dto.Metric, typ dto.MetricType) *dto.Metric {
	switch v := value(s); {
	case typ == dto.MetricType_COUNTER && s.Counter == nil:
		return &dto.Metric{Label: s.Label, Counter: &dto.Counter{Value: &v}}
	case typ == dto.MetricType_GAUGE && s.Gauge == nil:
		return &dto.Metric{Label: s.Label, Gauge: &dto.Gauge{Value: &v}}
	}
	return s
}

// countable reports whether a count may continue from a series. An edited file
// may hold any value, and NaN would stay forever.
func countable(s *dto.Metric) bool {
	v := value(s) + s.GetHistogram().GetSampleSum()
	if !(v >= 0) || math.IsInf(v, 0) {
		return false
	}
	last := &dto.Bucket{}
	for i, b := range s.GetHistogram().GetBucket() {
		ascends := i == 0 || b.GetUpperBound() > last.GetUpperBound()
		if !ascends || math.IsNaN(b.GetUpperBound()) || b.GetCumulativeCount() < last.GetCumulativeCount() {
			return false
		}
		last = b
	}
	count := s.GetHistogram().GetSampleCount()
	return last.GetCumulativeCount() <= count && count < 1<<62
}

// sum returns before plus now, which have the same type and buckets.
func sum(before, now *dto.Metric) (*dto.Metric, error) {
	out := &dto.Metric{Label: before.Label}
	v := value(before) + value(now)
	switch {
	case before.Counter != nil:
		out.Counter = &dto.Counter{Value: &v, CreatedTimestamp: before.Counter.CreatedTimestamp}
	case before.Gauge != nil:
		out.Gauge = &dto.Gauge{Value: &v}
	default:
		h, err := rebucket(now.Histogram, before.Histogram.GetBucket())
		if err != nil {
			return nil, err
		}
		h.CreatedTimestamp = before.Histogram.CreatedTimestamp
		*h.SampleCount += before.Histogram.GetSampleCount()
		*h.SampleSum += before.Histogram.GetSampleSum()
		for i, b := range before.Histogram.GetBucket() {
			*h.Bucket[i].CumulativeCount += b.GetCumulativeCount()
		}
		out.Histogram = h
	}
	return out, nil
}

// inShape returns a series of the run with the type and the buckets of the
// file. A nil layout changes no buckets.
func inShape(s *dto.Metric, typ dto.MetricType, layout []*dto.Bucket) (*dto.Metric, error) {
	if s.Histogram == nil || layout == nil {
		return withType(s, typ), nil
	}
	h, err := rebucket(s.Histogram, layout)
	return &dto.Metric{Label: s.Label, Histogram: h}, err
}

// rebucket returns a histogram of a run with other bounds. A run observes a
// series once, so the sum is the observed value.
func rebucket(h *dto.Histogram, layout []*dto.Bucket) (*dto.Histogram, error) {
	count, total := h.GetSampleCount(), h.GetSampleSum()
	out := &dto.Histogram{SampleCount: &count, SampleSum: &total}
	for _, l := range layout {
		bound, n := l.GetUpperBound(), uint64(0)
		i := slices.IndexFunc(h.Bucket, func(b *dto.Bucket) bool { return b.GetUpperBound() == bound })
		switch {
		case i >= 0:
			n = h.Bucket[i].GetCumulativeCount()
		case math.IsInf(bound, 1), count == 1 && total <= bound:
			n = count
		case count > 1:
			return nil, fmt.Errorf("the file has other buckets: %w", errOtherShape)
		}
		out.Bucket = append(out.Bucket, &dto.Bucket{UpperBound: &bound, CumulativeCount: &n})
	}
	return out, nil
}

// sameBuckets ignores +Inf, which the text format includes and client_golang
// omits.
func sameBuckets(d metrics.Desc, h *dto.Histogram) bool {
	var bounds []float64
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			bounds = append(bounds, b.GetUpperBound())
		}
	}
	return slices.Equal(bounds, d.Buckets)
}

// sampleNames returns the names of the samples of a family.
func sampleNames(f *dto.MetricFamily) []string {
	name := f.GetName()
	switch f.GetType() {
	case dto.MetricType_HISTOGRAM:
		return []string{name, name + "_bucket", name + "_sum", name + "_count"}
	case dto.MetricType_SUMMARY:
		return []string{name, name + "_sum", name + "_count"}
	default:
		return []string{name}
	}
}
