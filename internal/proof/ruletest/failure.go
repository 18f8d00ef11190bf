package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Failure is an expectation that is not met.
type Failure struct {
	Test string        // name of the scenario
	At   time.Duration // time since its start
	Of   string        // alert or expression
	// Want and Got are the complete expected and actual results.
	Want, Got string
	// Differences are the differing parts of Want and Got.
	Differences []Difference
	// Err is set if the rules could not be evaluated.
	Err error
}

// Difference is one instance or sample that differs.
type Difference struct {
	// Of has the labels that both sides share. It is empty if one side lacks
	// the instance, or if there is only one instance.
	Of        string
	Got, Want string
}

func (d Difference) String() string {
	text := fmt.Sprintf("got %s, want %s", d.Got, d.Want)
	if d.Of != "" {
		return d.Of + " " + text
	}
	return text
}

// String returns the failure in one line.
func (f Failure) String() string {
	at := fmt.Sprintf("scenario %q, at %s: ", f.Test, model.Duration(f.At))
	if f.Of != "" {
		at = f.Of + ", " + at
	}
	if f.Err != nil {
		return at + f.Err.Error()
	}
	parts := make([]string, len(f.Differences))
	for i, d := range f.Differences {
		parts[i] = d.String()
	}
	return at + strings.Join(parts, "; ")
}

const nothing = "nothing"

// differences returns the differences between two sets of instances.
func differences(got, want []instance) []Difference {
	got, want = without(got, want), without(want, got)
	many := len(got) > 1 || len(want) > 1
	var out []Difference
	for _, w := range want {
		best := -1
		for i, g := range got {
			if alike(g.labels, w.labels) && (best < 0 || distance(g.labels, w.labels) < distance(got[best].labels, w.labels)) {
				best = i
			}
		}
		if best < 0 {
			out = append(out, Difference{Got: nothing, Want: shown(w.labels)})
			continue
		}
		out = append(out, compared(got[best], w, many))
		got = slices.Delete(got, best, best+1)
	}
	for _, g := range got {
		out = append(out, Difference{Got: shown(g.labels), Want: nothing})
	}
	return out
}

// shown formats the labels without the alert's name, which Failure holds.
func shown(l labels.Labels) string {
	b := labels.NewBuilder(l)
	b.Del(labels.AlertName)
	return b.Labels().String()
}

// named formats a series as PromQL does: name{label="value"}.
func named(l labels.Labels) string {
	name := l.Get(model.MetricNameLabel)
	if name == "" {
		return l.String()
	}
	rest := l.DropReserved(func(n string) bool { return n == model.MetricNameLabel })
	if rest.IsEmpty() {
		return name
	}
	return name + rest.String()
}

// without returns the instances of a that are not in b.
func without(a, b []instance) []instance {
	b = slices.Clone(b)
	var out []instance
	for _, in := range a {
		if i := slices.IndexFunc(b, func(other instance) bool { return compare(in, other) == 0 }); i >= 0 {
			b = slices.Delete(b, i, i+1)
			continue
		}
		out = append(out, in)
	}
	return out
}

// distance returns the number of labels that differ.
func distance(a, b labels.Labels) int { return len(differing(a, b)) }

// alike reports whether two instances are probably the same one with a mistake:
// fewer labels differ than agree.
func alike(a, b labels.Labels) bool {
	d := distance(a, b)
	return d < (a.Len()+b.Len())/2-d+1
}

// differing returns the names of labels with different values.
func differing(a, b labels.Labels) []string {
	names := map[string]bool{}
	for _, l := range []labels.Labels{a, b} {
		l.Range(func(l labels.Label) {
			if a.Get(l.Name) != b.Get(l.Name) {
				names[l.Name] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(names))
}

// compared returns the differences between two instances that should be equal.
func compared(got, want instance, many bool) Difference {
	var d Difference
	var gots, wants []string
	add := func(a, b labels.Labels) {
		for _, name := range differing(a, b) {
			gots = append(gots, pair(a, name))
			wants = append(wants, pair(b, name))
		}
	}
	wrong := differing(got.labels, want.labels)
	add(got.labels, want.labels)
	add(got.annotations, want.annotations)
	d.Got, d.Want = strings.Join(gots, ", "), strings.Join(wants, ", ")
	if many || got.labels.Len() > 1 {
		b := labels.NewBuilder(want.labels)
		b.Del(append(wrong, labels.AlertName)...)
		d.Of = b.Labels().String()
	}
	return d
}

func pair(l labels.Labels, name string) string {
	if !l.Has(name) {
		return "no " + name
	}
	return name + "=" + strconv.Quote(l.Get(name))
}
