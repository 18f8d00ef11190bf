package routetree

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/labelset"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/alertnative/preflight/internal/proof/space"
)

// Inhibited reports whether the target is inhibited while the source fires, by
// Alertmanager's own code.
func (t *Tree) Inhibited(source, target model.LabelSet) bool {
	var matching []amconfig.InhibitRule // the others cannot apply
	for i, r := range t.rules {
		if r.SourceMatchers.Matches(source) && r.TargetMatchers.Matches(target) {
			matching = append(matching, t.Inhibits[i])
		}
	}
	if len(matching) == 0 {
		return false
	}
	inhibitor := inhibit.NewInhibitor(firing{source: source}, matching, promslog.NewNopLogger(), eventrecorder.NopRecorder())
	go inhibitor.Run()
	defer inhibitor.Stop()
	inhibitor.WaitForLoading()
	return inhibitor.Mutes(context.Background(), labelset.FromModel(target))
}

// firing is a set of alerts for Alertmanager's inhibitor: one firing alert.
type firing struct {
	provider.Alerts // the inhibitor calls no other method

	source model.LabelSet
}

func (f firing) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	now := time.Now()
	a := alert.New(model.Alert{Labels: f.source, StartsAt: now, EndsAt: now.Add(time.Hour)}, now, false)
	return []*alert.Alert{a}, provider.NewAlertIterator(make(chan *provider.Alert), make(chan struct{}), nil)
}

// Quiet states that alerts are inhibited while others with equal labels fire. As
// in Alertmanager, an alert that matches both is not inhibited by another one that
// does.
type Quiet struct {
	While, Match labels.Matchers
	Equal        []string
}

// holds reports whether the target must be inhibited while the source fires. A
// missing label equals an empty one.
func (q Quiet) holds(source, target model.LabelSet) bool {
	return q.While.Matches(source) && q.Match.Matches(target) && !(q.While.Matches(target) && q.Match.Matches(source)) && !slices.ContainsFunc(q.Equal, func(name string) bool {
		return source[model.LabelName(name)] != target[model.LabelName(name)]
	})
}

// sides are the two sides of an inhibition or of a quiet, on a space.
type sides struct {
	source, target space.Matchers
	equal          []int // labels, sorted
}

func newSides(s *space.Space, source, target labels.Matchers, equal []string) sides {
	out := sides{source: s.Matchers(source), target: s.Matchers(target)}
	for _, name := range equal {
		if i, ok := s.Label(name); ok {
			out.equal = append(out.equal, i)
		}
	}
	slices.Sort(out.equal)
	return out
}

// Inhibits reports whether an alert of one box can inhibit one of another, by
// these matchers and equal labels.
func Inhibits(s *space.Space, source, target labels.Matchers, equal []string, from, to space.Box) bool {
	r := newSides(s, source, target, equal)
	return slices.ContainsFunc(r.inhibits(pair{from, to}), func(p pair) bool {
		_, possible := p.equally(r.equal)
		return possible
	})
}

// meets reports whether there are pairs of alerts on whose sides both can be.
func (r sides) meets(s *space.Space, o sides) bool {
	source, target := s.All().Only(r.source), s.All().Only(r.target)
	return source != nil && target != nil && source.Meets(o.source) && target.Meets(o.target)
}

// pair is a set of pairs of a source and a target.
type pair struct{ source, target space.Box }

// inhibits returns the pairs that the inhibition or quiet holds for, of a source and a
// target with equal labels. An alert that matches both sides is not inhibited by
// another one that does.
func (r sides) inhibits(p pair) []pair {
	source, target := p.source.Only(r.source), p.target.Only(r.target)
	if source == nil || target == nil {
		return nil
	}
	both, sourceOnly := source.Split(r.target)
	var out []pair
	for _, s := range sourceOnly {
		out = append(out, pair{s, target})
	}
	if both != nil {
		_, targetOnly := target.Split(r.source)
		for _, t := range targetOnly {
			out = append(out, pair{both, t})
		}
	}
	return out
}

// without returns the pairs that are not in o, which is a part of p.
func (p pair) without(o pair) []pair {
	var out []pair
	in := pair{slices.Clone(p.source), p.target}
	for i, values := range o.source {
		if rest := in.source[i].Without(values); !rest.Empty() {
			out = append(out, pair{in.source.With(i, rest), in.target})
			in.source = in.source.With(i, in.source[i].And(values))
		}
	}
	for i, values := range o.target {
		if rest := in.target[i].Without(values); !rest.Empty() {
			out = append(out, pair{in.source, in.target.With(i, rest)})
			in.target = in.target.With(i, in.target[i].And(values))
		}
	}
	return out
}

// equally restricts the pairs to those with possibly equal labels. It returns
// false if there are none.
func (p pair) equally(equal []int) (pair, bool) {
	for _, i := range equal {
		common := p.source[i].And(p.target[i])
		if common.Empty() {
			return p, false
		}
		p = pair{p.source.With(i, common), p.target.With(i, common)}
	}
	return p, true
}

// same reports whether all pairs have equal values of a label, beyond those in
// equal.
func (p pair) same(s *space.Space, label int, equal []int) bool {
	if slices.Contains(equal, label) {
		return true
	}
	if p.source[label].Len() != 1 || p.target[label].Len() != 1 {
		return false
	}
	for v := range p.source[label].All {
		return p.target[label].Has(v) && !s.Many(label, v)
	}
	return false
}

// uncovered returns a part of the pairs with these equal labels that none of the
// others covers.
func uncovered(s *space.Space, p pair, equal []int, others []sides) (pair, bool) {
	p, possible := p.equally(equal)
	if !possible {
		return p, false
	}
	left := []pair{p}
	// The second round sees labels that became equal in the first.
	for _, o := range slices.Concat(others, others) {
		var next []pair
		for _, l := range left {
			if l, possible = l.equally(equal); !possible {
				continue
			}
			if slices.ContainsFunc(o.equal, func(label int) bool { return !l.same(s, label, equal) }) {
				next = append(next, l)
				continue
			}
			open := []pair{l}
			for _, region := range o.inhibits(l) {
				var rest []pair
				for _, x := range open {
					part := pair{x.source.And(region.source), x.target.And(region.target)}
					if part.source == nil || part.target == nil {
						rest = append(rest, x)
						continue
					}
					rest = append(rest, x.without(part)...)
				}
				open = rest
			}
			next = append(next, open...)
		}
		left = next
	}
	for _, l := range left {
		if l, possible := l.equally(equal); possible {
			return l, true
		}
	}
	return pair{}, false
}

// witness returns a source and a target of the pairs. Their labels differ, where
// they can, except those in equal.
func (p pair) witness(s *space.Space, equal []int) (source, target model.LabelSet) {
	for i := range p.source {
		if slices.Contains(equal, i) {
			for v := range p.source[i].And(p.target[i]).All {
				only := s.Only(i, s.Value(i, v))
				p = pair{p.source.With(i, only), p.target.With(i, only)}
				break
			}
			continue
		}
		for v := range p.source[i].All {
			only := s.Only(i, s.Value(i, v))
			if rest := p.target[i].Without(only); !rest.Empty() {
				p = pair{p.source.With(i, only), p.target.With(i, rest)}
				break
			}
		}
	}
	return s.Witness(p.source, false), s.Witness(p.target, false)
}

// distinct returns the parts of the boxes that match and differ in the given
// labels, each with the number of the first box. It leaves boxes out that are not
// wanted.
func distinct(all Population, match space.Matchers, relevant []int, wanted func(i int) bool) (out []space.Box, of []int) {
	seen := map[string]bool{}
	for i, b := range all.Matching(match) {
		if wanted != nil && !wanted(i) {
			continue
		}
		var key []byte
		for _, label := range relevant {
			for _, word := range b[label] {
				key = binary.LittleEndian.AppendUint64(key, word)
			}
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out, of = append(out, b), append(of, i)
		}
	}
	return out, of
}
