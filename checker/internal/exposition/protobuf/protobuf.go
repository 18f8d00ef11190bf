// Package protobuf converts families to the protobuf messages of a client_golang
// Gatherer. Only a service needs them.
package protobuf

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/checker/internal/exposition"
)

// Family returns the message of a counter, a gauge or a histogram.
func Family(f exposition.Family) *dto.MetricFamily {
	out := &dto.MetricFamily{Name: &f.Name, Help: &f.Help}
	for _, s := range f.Series {
		m := &dto.Metric{}
		for _, l := range s.Labels {
			m.Label = append(m.Label, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
		}
		switch f.Type {
		case exposition.Counter:
			out.Type = dto.MetricType_COUNTER.Enum()
			m.Counter = &dto.Counter{Value: &s.Value}
		case exposition.Histogram:
			out.Type = dto.MetricType_HISTOGRAM.Enum()
			m.Histogram = histogram(*s.Dist)
		default:
			out.Type = dto.MetricType_GAUGE.Enum()
			m.Gauge = &dto.Gauge{Value: &s.Value}
		}
		out.Metric = append(out.Metric, m)
	}
	return out
}

func histogram(d exposition.Distribution) *dto.Histogram {
	count := uint64(d.Count)
	out := &dto.Histogram{SampleCount: &count, SampleSum: &d.Sum}
	for _, p := range d.Points {
		n := uint64(p.Value)
		out.Bucket = append(out.Bucket, &dto.Bucket{UpperBound: &p.At, CumulativeCount: &n})
	}
	return out
}
