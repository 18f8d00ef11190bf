// Package steps converts the values of a scenario to promtool's notation. A
// scenario has one value per step, which holds until the next, like a scraped
// value. Values are repeated, because promtool uses a value for five minutes
// only.
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
	// sparse is the sample interval of long steps: promtool loads at most
	// 10,000 samples.
	sparse = 4 * time.Minute
	// long is the step above which samples are sparse.
	long = 6 * time.Hour
)

// Interval returns the sample interval of a scenario with a step. It is also
// the evaluation interval of the test. run is the time between two runs if the
// step is in runs, else 0. With run 0 each value is one sample, as long as
// promtool uses it.
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
	for whole%(n*time.Millisecond) != 0 { // samples have a resolution of milliseconds
		n++
	}
	return whole / n
}

// Values converts values with one per step to values with one per interval, in
// promtool's notation. The step must be a multiple of the interval. A stale
// marker is written once, without samples until the next value.
func Values(notation string, step, interval time.Duration) (string, error) {
	if interval <= 0 || step%interval != 0 {
		return "", fmt.Errorf("step %s is not a multiple of the interval %s", step, interval)
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

// writer collects equal values.
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

// flush writes the collected values. In promtool's notation "_x3" is three
// gaps, but "1x3" is four values.
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
