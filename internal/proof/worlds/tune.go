package worlds

import (
	"math"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// tune scales series of a selector so that a comparison is at its threshold, or
// near it, when the change ends. Most expressions are linear in each of their
// series, so a few steps of the secant method suffice.
func (d *draw) tune(c comparison) {
	sel := pick(d.Rand, c.sels)
	target := d.target(c)
	when := time.Duration(d.before+d.during-1) * d.step
	list := d.members[sel]
	if len(list) == 0 || d.sels[sel].bucketed() {
		return
	}
	if d.chance(40) {
		list = list[:1]
	}
	old := d.world
	value := func(k float64) (float64, bool) {
		d.world = old.Clone()
		d.scale(list, k)
		return d.measure(c.difference, when)
	}
	near := 1e-9 * max(1, c.scale)
	k1, k2 := 1.0, 2.0
	y1, ok := value(k1)
	for range 8 {
		if !ok || math.Abs(y1-target) < near {
			break
		}
		y2, found := value(k2)
		if !found || math.Abs(y2-target) < near {
			ok = found
			break
		}
		k := k2 + (target-y2)*(k2-k1)/(y2-y1)
		falls := k < 0 && d.sels[sel].form() == Count
		if k == 0 || falls || math.IsNaN(k) || math.Abs(k) > 1e9 {
			break
		}
		k1, y1, k2 = k2, y2, k
	}
	if !ok {
		d.world = old
	}
}

// target draws the wanted difference of the sides of a comparison.
func (d *draw) target(c comparison) float64 {
	switch d.IntN(8) {
	case 0, 1:
		return 0
	case 2:
		return 0.05 * c.scale
	case 3:
		return -0.05 * c.scale
	case 4:
		return pick(d.Rand, []float64{0.5, -0.5, 1, -1})
	case 5:
		return pick(d.Rand, []float64{0.01, -0.01}) * c.scale
	default:
		return pick(d.Rand, []float64{0.4, 1, 3, -0.4, -0.9}) * c.scale
	}
}

// scale multiplies the values of parts.
func (d *draw) scale(list []at, k float64) {
	for _, x := range list {
		p := &d.world.Series[x.series].Parts[x.part]
		if p.Form == Hold && p.Value == 0 || p.Form == Count && p.Slope == 0 {
			p.Value, p.Slope = 1, 1
		}
		p.Value, p.Slope = round(p.Value*k), round(p.Slope*k)
	}
}

// measure returns the first value of an expression at a time.
func (d *draw) measure(expr string, when time.Duration) (float64, bool) {
	file := testfile.File{EvaluationInterval: model.Duration(d.step), Tests: []testfile.Test{d.world.Test()}}
	suites, err := d.loader.Load(file)
	if err != nil {
		return 0, false
	}
	return suites[0].First(expr, when)
}
