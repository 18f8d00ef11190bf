package checker

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/desc"
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
// the run has no place in the previous families. The previous families stay as
// they are.
func (m *merger) merge(descs []desc.Desc, previous, run map[string]*exposition.Family) ([]*exposition.Family, error) {
	var out []*exposition.Family
	var errs []error
	ours := map[string]bool{} // names of families and samples
	for _, d := range descs {
		family := &exposition.Family{Name: d.Name, Help: d.Help, Type: typeOf(d)}
		if now := run[d.Name]; now != nil {
			family.Series = now.Series
		}
		if before := previous[d.Name]; before != nil {
			var err error
			if family.Type, err = m.sharedType(d, before); err == nil {
				family.Series, err = m.carry(d, timeless(before.Series), family.Series)
			}
			errs = append(errs, err)
		}
		for _, name := range family.SampleNames() {
			ours[name] = true
		}
		family.Sort()
		if len(family.Series) > 0 {
			out = append(out, family)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(previous)) {
		if slices.ContainsFunc(descs, func(d desc.Desc) bool { return d.Name == name }) {
			continue
		}
		family := *previous[name]
		for _, sample := range family.SampleNames() {
			if ours[sample] {
				errs = append(errs, fmt.Errorf("%s is a metric of its own in the file, and part of another one in this version: %w", sample, errOtherShape))
			}
		}
		family.Series = timeless(family.Series)
		out = append(out, &family)
	}
	slices.Sort(m.notes)
	m.notes = slices.Compact(m.notes)
	return out, errors.Join(errs...)
}

// timeless returns the series without timestamps: node_exporter rejects a file
// with one.
func timeless(series []exposition.Series) []exposition.Series {
	out := slices.Clone(series)
	for i := range out {
		out[i].Timestamp = nil
	}
	return out
}

// carry merges the series of one family.
func (m *merger) carry(d desc.Desc, before, now []exposition.Series) ([]exposition.Series, error) {
	var kept, own []exposition.Series // series of other environments, and of this one
	for _, s := range before {
		if env := s.Label("env"); env != "" && env != m.env {
			kept = append(kept, s)
		} else {
			own = append(own, s)
		}
	}
	if d.Type == desc.Gauge {
		return append(m.replaceGauges(d, own, now), kept...), nil
	}
	counted, err := m.count(d, own, now)
	return append(counted, kept...), err
}

// replaceGauges returns the gauges of the run, and the previous ones of checks
// that it skipped.
func (m *merger) replaceGauges(d desc.Desc, before, now []exposition.Series) []exposition.Series {
	standing := map[string]bool{} // skipped checks with a previous result
	var kept []exposition.Series
	for _, s := range before {
		check := s.Label("check")
		switch {
		case check == "":
		case !m.known[check]:
			m.note("this version has no check %q: its status is dropped, its counts stay", check)
		case !m.executed[check] && sameLabels(d, s):
			standing[check] = true
			kept = append(kept, s)
		}
	}
	now = slices.DeleteFunc(now, func(s exposition.Series) bool { return standing[s.Label("check")] })
	return append(now, kept...)
}

// count adds the counters or histograms of the run to the previous ones, in
// their shape.
func (m *merger) count(d desc.Desc, before, now []exposition.Series) ([]exposition.Series, error) {
	out := make([]exposition.Series, 0, len(before)+len(now))
	index := make(map[string]int, len(before))
	var others []int // series with other labels
	var errs []error
	for _, s := range before {
		key := s.Key()
		i, again := index[key]
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
		case !sameLabels(d, s):
			others = append(others, len(out))
		}
		index[key] = len(out)
		out = append(out, s)
	}
	layout := m.layout(d, out)
	for _, s := range now {
		i, again := index[s.Key()]
		if !again && len(others) > 0 {
			var err error
			if i, again, err = m.placeFor(d, s, out, others); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		s, err := inShape(s, layout)
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
func (m *merger) layout(d desc.Desc, before []exposition.Series) []exposition.Point {
	if d.Type != desc.Histogram || len(before) == 0 {
		return nil
	}
	other := slices.IndexFunc(before, func(s exposition.Series) bool { return !sameBuckets(d, s) })
	if other < 0 {
		return nil
	}
	m.note("%s keeps the buckets of the file, which another version wrote", d.Name)
	if slices.ContainsFunc(before, func(s exposition.Series) bool { return sameBuckets(d, s) }) {
		return nil
	}
	return before[other].Dist.Points
}

// placeFor returns the index of the series with fewer labels in which a series
// is counted. It fails if another version's series has a label that this version
// does not know.
func (m *merger) placeFor(d desc.Desc, s exposition.Series, series []exposition.Series, others []int) (place int, ok bool, err error) {
	most := -1
	for _, i := range others {
		there := series[i].Present()
		var unknown []string
		agree := true
		for _, l := range there {
			if _, known := d.Label(l.Name); !known {
				unknown = append(unknown, l.Name)
			} else if s.Label(l.Name) != l.Value {
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

func sameLabels(d desc.Desc, s exposition.Series) bool {
	if len(s.Present()) != len(d.Labels) {
		return false
	}
	return !slices.ContainsFunc(d.Labels, func(l desc.Label) bool { return s.Label(l.Name) == "" })
}
