// Package steps writes the values of a scenario for promtool. A scenario has a
// value each step, and a value holds until the next, as a scraped value does.
// promtool sees a value for five minutes only, so a value is repeated.
package steps

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	// usual is the longest time between two samples.
	usual = time.Minute
	// sparse is that of long steps: promtool loads 10,000 samples at most.
	sparse = 4 * time.Minute
	// long is the step above which samples are sparse.
	long = 6 * time.Hour
)

// Interval returns the time between two samples of a scenario with such a step.
// It is the evaluation interval of the test too. run is the time between two
// runs where the step is given in runs, else 0: then a value is a sample, as
// long as promtool can hold it.
func Interval(step, run time.Duration) time.Duration {
	whole, limit := step, usual
	if run > 0 {
		whole, limit = run, min(usual, run/4)
	}
	if whole > long {
		limit = sparse
	}
	if limit = max(limit, time.Millisecond); whole <= limit || whole%time.Millisecond != 0 {
		return whole
	}
	n := (whole + limit - 1) / limit
	for whole%(n*time.Millisecond) != 0 { // samples have milliseconds
		n++
	}
	return whole / n
}

// Values returns values, one a step in promtool's notation, as values one an
// interval. A step must be a multiple of the interval. A stale marker is given
// once, and nothing follows it until the next value.
func Values(notation string, step, interval time.Duration) (string, error) {
	if interval <= 0 || step%interval != 0 {
		return "", fmt.Errorf("step %s is no multiple of the interval %s", step, interval)
	}
	_, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc("{} " + notation)
	if err != nil {
		return "", err
	}
	times := int(step / interval)
	if times == 1 {
		return notation, nil
	}
	var w writer
	for _, v := range values {
		switch {
		case v.Omitted:
			w.add(gap, times)
		case v.Histogram != nil:
			w.add(v.Histogram.TestExpression(), times)
		case value.IsStaleNaN(v.Value):
			w.flush()
			w.add("stale", 1)
			w.flush()
			w.add(gap, times-1)
		default:
			w.add(strconv.FormatFloat(v.Value, 'g', -1, 64), times)
		}
	}
	w.flush()
	return strings.Join(w.out, " "), nil
}

const gap = "_"

// writer gathers equal values.
type writer struct {
	out   []string
	value string
	times int
}

func (w *writer) add(value string, times int) {
	if value != w.value {
		w.flush()
	}
	w.value = value
	w.times += times
}

// flush writes what was gathered. In promtool's notation a gap is there as
// often as it says, and a value once more.
func (w *writer) flush() {
	more := w.times
	if w.value != gap {
		more--
	}
	switch {
	case w.times == 1:
		w.out = append(w.out, w.value)
	case w.times > 1:
		w.out = append(w.out, w.value+"x"+strconv.Itoa(more))
	}
	w.times = 0
}
