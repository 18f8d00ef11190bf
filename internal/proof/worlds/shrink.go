package worlds

import (
	"math"
	"slices"
	"strconv"
)

// Shrink makes a world and its moments smaller and simpler. keep reports whether
// a smaller version still serves; it then sets the world and the moments. The
// labels in shown stay, because people read them.
func Shrink(w *World, moments *[]int, shown []string, keep func(World, []int) bool) {
	cut(w, moments, keep)
	for i := len(w.Series) - 1; i >= 0; i-- {
		smaller := w.Clone()
		smaller.Series = slices.Delete(smaller.Series, i, i+1)
		keep(smaller, *moments)
	}
	merge(w, moments, keep)
	start(w, moments, keep)
	dropLabels(w, moments, shown, keep)
	simplify(w, moments, keep)
	cut(w, moments, keep)
}

// cut removes the samples after the last moment.
func cut(w *World, moments *[]int, keep func(World, []int) bool) {
	last := (*moments)[len(*moments)-1]
	smaller := w.Clone()
	for i := range smaller.Series {
		n := 0
		for p := range smaller.Series[i].Parts {
			part := &smaller.Series[i].Parts[p]
			part.Len = max(min(part.Len, last+1-n), 0)
			n += part.Len
		}
		smaller.Series[i].Parts = slices.DeleteFunc(smaller.Series[i].Parts, func(p Part) bool { return p.Len == 0 })
	}
	smaller.Series = slices.DeleteFunc(smaller.Series, func(s Series) bool { return len(s.Parts) == 0 })
	keep(smaller, *moments)
}

// merge replaces a part of a series by its neighbour.
func merge(w *World, moments *[]int, keep func(World, []int) bool) {
	for i := range w.Series {
		for p := len(w.Series[i].Parts) - 1; p > 0; p-- {
			if p >= len(w.Series[i].Parts) {
				continue
			}
			for _, into := range []int{p - 1, p} {
				smaller := w.Clone()
				parts := smaller.Series[i].Parts
				one := parts[into]
				if one.Form == Gap || one.Form == Stale {
					continue
				}
				if into == p {
					one.Value = round(one.Value - one.Slope*float64(parts[p-1].Len)*ramp(one))
				}
				one.Len = parts[p-1].Len + parts[p].Len
				smaller.Series[i].Parts = slices.Replace(parts, p-1, p+1, one)
				if keep(smaller, *moments) {
					break
				}
			}
		}
	}
}

// ramp is 1 for the part of a ramp, else 0.
func ramp(p Part) float64 {
	if p.Form == Ramp {
		return 1
	}
	return 0
}

// start removes samples from the start of all series.
func start(w *World, moments *[]int, keep func(World, []int) bool) {
	for n := (*moments)[0]; n > 0; n /= 2 {
		for (*moments)[0] >= n && keep(later(*w, n), shifted(*moments, n)) {
		}
	}
}

func shifted(moments []int, n int) []int {
	out := slices.Clone(moments)
	for i := range out {
		out[i] -= n
	}
	return out
}

// later returns the world without its first n steps.
func later(w World, n int) World {
	w = w.Clone()
	for i := range w.Series {
		left := n
		var parts []Part
		for _, p := range w.Series[i].Parts {
			gone := min(left, p.Len)
			left -= gone
			p.Value = round(p.Value + p.Slope*float64(gone)*ramp(p))
			if p.Len -= gone; p.Len > 0 {
				parts = append(parts, p)
			}
		}
		w.Series[i].Parts = parts
	}
	w.Series = slices.DeleteFunc(w.Series, func(s Series) bool { return len(s.Parts) == 0 })
	return w
}

// dropLabels removes labels from all series.
func dropLabels(w *World, moments *[]int, shown []string, keep func(World, []int) bool) {
	names := map[string]bool{}
	for _, s := range w.Series {
		for l := range s.Labels {
			names[l] = true
		}
	}
	for _, l := range sorted(names) {
		if slices.Contains(shown, l) {
			continue
		}
		smaller := w.Clone()
		known := map[string]bool{}
		double := false
		for i := range smaller.Series {
			delete(smaller.Series[i].Labels, l)
			key := smaller.Series[i].Key()
			double = double || known[key]
			known[key] = true
		}
		if !double {
			keep(smaller, *moments)
		}
	}
}

func sorted(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// simplify replaces values by simpler ones.
func simplify(w *World, moments *[]int, keep func(World, []int) bool) {
	for i := range w.Series {
		for p := range w.Series[i].Parts {
			now := w.Series[i].Parts[p]
			for _, f := range []struct {
				value float64
				set   func(*Part, float64)
			}{
				{now.Value, func(p *Part, v float64) { p.Value = v }},
				{now.Slope, func(p *Part, v float64) { p.Slope = v }},
			} {
				if f.value == 0 || now.Form == Gap || now.Form == Stale || now.Form == Native {
					continue
				}
				for _, v := range simpler(f.value) {
					smaller := w.Clone()
					f.set(&smaller.Series[i].Parts[p], v)
					if keep(smaller, *moments) {
						break
					}
				}
			}
		}
	}
}

// simpler returns values with fewer digits, the simplest first.
func simpler(v float64) []float64 {
	var out []float64
	for _, s := range append([]float64{0, 1, 10, 100}, digits(v, 1), digits(v, 2), digits(v, 3)) {
		if len(text(s)) < len(text(v)) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func digits(v float64, n int) float64 {
	out, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	return out
}

func text(v float64) string {
	if math.Abs(v) < 1e-6 && v != 0 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return number(v)
}
