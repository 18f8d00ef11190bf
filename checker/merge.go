package checker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics"
)

// merger continues the previous file's series with those of a run.
//
// Another version of the checker may write the same file in turns with this one.
// So the merger never restarts a count that it can continue: it carries over
// what it does not know, and counts in the shape that it finds.
type merger struct {
	env      string
	known    map[string]bool // all checks
	executed map[string]bool // checks that this run executed
	notes    []string        // dropped series, and shapes of another version
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
// skipped checks, and the families of another version. It fails if a count of
// the run has no place in the previous families.
func (m *merger) merge(descs []metrics.Desc, previous, run map[string]*dto.MetricFamily) ([]*dto.MetricFamily, error) {
	var out []*dto.MetricFamily
	var errs []error
	for _, family := range previous {
		for _, s := range family.Metric {
			s.TimestampMs = nil // node_exporter rejects a file with one
		}
	}
	ours := map[string]bool{} // names of families and samples
	for _, d := range descs {
		family := &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: typeOf(d)}
		if now := run[d.Name]; now != nil {
			family.Metric = now.Metric
		}
		if before := previous[d.Name]; before != nil {
			var err error
			if family.Type, err = m.sharedType(d, before); err == nil {
				family.Metric, err = m.carry(d, family.GetType(), before.Metric, family.Metric)
			}
			errs = append(errs, err)
		}
		for _, name := range sampleNames(family) {
			ours[name] = true
		}
		sortByKey(family.Metric)
		if len(family.Metric) > 0 {
			out = append(out, family)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(previous)) {
		if slices.ContainsFunc(descs, func(d metrics.Desc) bool { return d.Name == name }) {
			continue
		}
		for _, sample := range sampleNames(previous[name]) {
			if ours[sample] {
				errs = append(errs, fmt.Errorf("%s is a metric of its own in the file, and part of another one in this version: %w", sample, errOtherShape))
			}
		}
		out = append(out, previous[name])
	}
	slices.Sort(m.notes)
	m.notes = slices.Compact(m.notes)
	return out, errors.Join(errs...)
}

// carry merges the series of one family. typ is the type of the family to write.
func (m *merger) carry(d metrics.Desc, typ dto.MetricType, before, now []*dto.Metric) ([]*dto.Metric, error) {
	var kept, own []*dto.Metric // series of other environments, and of this one
	for _, s := range before {
		if env, ok := pairs(s)["env"]; ok && env != m.env {
			kept = append(kept, withType(s, typ))
		} else {
			own = append(own, s)
		}
	}
	if d.Type == metrics.Gauge {
		return append(m.replaceGauges(d, own, now), kept...), nil
	}
	counted, err := m.count(d, typ, own, now)
	return append(counted, kept...), err
}

// replaceGauges returns the gauges of the run, and the previous ones of checks
// that it skipped.
func (m *merger) replaceGauges(d metrics.Desc, before, now []*dto.Metric) []*dto.Metric {
	standing := map[string]bool{} // skipped checks with a previous result
	var kept []*dto.Metric
	for _, s := range before {
		labels := pairs(s)
		check, hasCheck := labels["check"]
		switch {
		case hasCheck && !m.known[check]:
			m.note("this version has no check %q: its status is dropped, its counts stay", check)
		case hasCheck && !m.executed[check] && sameLabels(d, labels):
			standing[check] = true
			kept = append(kept, withType(s, dto.MetricType_GAUGE))
		}
	}
	now = slices.DeleteFunc(now, func(s *dto.Metric) bool { return standing[pairs(s)["check"]] })
	return append(now, kept...)
}

// count adds the counters or histograms of the run to the previous ones, in
// their shape.
func (m *merger) count(d metrics.Desc, typ dto.MetricType, before, now []*dto.Metric) ([]*dto.Metric, error) {
	out := make([]*dto.Metric, 0, len(before)+len(now))
	index := make(map[string]int, len(before))
	var others []int // series with other labels
	var errs []error
	for _, s := range before {
		s = withType(s, typ)
		i, again := index[key(s)]
		var err error
		switch {
		case !countable(s):
			m.note("%s had an invalid value: it restarts", d.Name)
			continue
		case again: // an edited file
			if out[i], err = sum(out[i], s); err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name, err)
			}
			continue
		case !sameLabels(d, pairs(s)):
			others = append(others, len(out))
		}
		index[key(s)] = len(out)
		out = append(out, s)
	}
	layout := m.layout(d, out)
	for _, s := range now {
		i, again := index[key(s)]
		if !again && len(others) > 0 {
			var err error
			if i, again, err = m.placeFor(d, s, out, others); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		s, err := inShape(s, typ, layout)
		if err == nil && again {
			out[i], err = sum(out[i], s)
		} else {
			out = append(out, s)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Name, err))
		}
	}
	return out, errors.Join(errs...)
}

// layout returns the buckets of the previous histograms if another version wrote
// all of them, or nil.
func (m *merger) layout(d metrics.Desc, before []*dto.Metric) []*dto.Bucket {
	if d.Type != metrics.Histogram || len(before) == 0 {
		return nil
	}
	other := slices.IndexFunc(before, func(s *dto.Metric) bool { return !sameBuckets(d, s.Histogram) })
	if other < 0 {
		return nil
	}
	m.note("%s keeps the buckets of the file, which another version wrote", d.Name)
	if slices.ContainsFunc(before, func(s *dto.Metric) bool { return sameBuckets(d, s.Histogram) }) {
		return nil
	}
	return before[other].Histogram.Bucket
}

// placeFor returns the index of the series with fewer labels in which a series
// is counted. It fails if another version's series has a label that this version
// does not know.
func (m *merger) placeFor(d metrics.Desc, s *dto.Metric, series []*dto.Metric, others []int) (place int, ok bool, err error) {
	labels, most := pairs(s), -1
	for _, i := range others {
		there := pairs(series[i])
		var unknown []string
		agree := true
		for name, value := range there {
			if _, known := d.Label(name); !known {
				unknown = append(unknown, name)
			} else if labels[name] != value {
				agree = false
			}
		}
		switch {
		case !agree:
		case len(unknown) > 0:
			slices.Sort(unknown)
			return 0, false, fmt.Errorf("%s has the label %s in the file, which this version does not know: %w", d.Name, strings.Join(unknown, ", "), errOtherShape)
		case len(there) > most:
			place, most = i, len(there)
		}
	}
	if most >= 0 {
		m.note("%s keeps the labels of the file, which another version wrote", d.Name)
	}
	return place, most >= 0, nil
}

func (m *merger) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

func sameLabels(d metrics.Desc, labels map[string]string) bool {
	if len(labels) != len(d.Labels) {
		return false
	}
	return !slices.ContainsFunc(d.Labels, func(l metrics.Label) bool { _, ok := labels[l.Name]; return !ok })
}

// pairs returns the labels of a series. An empty label is as good as none.
func pairs(s *dto.Metric) map[string]string {
	labels := make(map[string]string, len(s.Label))
	for _, l := range s.Label {
		if l.GetValue() != "" {
			labels[l.GetName()] = l.GetValue()
		}
	}
	return labels
}

// key identifies a series within its family.
func key(s *dto.Metric) string {
	labels := slices.DeleteFunc(slices.Clone(s.Label), func(l *dto.LabelPair) bool { return l.GetValue() == "" })
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
