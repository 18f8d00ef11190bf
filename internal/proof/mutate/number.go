package mutate

import (
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

func (w *walk) number(n *parser.NumberLiteral, others []float64) {
	old := n.Val
	from := n.String()
	for _, v := range others {
		n.Val = v
		w.keep("number", from, n.String(), n.PosRange)
	}
	n.Val = old
}

// otherNumbers returns replacements of a number: the neighbours of a small
// integer, else a tenth more and a tenth less.
func otherNumbers(n *parser.NumberLiteral) []float64 {
	v := n.Val
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return nil
	case v == math.Trunc(v) && math.Abs(v) <= 10:
		return []float64{v - 1, v + 1}
	case n.Duration:
		return []float64{math.Round(v * 0.9), math.Round(v * 1.1)}
	}
	round := func(v float64) float64 { // 0.5 → 0.55 and not 0.55000…01
		out, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 10, 64), 64)
		return out
	}
	return []float64{round(v * 0.9), round(v * 1.1)}
}

// otherQuantiles returns the quantiles that exclude half and twice as much.
func otherQuantiles(q float64) []float64 {
	if q <= 0 || q >= 1 {
		return nil
	}
	rest := math.Min(q, 1-q)
	sign := 1.0
	if q < 0.5 {
		sign = -1
	}
	round := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	return []float64{round(q + sign*rest/2), round(q - sign*rest)}
}

// otherWindows returns half of the window, a little less, a little more, and
// twice the window. A little means a sixth, at least one step of the tests.
func otherWindows(window time.Duration) []time.Duration {
	little := max(window/6, step).Round(step)
	return []time.Duration{window / 2, window - little, window + little, 2 * window}
}
