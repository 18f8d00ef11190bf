package metrics

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lazy"
)

// Timing holds the intervals of a pipeline. Windows, staleness thresholds and
// the checker's schedule follow from it.
type Timing struct {
	Run        time.Duration // interval of the checker's runs
	Scrape     time.Duration // default scrape interval
	Evaluation time.Duration // default evaluation interval
}

var unitDuration = lazy.Regexp(`\b([1-9][0-9]*)(runs?|scrapes?)\b`)

// Expand replaces the units "runs" and "scrapes", which PromQL lacks, by their
// durations. With a run every ten minutes, "x[3runs]" becomes "x[30m]" and ">
// 3runs" becomes "> 30m". Text in quotes is unchanged.
func (t Timing) Expand(expr string) string {
	return outsideQuotes(expr, t.ExpandTemplate)
}

// ExpandTemplate is like Expand for a template, whose queries are in quotes: it
// replaces the units after every number.
func (t Timing) ExpandTemplate(text string) string {
	return unitDuration().ReplaceAllStringFunc(text, func(m string) string {
		sub := unitDuration().FindStringSubmatch(m)
		n, err := strconv.Atoi(sub[1])
		if err != nil {
			return m
		}
		step := t.Run
		if sub[2][0] == 's' {
			step = t.Scrape
		}
		return model.Duration(time.Duration(n) * step).String()
	})
}

// Step returns the time between two changes of a metric with that cadence.
func (t Timing) Step(c Cadence) time.Duration {
	if c == EveryRun {
		return t.Run
	}
	return t.Scrape
}

// Validate reports intervals with which no pipeline works.
func (t Timing) Validate() error {
	for _, d := range []struct {
		name string
		v    time.Duration
	}{{"Run", t.Run}, {"Scrape", t.Scrape}, {"Evaluation", t.Evaluation}} {
		if d.v < time.Second {
			return fmt.Errorf("timing: %s is %s, it must be a second or more", d.name, d.v)
		}
	}
	return nil
}

// outsideQuotes applies f to the parts of a PromQL text outside string
// literals.
func outsideQuotes(s string, f func(string) string) string {
	var out []byte
	start := 0
	for i := 0; i < len(s); i++ {
		q := s[i]
		if q != '"' && q != '\'' && q != '`' {
			continue
		}
		end := i + 1
		for end < len(s) && s[end] != q {
			if s[end] == '\\' && q != '`' {
				end++
			}
			end++
		}
		end = min(end+1, len(s))
		out = append(out, f(s[start:i])...)
		out = append(out, s[i:end]...)
		start, i = end, end-1
	}
	return string(append(out, f(s[start:])...))
}
