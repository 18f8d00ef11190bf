package pipelinetest

import (
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// target is an address that one scrape job scrapes.
type target struct {
	job, instance string
	interval      time.Duration
	phase         time.Duration // offset of its scrapes in the interval
	static        map[string]string
	down          bool
	// live gathers the metrics of a real part. It is nil for a target of the
	// story, and returns nil while the part does not answer.
	live func() prometheus.Gatherer
	// used is the network's counter at the last scrape of a real part. moving
	// reports whether that scrape differed from the one before.
	used   int64
	moving bool

	exposed map[string]sample // by labels: samples for the next scrape
	stored  map[string]sample // samples of the last scrape
	up      float64           // up of the last scrape; -1 before the first
}

type sample struct {
	labels labels.Labels
	value  float64
	// growth is the increase of the value in each second.
	growth float64
	since  time.Time
	// progress means that the value may grow in each run of a job although
	// nothing happened. step is its last increase.
	progress bool
	step     float64
}

// at returns the value at a time.
func (s sample) at(t time.Time) float64 { return s.value + s.growth*t.Sub(s.since).Seconds() }

func newTarget(job, instance string, interval time.Duration, static map[string]string) *target {
	h := fnv.New64a()
	h.Write([]byte(job + instance))
	ms := h.Sum64() % uint64(interval.Milliseconds())
	return &target{
		job: job, instance: instance, interval: interval, phase: time.Duration(ms) * time.Millisecond, static: static,
		exposed: map[string]sample{}, stored: map[string]sample{}, up: -1,
	}
}

// next returns the time of the first scrape at or after now.
func (t *target) next(now time.Time) time.Time {
	since := now.UnixNano() - int64(t.phase)
	step := int64(t.interval)
	return time.Unix(0, (since+step-1)/step*step+int64(t.phase))
}

// labelled adds the labels that scraping adds.
func (t *target) labelled(l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l)
	add := func(name, value string) {
		if l.Get(name) == "" {
			b.Set(name, value)
		}
	}
	add(model.JobLabel, t.job)
	add(model.InstanceLabel, t.instance)
	for name, value := range t.static {
		add(name, value)
	}
	return b.Labels()
}

// scrape writes the exposed samples to the store. A steady change, which
// continues the one before, is not reported as a change. It returns whether any
// sample differs from the scrape before.
func (t *target) scrape(s *store, at time.Time, exposed map[string]sample, steady bool) (moves bool) {
	ms := at.UnixMilli()
	up := 1.0
	if exposed == nil {
		up = 0
	}
	if t.up != up {
		s.hold(t.labelled(labels.FromStrings(model.MetricNameLabel, "up")), ms, t.interval.Milliseconds(), up)
		s.changed("up", at)
		t.up, moves = up, true
	}
	for _, key := range slices.Sorted(maps.Keys(t.stored)) {
		if _, still := exposed[key]; !still {
			l := t.stored[key].labels
			s.end(l, ms)
			s.changed(l.Get(model.MetricNameLabel), at)
			delete(t.stored, key)
			moves = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(exposed)) {
		now := exposed[key]
		before, known := t.stored[key]
		same := before.value == now.value && before.growth == now.growth && before.since.Equal(now.since)
		if known && same && (!steady || before.step == 0) {
			continue
		}
		if known {
			now.step = now.value - before.value
		}
		s.grow(now.labels, ms, t.interval.Milliseconds(), now.at(at), now.growth/1000)
		t.stored[key] = now
		moves = true
		if !steady || !now.progress || math.Abs(now.step-before.step) > math.Abs(before.step)/100 || !known {
			s.changed(now.labels.Get(model.MetricNameLabel), at)
		}
	}
	return moves
}

// pause stops the scrapes of the target.
func (t *target) pause(s *store, at time.Time) {
	ms := at.UnixMilli()
	for _, x := range t.stored {
		s.pause(x.labels, ms)
	}
	if t.up >= 0 {
		s.pause(t.labelled(labels.FromStrings(model.MetricNameLabel, "up")), ms)
	}
	clear(t.stored)
	t.up = -1
}

// gather returns the samples of a registry that some rule reads.
func (t *target) gather(g prometheus.Gatherer, used map[string]bool) (map[string]sample, error) {
	families, err := g.Gather()
	if err != nil {
		return nil, err
	}
	families = slices.DeleteFunc(families, func(f *family) bool { return !usesFamily(used, f) })
	vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, families...)
	if err != nil {
		return nil, err
	}
	return t.samples(vector, used), nil
}

// samples returns the samples that some rule reads, by labels. If used is nil,
// it returns all samples.
func (t *target) samples(vector model.Vector, used map[string]bool) map[string]sample {
	out := map[string]sample{}
	for _, x := range vector {
		if used != nil && !used[string(x.Metric[model.MetricNameLabel])] {
			continue
		}
		m := make(map[string]string, len(x.Metric))
		for name, value := range x.Metric {
			m[string(name)] = string(value)
		}
		l := t.labelled(labels.FromMap(m))
		out[string(l.Bytes(nil))] = sample{labels: l, value: float64(x.Value)}
	}
	return out
}
