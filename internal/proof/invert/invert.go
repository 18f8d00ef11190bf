// Package invert makes rule tests from a rule's expression. It computes series
// that keep the rule quiet and series that make it fire. The tests state the
// result below, at and above the threshold, around the rule's delays, and
// without data.
//
// It inverts comparisons of selectors, aggregations, rates, quantiles, ages and
// ratios with a number, absence, and combinations of these with or, unless and
// and. For other expressions it makes no test.
package invert

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// phase is a period in which an expression has one value, or no data.
type phase struct {
	ticks   int
	value   float64
	missing bool
}

// inverse holds the series for which an expression has the values of phases.
type inverse struct {
	series []testfile.Series
	// settle is the number of ticks from a change to the new value. linger is
	// the number of ticks that the last value stays after the data stop.
	settle, linger int
	// unseen is the number of ticks until missing data counts as absent: the
	// window of absent_over_time still holds the last value.
	unseen int
}

// Labels returns the labels of a metric's series, with an example value each.
type Labels func(metric string) map[string]string

// solver inverts expressions. It holds the labels that the series need for
// enclosing aggregations, and the label values that match the other side of an
// operation.
type solver struct {
	unit   time.Duration // length of a tick
	known  Labels
	labels []string
	values map[string]string
}

func (s solver) with(names []string) solver {
	s.labels = append(slices.Clone(s.labels), names...)
	return s
}

// solve returns series for which the expression has the values of the phases.
func (s solver) solve(e parser.Expr, phases []phase) (inverse, error) {
	switch n := e.(type) {
	case *parser.ParenExpr:
		return s.solve(n.Expr, phases)
	case *parser.VectorSelector:
		return s.selector(n, phases, constant)
	case *parser.AggregateExpr:
		if n.Without || !slices.Contains([]parser.ItemType{parser.SUM, parser.MAX, parser.MIN, parser.AVG}, n.Op) {
			return inverse{}, fmt.Errorf("%s cannot be inverted", n.Op)
		}
		return s.with(n.Grouping).solve(n.Expr, phases)
	case *parser.BinaryExpr:
		return s.arithmetic(n, phases)
	case *parser.Call:
		return s.call(n, phases)
	}
	return inverse{}, fmt.Errorf("%s cannot be inverted", e)
}

func (s solver) call(n *parser.Call, phases []phase) (inverse, error) {
	name := n.Func.Name
	if len(n.Args) == 0 {
		return inverse{}, fmt.Errorf("%s() cannot be inverted", name)
	}
	matrix, ok := n.Args[0].(*parser.MatrixSelector)
	if !ok {
		return inverse{}, fmt.Errorf("%s cannot be inverted", name)
	}
	sel, ok := matrix.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return inverse{}, fmt.Errorf("%s cannot be inverted", n)
	}
	window := ticks(matrix.Range, s.unit)
	var shape func(tick int, value, previous float64) float64
	switch name {
	case "last_over_time":
		out, err := s.selector(sel, phases, constant)
		out.linger = window + 1
		return out, err
	case "max_over_time", "min_over_time", "avg_over_time":
		shape = constant
	case "rate":
		shape = func(_ int, v, previous float64) float64 { return previous + v*s.unit.Seconds() }
	case "increase":
		shape = func(_ int, v, previous float64) float64 { return previous + v/(float64(matrix.Range)/float64(s.unit)) }
	default:
		return inverse{}, fmt.Errorf("%s cannot be inverted", name)
	}
	out, err := s.selector(sel, phases, shape)
	out.settle, out.linger = window+1, window+1
	return out, err
}

// constant is the shape of a series that has the value itself.
func constant(_ int, v, _ float64) float64 { return v }

// age is the shape of a timestamp that is v seconds old.
func (s solver) age(tick int, v, _ float64) float64 { return float64(tick)*s.unit.Seconds() - v }

// selector makes the series of a selector. shape computes the sample of a tick
// from the wanted value and the value of the tick before.
func (s solver) selector(sel *parser.VectorSelector, phases []phase, shape func(int, float64, float64) float64) (inverse, error) {
	if sel.OriginalOffset != 0 || sel.Timestamp != nil || sel.StartOrEnd != 0 {
		return inverse{}, fmt.Errorf("offset and @ cannot be inverted")
	}
	name, err := s.name(sel)
	if err != nil {
		return inverse{}, err
	}
	return inverse{series: []testfile.Series{{Series: name, Values: values(phases, shape)}}}, nil
}

func values(phases []phase, shape func(int, float64, float64) float64) string {
	var out []string
	tick, previous := 0, 0.0
	for _, p := range phases {
		for i := range p.ticks {
			switch {
			case p.missing && i == 0:
				out = append(out, "stale")
			case p.missing:
				out = append(out, "_")
			default:
				previous = shape(tick, p.value, previous)
				out = append(out, strconv.FormatFloat(previous, 'g', 12, 64))
			}
			tick++
		}
	}
	return shorten(out)
}

// shorten writes values in promtool's notation: "1x3" repeats a value three
// times, "0+60x3" adds 60 three times.
func shorten(values []string) string {
	var out []string
	for i := 0; i < len(values); {
		n, step := run(values[i:])
		switch {
		case values[i] == "_" && n > 1:
			out = append(out, fmt.Sprintf("_x%d", n))
		case n > 1 && step == 0:
			out = append(out, fmt.Sprintf("%sx%d", values[i], n-1))
		case n > 2:
			out = append(out, fmt.Sprintf("%s%+dx%d", values[i], step, n-1))
		default:
			n = 1
			out = append(out, values[i])
		}
		i += n
	}
	return strings.Join(out, " ")
}

// run returns the number of leading values that are equal, or integers with a
// constant step.
func run(values []string) (n, step int) {
	if len(values) < 2 || values[0] == "stale" {
		return 1, 0
	}
	if values[0] != values[1] {
		first, err1 := strconv.Atoi(values[0])
		second, err2 := strconv.Atoi(values[1])
		if err1 != nil || err2 != nil {
			return 1, 0
		}
		step = second - first
	}
	for n = 2; n < len(values); n++ {
		if step == 0 && values[n] != values[0] {
			break
		}
		if step != 0 {
			last, _ := strconv.Atoi(values[n-1])
			if next, err := strconv.Atoi(values[n]); err != nil || next-last != step {
				break
			}
		}
	}
	return n, step
}

// name returns a series that the selector selects, with all required labels.
func (s solver) name(sel *parser.VectorSelector) (string, error) {
	if sel.Name == "" {
		return "", fmt.Errorf("a selector without a metric's name cannot be inverted")
	}
	have := map[string]string{}
	for _, l := range s.labels {
		have[l] = "a"
	}
	maps.Copy(have, s.known(sel.Name))
	maps.Copy(have, s.values)
	for _, m := range sel.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		have[m.Name] = m.Value
		if m.Type == labels.MatchRegexp {
			options := m.SetMatches()
			if len(options) == 0 {
				return "", fmt.Errorf("the pattern %s cannot be inverted", m)
			}
			have[m.Name] = options[0]
		}
		if m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp {
			have[m.Name] = "a"
			if !m.Matches("a") {
				return "", fmt.Errorf("the matcher %s cannot be inverted", m)
			}
		}
	}
	delete(have, "le")
	var pairs []string
	for name, value := range have {
		if !model.LegacyValidation.IsValidLabelName(name) {
			name = strconv.Quote(name)
		}
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(pairs)
	if len(pairs) == 0 {
		return sel.Name, nil
	}
	return sel.Name + "{" + strings.Join(pairs, ",") + "}", nil
}
