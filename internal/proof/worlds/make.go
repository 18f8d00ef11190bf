package worlds

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// maxSteps limits the length of a world.
const maxSteps = 1500

// draw is the making of one world.
type draw struct {
	*rand.Rand
	*Maker
	world   World
	before  int          // samples before the change
	during  int          // samples of the change
	after   int          // samples after it
	end     Form         // of the samples after it: Hold means as before, Ramp means no change
	members map[int][]at // series of each selector of the first entity
}

// at is a series of a world, with the part that holds its state during the
// change.
type at struct{ series, part int }

// entity is a set of label values that all selectors share.
type entity struct {
	labels map[string]string
	near   *labels.Matcher // the matcher that the entity misses; nil for none
	only   bool            // only the selector of the matcher has other labels
}

// Make returns the world of a seed.
func (m *Maker) Make(seed uint64) World {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, 11)), Maker: m, members: map[int][]at{}}
	d.world.Step = m.step
	d.lengths()
	d.end = []Form{Hold, Hold, Ramp, Gap, Stale}[d.IntN(5)]
	for e := range 1 + d.IntN(3) {
		d.entity(e)
	}
	for _, c := range d.Perm(len(m.compare)) {
		d.tune(m.compare[c])
	}
	return d.world
}

// lengths draws the lengths of the states. They are a little more or less than
// the windows and delays of the rule.
func (d *draw) lengths() {
	d.before = []int{0, 1, 3, d.lag + 1, d.lag + 3}[d.IntN(5)]
	base := []int{d.hold, d.hold, d.hold + d.lag, 2*d.hold + d.lag, d.hold / 2, d.lag, 2 * d.lag}[d.IntN(7)]
	d.during = base + 1 + d.IntN(4)
	d.after = []int{0, 2, 6, d.lag + 2, d.keep + d.lag + 3, 2*d.keep + 2}[d.IntN(6)]
	d.before, d.during, d.after = min(d.before, maxSteps/3), min(d.during, maxSteps/3), min(d.after, maxSteps/3)
}

func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// entity adds the series of an entity.
func (d *draw) entity(index int) {
	e := entity{labels: map[string]string{}}
	var all []*labels.Matcher
	for _, s := range d.sels {
		all = append(all, s.matchers...)
	}
	if len(all) > 0 && d.chance(map[bool]int{true: 15, false: 60}[index == 0]) {
		e.near, e.only = pick(d.Rand, all), d.chance(40)
	}
	for _, l := range d.names {
		e.labels[l] = d.value(l, index, all)
	}
	if e.near != nil && !e.only {
		if _, bad := values(e.near); len(bad) > 0 {
			e.labels[e.near.Name] = pick(d.Rand, bad)
		}
	}
	for i, s := range d.sels {
		if d.chance(8) {
			continue // the entity lacks it
		}
		d.series(i, s, e, index)
	}
}

// value draws the value of a label, if possible one that all matchers accept.
func (d *draw) value(name string, index int, all []*labels.Matcher) string {
	var good []string
	seen := false
	for _, m := range all {
		if m.Name != name {
			continue
		}
		list, _ := values(m)
		if seen {
			list = slices.DeleteFunc(list, func(v string) bool { return !slices.Contains(good, v) })
			if len(list) == 0 {
				continue
			}
		}
		good, seen = list, true
	}
	if seen {
		if d.chance(60) {
			good = slices.DeleteFunc(slices.Clone(good), func(v string) bool { return v == "" })
		}
		if len(good) > 0 {
			return pick(d.Rand, good)
		}
	}
	if d.chance(30) {
		index = 0
	}
	return string(rune('a' + index))
}

// series adds the series of a selector for an entity.
func (d *draw) series(index int, s *selector, e entity, number int) {
	set := maps.Clone(e.labels)
	for _, m := range s.matchers {
		good, bad := values(m)
		switch {
		case e.near != nil && !e.only && m.Name == e.near.Name:
			// The whole entity misses the matcher.
		case e.near == m && len(bad) > 0:
			set[m.Name] = pick(d.Rand, bad)
		case !m.Matches(set[m.Name]) && len(good) > 0:
			set[m.Name] = pick(d.Rand, good)
		}
	}
	delete(set, model.MetricNameLabel)
	if s.bucketed() {
		d.buckets(index, s, set, number)
		return
	}
	d.add(index, Series{Name: s.name, Labels: set, Parts: d.parts(s.form(), s)}, number)
}

// add adds a series unless the world has it.
func (d *draw) add(index int, s Series, entity int) {
	key := s.Key()
	i := slices.IndexFunc(d.world.Series, func(x Series) bool { return x.Key() == key })
	if i < 0 {
		i = len(d.world.Series)
		d.world.Series = append(d.world.Series, s)
	}
	if entity == 0 {
		for p, part := range d.world.Series[i].Parts {
			if p > 0 && part.Form != Gap && part.Form != Stale || len(d.world.Series[i].Parts) == 1 {
				d.members[index] = append(d.members[index], at{i, p})
			}
		}
	}
}

// parts draws the samples of a series.
func (d *draw) parts(form Form, s *selector) []Part {
	quiet, busy := d.state(form), d.state(form)
	if d.chance(40) {
		quiet = busy
		if form != Ramp {
			busy.Len = d.before + d.during
		}
	}
	var out []Part
	if d.before > 0 && busy.Len == 0 {
		quiet.Len = d.before
		out = append(out, quiet)
	}
	if busy.Len == 0 {
		busy.Len = d.during
	}
	if quiet.Form == Ramp && len(out) > 0 {
		busy.Value = round(quiet.Value + quiet.Slope*float64(quiet.Len))
	}
	switch {
	case s.in("changes", "resets", "idelta") && d.chance(75):
		out = append(out, d.flips(form, busy, d.state(form))...)
	case d.chance(12) && busy.Len > 4:
		gap := 1 + d.IntN(min(6, busy.Len-3))
		head, tail := busy, busy
		head.Len = 1 + d.IntN(busy.Len-gap-1)
		tail.Len = busy.Len - gap - head.Len
		if d.chance(30) && form == Count {
			tail.Form = Reset
		}
		out = append(out, head, Part{Form: Gap, Len: gap}, tail)
	default:
		out = append(out, busy)
	}
	return append(out, d.rest(quiet, busy)...)
}

// rest returns the samples after the change.
func (d *draw) rest(quiet, busy Part) []Part {
	if d.after == 0 {
		return nil
	}
	end := d.end
	if d.chance(20) {
		end = Ramp
	}
	switch end {
	case Gap, Stale:
		return []Part{{Form: end, Len: d.after}}
	case Hold:
		quiet.Len = d.after
		return []Part{quiet}
	default:
		if busy.Form == Ramp {
			busy.Value = round(busy.Value + busy.Slope*float64(busy.Len))
		}
		busy.Len = d.after
		return []Part{busy}
	}
}

// flips returns values that change every few samples.
func (d *draw) flips(form Form, a, b Part) []Part {
	if form == Count {
		b = Part{Form: Reset, Slope: 1}
	}
	each := 1 + d.IntN(4)
	var out []Part
	limit := 1 + d.IntN(8)
	for n := 0; n < d.during; n += each {
		p := a
		if len(out)%2 == 1 {
			p = b
		}
		p.Len = min(each, d.during-n)
		if len(out) >= limit {
			p.Len = d.during - n
			return append(out, p)
		}
		out = append(out, p)
	}
	return out
}

// state draws the values of a series during a state, without their number.
func (d *draw) state(form Form) Part {
	level := pick(d.Rand, d.numbers)
	switch form {
	case Count:
		if level < 0 {
			level = -level
		}
		return Part{Form: Count, Slope: level}
	case Native:
		shape := make([]float64, 4)
		for i := range shape {
			shape[i] = float64(pick(d.Rand, []int{0, 1, 2, 5, 10}))
		}
		return Part{Form: Native, Shape: shape}
	case Ramp:
		return Part{Form: Ramp, Value: level, Slope: pick(d.Rand, []float64{0, 0, 1, -1, 0.1, -0.1}) * max(math.Abs(level), 1) / 10}
	default:
		return Part{Form: Hold, Value: level}
	}
}

// buckets adds the buckets of a classic histogram. The share of each bound is
// near the quantile of the rule.
func (d *draw) buckets(index int, s *selector, set map[string]string, number int) {
	q := s.quantile
	if q <= 0 || q >= 1 {
		q = 0.5
	}
	near := min(q, 1-q)
	shares := []float64{0, 0, q - near/4, q, q + near/4, q - near*0.75, q + near*0.75, 1, 1}
	bounds := d.borders()
	total := pick(d.Rand, []float64{10, 100, 100, 1000})
	quiet, busy := make([]float64, len(bounds)), make([]float64, len(bounds))
	for i := range bounds {
		quiet[i], busy[i] = pick(d.Rand, shares), pick(d.Rand, shares)
	}
	slices.Sort(quiet)
	slices.Sort(busy)
	same := d.chance(50)
	for i, b := range bounds {
		labels := maps.Clone(set)
		labels[model.BucketLabel] = boundText(b)
		if math.IsInf(b, 1) {
			quiet[i], busy[i] = 1, 1
		}
		if same {
			quiet[i] = busy[i]
		}
		slope := func(share float64) Part { return Part{Form: Count, Slope: round(share * total)} }
		first, then := slope(quiet[i]), slope(busy[i])
		var parts []Part
		if first.Len = d.before; d.before > 0 {
			parts = append(parts, first)
		}
		then.Len = d.during
		parts = append(parts, then)
		if d.after > 0 {
			last := []Part{first, then, {Form: Gap}, {Form: Stale}}[map[Form]int{Hold: 0, Ramp: 1, Gap: 2, Stale: 3}[d.end]]
			last.Len = d.after
			parts = append(parts, last)
		}
		d.add(index, Series{Name: s.name, Labels: labels, Parts: parts}, number)
	}
}

// borders draws the bounds of buckets: a threshold of the rule, half and twice
// of it.
func (d *draw) borders() []float64 {
	t := 1.0
	if len(d.bounds) > 0 {
		t = pick(d.Rand, d.bounds)
	}
	out := [][]float64{{t / 2, t, 2 * t}, {t}, {t / 2, 2 * t}, {t, 2 * t}}[d.IntN(4)]
	for i := range out {
		out[i] = round(out[i])
	}
	return append(out, math.Inf(1))
}
