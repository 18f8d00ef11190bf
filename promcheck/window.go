package promcheck

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// window reports a range in which a function of changes has too few samples.
func (w *walk) window(function string, m *parser.MatrixSelector, t Type) {
	if m.RangeExpr != nil || m.Range == 0 {
		return
	}
	run := w.opts.Timing.Run
	if t.family != nil && t.family.Cadence == metrics.EveryRun && m.Range < needed(function, run) {
		w.report(finding.ShortWindow, m.PositionRange(), "", "%s changes every %s: in %s there are not enough updates, so %s sees nothing",
			t.family.Name, duration(run), duration(m.Range), function)
		return
	}
	selector, _ := m.VectorSelector.(*parser.VectorSelector)
	if scrape, job := w.scrape(selector, t); m.Range < 4*scrape {
		of := ""
		if job != "" {
			of = " of job " + job
		}
		w.report(finding.FewScrapes, m.PositionRange(), "", "%s in %s, with a scrape%s every %s: one that is lost leaves a gap, four must fit",
			function, duration(m.Range), of, duration(scrape))
	}
}

// scrape returns the time between two scrapes of the job that the series come
// from, and the job when it is known.
//
// A selector that names jobs has series of each, and so does a metric whose
// programs are known: the slowest job decides. Any other metric comes from at
// least one of the jobs that scrape no known program: the fastest decides.
func (w *walk) scrape(selector *parser.VectorSelector, t Type) (time.Duration, string) {
	jobs, named := w.namedJobs(selector, t)
	if !named && t.family != nil {
		programs := w.catalogue.Programs(t.family.Name)
		var own []string
		for _, p := range programs {
			own = append(own, w.opts.Jobs[p]...)
		}
		own = slices.DeleteFunc(own, func(j string) bool { return jobs != nil && !slices.Contains(jobs, j) })
		switch {
		case len(own) > 0:
			jobs, named = own, true
		case len(programs) == 0 && t.family.Cadence == metrics.EveryScrape:
			jobs = w.ofOtherPrograms(jobs)
		}
	}
	if len(jobs) == 0 {
		return w.opts.Timing.Scrape, ""
	}
	chosen := slices.MinFunc(jobs, func(a, b string) int {
		d := w.interval(a) - w.interval(b)
		if named {
			d = -d
		}
		return int(max(min(d, 1), -1))
	})
	return w.interval(chosen), chosen
}

// namedJobs returns the jobs that the selector's series can have; named says
// that it lists them.
func (w *walk) namedJobs(selector *parser.VectorSelector, t Type) (jobs []string, named bool) {
	jobs = t.Labels.Values(model.JobLabel)
	if jobs == nil {
		for j := range w.opts.Intervals {
			jobs = append(jobs, j)
		}
		slices.Sort(jobs)
	}
	if selector == nil {
		return jobs, false
	}
	for _, m := range selector.LabelMatchers {
		if m.Name != model.JobLabel {
			continue
		}
		jobs = slices.DeleteFunc(slices.Clone(jobs), func(j string) bool { return !m.Matches(j) })
		named = named || m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0
		if m.Type == labels.MatchEqual && w.interval(m.Value) > 0 && len(jobs) == 0 {
			jobs = []string{m.Value}
		}
	}
	return jobs, named
}

// ofOtherPrograms leaves out the jobs that scrape a known program, unless none
// remains.
func (w *walk) ofOtherPrograms(jobs []string) []string {
	rest := slices.DeleteFunc(slices.Clone(jobs), func(j string) bool {
		for _, known := range w.opts.Jobs {
			if slices.Contains(known, j) {
				return true
			}
		}
		return false
	})
	if len(rest) == 0 {
		return jobs
	}
	return rest
}

func (w *walk) interval(job string) time.Duration {
	if d := w.opts.Intervals[job]; d != 0 {
		return d
	}
	return w.opts.Timing.Scrape
}

// needed returns how long a window on what changes each run must be. Each scrape
// takes the value again, so one run is enough to see what was added; a rate over
// a single change says little.
func needed(function string, run time.Duration) time.Duration {
	if function == "increase" || function == "delta" {
		return run
	}
	return 2 * run
}
