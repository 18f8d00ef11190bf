package checker

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/desc"
)

// record returns the families of one run by name, without earlier runs.
func record(m spec.RunFamilies, specs []spec.Spec, env string, r Report) map[string]*exposition.Family {
	rec := recording{env: env, families: map[string]*exposition.Family{}, places: map[string]int{}}
	rec.run(m, r)
	rec.checks(m, specs, r)
	rec.set(m.BuildInfo, 1, programVersion(), runtime.Version())
	return rec.families
}

// programVersion returns the checker's version, or "devel" if the build has
// none.
func programVersion() string { return cmp.Or(version.Version, "devel") }

// recording collects the series of an environment. The values of labels are those
// after env, in the order of the description.
type recording struct {
	env      string
	families map[string]*exposition.Family
	places   map[string]int // of series in their families, by their labels
}

// run records the metrics of the whole run.
func (rec *recording) run(m spec.RunFamilies, r Report) {
	rec.add(m.RunsTotal, 1)
	rec.observe(m.Duration, r.Duration)
	rec.set(m.LastSuccess, bit(r.Succeeded()))
	rec.set(m.ReadyForLive, bit(r.Ready()))
	rec.set(m.LastRunTimestamp, float64(r.Started.Add(r.Duration).UnixMilli())/1000)
}

// checks records each check and its targets. Every counter and histogram exists
// from the first run on, with zero, so that increase() counts the first failure.
func (rec *recording) checks(m spec.RunFamilies, specs []spec.Spec, r Report) {
	type of struct {
		check, target string
		probe         bool
	}
	latency := map[of]desc.Desc{}
	for _, l := range m.Latencies {
		rec.histogram(l.Desc)
		latency[of{l.Check, l.Target, l.Probe}] = l.Desc
	}
	for _, s := range specs {
		rec.histogram(m.CheckDuration, s.Name)
		for _, st := range []Status{Pass, Fail, Warn} {
			rec.add(m.ChecksTotal, 0, s.Name, string(st))
		}
	}
	for _, result := range r.Results {
		rec.status(m.CheckStatus, result.Status, result.Check)
		if result.Status != Skip {
			rec.add(m.ChecksTotal, 1, result.Check, string(result.Status))
			rec.observe(m.CheckDuration, result.Duration, result.Check)
		}
		for _, o := range result.Observations {
			rec.status(m.TargetStatus, o.Status, result.Check, o.Target)
			if o.Status == Warn || o.Status == Fail {
				rec.set(m.CheckProblem, 1, result.Check, o.Target, string(o.Status), o.Reason)
			}
			for probe, took := range map[bool]time.Duration{false: o.Latency, true: o.Probe} {
				if d, ok := latency[of{result.Check, o.Target, probe}]; ok && took > 0 {
					rec.observe(d, took)
				}
			}
		}
	}
}

// status sets 1 for the status and 0 for the others.
func (rec *recording) status(d desc.Desc, is Status, labels ...string) {
	for _, s := range spec.Statuses() {
		rec.set(d, bit(s == string(is)), append(labels, s)...)
	}
}

func (rec *recording) set(d desc.Desc, v float64, labels ...string) {
	rec.series(d, labels).Value = v
}

func (rec *recording) add(d desc.Desc, v float64, labels ...string) {
	rec.series(d, labels).Value += v
}

func (rec *recording) observe(d desc.Desc, took time.Duration, labels ...string) {
	h, v := rec.histogram(d, labels...), took.Seconds()
	h.Count++
	h.Sum += v
	for i := range h.Points {
		if v <= h.Points[i].At {
			h.Points[i].Value++
		}
	}
}

// histogram returns the histogram of a series, which is empty at first.
func (rec *recording) histogram(d desc.Desc, labels ...string) *exposition.Distribution {
	s := rec.series(d, labels)
	if s.Dist == nil {
		s.Dist = &exposition.Distribution{Points: make([]exposition.Point, len(d.Buckets))}
		for i, bound := range d.Buckets {
			s.Dist.Points[i].At = bound
		}
	}
	return s.Dist
}

// series returns a series, whose value is 0 at first. Its labels are sorted, and
// are UTF-8 as the text format demands.
func (rec *recording) series(d desc.Desc, values []string) *exposition.Series {
	values = append([]string{rec.env}, values...)
	labels := make([]exposition.Label, len(d.Labels))
	for i, l := range d.Labels {
		labels[i] = exposition.Label{Name: l.Name, Value: strings.ToValidUTF8(values[i], "\uFFFD")}
	}
	slices.SortFunc(labels, func(a, b exposition.Label) int { return strings.Compare(a.Name, b.Name) })
	f := rec.families[d.Name]
	if f == nil {
		f = &exposition.Family{Name: d.Name, Help: d.Help, Type: typeOf(d)}
		rec.families[d.Name] = f
	}
	s := exposition.Series{Labels: labels}
	id := d.Name + "\x00" + s.Key()
	i, ok := rec.places[id]
	if !ok {
		i = len(f.Series)
		rec.places[id] = i
		f.Series = append(f.Series, s)
	}
	return &f.Series[i]
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
