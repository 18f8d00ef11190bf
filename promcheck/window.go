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

// window reports a range with too few samples for its function.
func (w *walk) window(function string, m *parser.MatrixSelector, t Type) {
	if m.RangeExpr != nil || m.Range == 0 {
		return
	}
	run := w.opts.Timing.Run
	if t.family != nil && t.family.Cadence == metrics.EveryRun && m.Range < needed(function, run) {
		w.report(finding.ShortWindow, m.PositionRange(), "", "%s changes every %s: a window of %s has too few updates for %s",
			t.family.Name, duration(run), duration(m.Range), function)
		return
	}
	selector, _ := m.VectorSelector.(*parser.VectorSelector)
	if scrape, job := w.scrape(selector, t); m.Range < 4*scrape {
		of := ""
		if job != "" {
			of = " of job " + job
		}
		w.report(finding.FewScrapes, m.PositionRange(), "", "%s in %s, with a scrape%s every %s: a lost scrape would leave a gap: the window needs four scrapes",
			function, duration(m.Range), of, duration(scrape))
	}
}

// scrape returns the scrape interval of the series' job, and the job if it is
// known.
//
// A selector with job names has series of each of them, and so has a metric of
// known programs: the slowest job counts. Any other metric comes from at least
// one job of an unknown program: the fastest counts.
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

// namedJobs returns the possible jobs of the selector's series. named means
// that the selector lists them.
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

// ofOtherPrograms removes the jobs of known programs, unless none would remain.
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

// needed returns the minimum window for a metric that changes in each run. Each
// scrape repeats the value, so one run shows an increase; a rate needs more
// than one change.
func needed(function string, run time.Duration) time.Duration {
	if function == "increase" || function == "delta" {
		return run
	}
	return 2 * run
}
