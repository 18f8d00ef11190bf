package promcheck

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/promql/parser"
)

// Range is an interval of values. A bound may be excluded. NaN means that NaN
// is possible too. For NaN only != holds.
type Range struct {
	Lo, Hi         float64
	LoOpen, HiOpen bool
	NaN            bool
}

func anything() Range            { return Range{Lo: math.Inf(-1), Hi: math.Inf(1), NaN: true} }
func between(a, b float64) Range { return Range{Lo: a, Hi: b} }
func atLeast(a float64) Range    { return Range{Lo: a, Hi: math.Inf(1)} }

// single reports whether the range has exactly one value.
func (r Range) single() bool { return r.Lo == r.Hi && !r.NaN }

// bounded reports whether the range has a finite bound.
func (r Range) bounded() bool { return !math.IsInf(r.Lo, -1) || !math.IsInf(r.Hi, 1) }

func (r Range) empty() bool {
	return r.Lo > r.Hi || r.Lo == r.Hi && (r.LoOpen || r.HiOpen)
}

// within reports whether o contains every value of r.
func (r Range) within(o Range) bool {
	low := r.Lo > o.Lo || r.Lo == o.Lo && (r.LoOpen || !o.LoOpen)
	high := r.Hi < o.Hi || r.Hi == o.Hi && (r.HiOpen || !o.HiOpen)
	return low && high && (!r.NaN || o.NaN)
}

func (r Range) intersect(o Range) Range {
	out := Range{Lo: r.Lo, LoOpen: r.LoOpen, Hi: r.Hi, HiOpen: r.HiOpen, NaN: r.NaN && o.NaN}
	if o.Lo > out.Lo || o.Lo == out.Lo && o.LoOpen {
		out.Lo, out.LoOpen = o.Lo, o.LoOpen
	}
	if o.Hi < out.Hi || o.Hi == out.Hi && o.HiOpen {
		out.Hi, out.HiOpen = o.Hi, o.HiOpen
	}
	return out
}

func (r Range) union(o Range) Range {
	out := Range{Lo: r.Lo, LoOpen: r.LoOpen, Hi: r.Hi, HiOpen: r.HiOpen, NaN: r.NaN || o.NaN}
	if o.Lo < out.Lo || o.Lo == out.Lo && !o.LoOpen {
		out.Lo, out.LoOpen = o.Lo, o.LoOpen
	}
	if o.Hi > out.Hi || o.Hi == out.Hi && !o.HiOpen {
		out.Hi, out.HiOpen = o.Hi, o.HiOpen
	}
	return out
}

// satisfying returns the values x for which `x op y` holds for some y of r.
func (r Range) satisfying(op parser.ItemType) Range {
	all := Range{Lo: math.Inf(-1), Hi: math.Inf(1)}
	switch op {
	case parser.GTR:
		all.Lo, all.LoOpen = r.Lo, true
	case parser.GTE:
		all.Lo, all.LoOpen = r.Lo, r.LoOpen
	case parser.LSS:
		all.Hi, all.HiOpen = r.Hi, true
	case parser.LTE:
		all.Hi, all.HiOpen = r.Hi, r.HiOpen
	case parser.EQLC:
		all = r
		all.NaN = false
	case parser.NEQ:
		all.NaN = true
	}
	return all
}

// always reports whether `x op y` holds for every x of r and y of o.
func (r Range) always(op parser.ItemType, o Range) bool {
	if op == parser.NEQ {
		x := r
		x.NaN = false
		return x.intersect(o).empty()
	}
	if r.NaN || o.NaN {
		return false
	}
	switch op {
	case parser.GTR:
		return r.Lo > o.Hi || r.Lo == o.Hi && (r.LoOpen || o.HiOpen)
	case parser.GTE:
		return r.Lo >= o.Hi
	case parser.LSS:
		return r.Hi < o.Lo || r.Hi == o.Lo && (r.HiOpen || o.LoOpen)
	case parser.LTE:
		return r.Hi <= o.Lo
	case parser.EQLC:
		return r.single() && o.single() && r.Lo == o.Lo
	}
	return false
}

// never reports whether `x op y` holds for no x of r and y of o.
func (r Range) never(op parser.ItemType, o Range) bool {
	if op == parser.NEQ {
		return r.single() && o.single() && r.Lo == o.Lo
	}
	return r.intersect(o.satisfying(op)).empty()
}

// arithmetic returns the range of `x op y`.
func (r Range) arithmetic(op parser.ItemType, o Range) Range {
	out := anything()
	switch op {
	case parser.ADD:
		out = Range{Lo: r.Lo + o.Lo, Hi: r.Hi + o.Hi, LoOpen: r.LoOpen || o.LoOpen, HiOpen: r.HiOpen || o.HiOpen}
	case parser.SUB:
		out = Range{Lo: r.Lo - o.Hi, Hi: r.Hi - o.Lo, LoOpen: r.LoOpen || o.HiOpen, HiOpen: r.HiOpen || o.LoOpen}
	case parser.MUL:
		out = corners(r, o, func(a, b float64) float64 { return a * b })
	case parser.DIV:
		if o.Lo > 0 || o.Hi < 0 {
			out = corners(r, o, func(a, b float64) float64 { return a / b })
		} else if r.Lo >= 0 && o.Lo >= 0 {
			out = Range{Lo: 0, Hi: math.Inf(1), NaN: true}
		}
	}
	out.NaN = out.NaN || r.NaN || o.NaN
	if math.IsNaN(out.Lo) {
		out.Lo = math.Inf(-1)
	}
	if math.IsNaN(out.Hi) {
		out.Hi = math.Inf(1)
	}
	return out
}

func corners(r, o Range, f func(a, b float64) float64) Range {
	out := Range{Lo: math.Inf(1), Hi: math.Inf(-1)}
	for _, a := range []float64{r.Lo, r.Hi} {
		for _, b := range []float64{o.Lo, o.Hi} {
			v := f(a, b)
			if math.IsNaN(v) { // 0 times infinity: every finite value gives 0
				v = 0
			}
			out.Lo, out.Hi = min(out.Lo, v), max(out.Hi, v)
		}
	}
	return out
}

// shift maps both bounds by a monotonically increasing function.
func (r Range) shift(f func(float64) float64) Range {
	return Range{Lo: f(r.Lo), Hi: f(r.Hi), NaN: r.NaN}
}

// String describes the values: "0 to 1", "1 or more".
func (r Range) String() string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch {
	case r.Lo == r.Hi:
		return "always " + num(r.Lo)
	case !r.bounded():
		return "any value"
	case math.IsInf(r.Hi, 1) && r.LoOpen:
		return "above " + num(r.Lo)
	case math.IsInf(r.Hi, 1):
		return num(r.Lo) + " or more"
	case math.IsInf(r.Lo, -1) && r.HiOpen:
		return "below " + num(r.Hi)
	case math.IsInf(r.Lo, -1):
		return num(r.Hi) + " or less"
	}
	return num(r.Lo) + " to " + num(r.Hi)
}

// clamp returns the range after clamp_min or clamp_max with that bound.
func (r Range) clamp(function string, bound float64) Range {
	if function == "clamp_min" {
		return Range{Lo: max(r.Lo, bound), Hi: max(r.Hi, bound), NaN: true}
	}
	return Range{Lo: min(r.Lo, bound), Hi: min(r.Hi, bound), NaN: true}
}
