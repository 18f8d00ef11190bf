package desc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Catalogue is a set of metrics, looked up by the names of their series.
// The zero Catalogue is empty.
type Catalogue struct {
	descs    []Desc              // sorted by name
	shared   []Desc              // descriptions of single series that several metrics have
	series   map[string]int      // place in descs, followed by shared
	programs map[string][]string // by the name of the family
}

// NewCatalogue makes a catalogue of the descriptions. Equal descriptions become
// one; their help texts may differ. A name that several programs expose becomes
// one metric with the labels of all. If expositions of unknown programs differ in
// its type, it is [Untyped]. The error names all other duplicates, and includes
// each [Desc.Problem].
//
// [Desc.Validate] checks naming rules, which many exporters break.
func NewCatalogue(descs ...Desc) (Catalogue, error) {
	c := Catalogue{series: make(map[string]int, len(descs)), programs: map[string][]string{}}
	var errs []error
	sorted := make([]Desc, 0, len(descs))
	for _, d := range descs {
		if f, wrong := d.Problem(); wrong {
			errs = append(errs, f)
			continue
		}
		sorted = append(sorted, d)
	}
	slices.SortStableFunc(sorted, func(a, b Desc) int { // the result must not depend on the order
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Program, b.Program), cmp.Compare(a.Help, b.Help))
	})
	for _, d := range sorted {
		if err := c.add(d); err != nil {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(append(errs, c.index()...)...)
}

// index sets the description of each series. A series of two recorded metrics
// gets a description of its own, which makes no claim.
func (c *Catalogue) index() []error {
	var errs []error
	shared := map[string]Desc{}
	for i, d := range c.descs {
		for _, s := range d.Series() {
			j, taken := c.series[s]
			switch {
			case !taken:
				c.series[s] = i
			case d.recorded && c.descs[j].recorded:
				both := c.descs[j]
				both.Labels = slices.Clone(both.Labels)
				merge(&both, d)
				shared[s] = disputed(both, s)
			default:
				errs = append(errs, fmt.Errorf("metric %q: its series %s also belongs to %q", d.Name, s, c.descs[j].Name))
				c.series[s] = i
			}
		}
	}
	for s, d := range shared {
		c.series[s] = len(c.descs) + len(c.shared)
		c.shared = append(c.shared, d)
	}
	return errs
}

// disputed returns the description of series about which recordings disagree:
// any type, unit and number.
func disputed(d Desc, name string) Desc {
	return Desc{Name: name, Type: Untyped, Unit: None, Labels: d.Labels, Cadence: d.Cadence, recorded: true}
}

// add appends a description, or merges it into the last one of that name.
func (c *Catalogue) add(d Desc) error {
	last := len(c.descs) - 1
	if last < 0 || c.descs[last].Name != d.Name {
		c.descs = append(c.descs, d)
		if d.Program != "" {
			c.programs[d.Name] = []string{d.Program}
		}
		return nil
	}
	known := &c.descs[last]
	programs := c.programs[d.Name]
	severalPrograms := d.Program != "" && programs != nil && !slices.Contains(programs, d.Program)
	unknownPrograms := known.Recorded() && d.Recorded() && (d.Program == "" || programs == nil)
	switch {
	case same(*known, d):
	case (severalPrograms || unknownPrograms) && known.Type == d.Type && known.BaseUnit() == d.BaseUnit() && known.Native == d.Native:
		merge(known, d)
	case unknownPrograms:
		known.reconcile(d)
	default:
		return fmt.Errorf("metric %q: described twice and differently: %s; and %s", d.Name, known.summary(), d.summary())
	}
	for _, w := range d.Waivers {
		if !slices.Contains(known.Waivers, w) {
			known.Waivers = append(slices.Clip(known.Waivers), w)
		}
	}
	switch {
	case d.Program == "" || programs == nil:
		known.Program = ""
		delete(c.programs, d.Name)
	case severalPrograms:
		known.Program = ""
		c.programs[d.Name] = append(programs, d.Program)
	}
	return nil
}

// same reports whether two descriptions describe the same series.
func same(a, b Desc) bool {
	label := func(x, y Label) bool {
		return x.Name == y.Name && x.Optional == y.Optional && (x.Values == nil) == (y.Values == nil) && slices.Equal(x.Values, y.Values)
	}
	byName := func(labels []Label) []Label {
		return slices.SortedFunc(slices.Values(labels), func(x, y Label) int { return cmp.Compare(x.Name, y.Name) })
	}
	return a.Type == b.Type && a.BaseUnit() == b.BaseUnit() && a.Native == b.Native && a.Cadence == b.Cadence &&
		slices.Equal(a.Buckets, b.Buckets) && slices.Equal(a.Quantiles, b.Quantiles) && slices.EqualFunc(byName(a.Labels), byName(b.Labels), label)
}

// merge adds the labels that another program gives a metric. A label that one
// of them lacks becomes optional. Differing sets of values and buckets become
// open.
func merge(into *Desc, d Desc) {
	labels := slices.Clone(into.Labels)
	for i, l := range labels {
		other, both := d.Label(l.Name)
		labels[i].Optional = l.Optional || !both || other.Optional
		if both && !slices.Equal(l.Values, other.Values) {
			labels[i].Values = nil
		}
	}
	for _, l := range d.Labels {
		if _, both := into.Label(l.Name); !both {
			l.Optional = true
			labels = append(labels, l)
		}
	}
	into.Labels = labels
	if into.Type == Histogram && !slices.Equal(into.Buckets, d.Buckets) {
		into.Buckets = union(into.Buckets, d.Buckets)
	}
	if into.Type == Summary && !slices.Equal(into.Quantiles, d.Quantiles) {
		into.Quantiles = union(into.Quantiles, d.Quantiles)
	}
	into.Cadence = max(into.Cadence, d.Cadence)
}

// reconcile merges the description of another recording that differs in more
// than the labels. Without a common type the metric makes no claim.
func (d *Desc) reconcile(o Desc) {
	names := union(d.Series(), o.Series())
	units := d.BaseUnit() == o.BaseUnit()
	merge(d, o)
	if d.Type != o.Type {
		*d = disputed(*d, d.Name)
		d.others = slices.DeleteFunc(names, func(s string) bool { return s == d.Name })
		return
	}
	if !units {
		d.Unit = None
	}
	d.Native = d.Native || o.Native
}

func union[T cmp.Ordered](a, b []T) []T {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// summary describes the series in a few words.
func (d Desc) summary() string {
	text := "a " + string(d.Type)
	if u := d.BaseUnit(); u != "" && u != None {
		text += " in " + strings.ReplaceAll(string(u), "_", " ")
	}
	if d.Native {
		text += ", native"
	}
	if len(d.Labels) == 0 {
		text += " without labels"
	} else {
		var labels []string
		for _, l := range d.Labels {
			name := l.Name
			if l.Values != nil {
				name += "=" + strings.Join(l.Values, "|")
			}
			labels = append(labels, name)
		}
		text += " with the labels " + strings.Join(labels, ", ")
	}
	if d.Buckets != nil {
		text += fmt.Sprintf(", buckets %v", d.Buckets)
	}
	if d.Cadence == EveryRun {
		text += ", changing with every run"
	}
	if d.Program != "" {
		text += ", of " + d.Program
	}
	return text
}

// All returns the descriptions sorted by name.
func (c Catalogue) All() []Desc { return slices.Clone(c.descs) }

// Series returns the description of the series with this name. A classic
// histogram x has the series x_bucket, x_sum and x_count, but no x.
func (c Catalogue) Series(name string) (Desc, bool) {
	i, ok := c.series[name]
	switch {
	case !ok:
		return Desc{}, false
	case i >= len(c.descs):
		return c.shared[i-len(c.descs)], true
	}
	return c.descs[i], true
}

// Family returns the description with that name, also for a histogram.
func (c Catalogue) Family(name string) (Desc, bool) {
	i, ok := slices.BinarySearchFunc(c.descs, name, func(d Desc, n string) int { return cmp.Compare(d.Name, n) })
	if !ok {
		return Desc{}, false
	}
	return c.descs[i], true
}

// Programs returns the programs that expose a family. It is empty if one of
// them is unknown.
func (c Catalogue) Programs(family string) []string { return slices.Clone(c.programs[family]) }

// SeriesNames returns the names of all series, sorted.
func (c Catalogue) SeriesNames() []string {
	names := make([]string, 0, len(c.series))
	for n := range c.series {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// SeriesLabels returns the names of a series' labels: the declared ones, and
// "le" for a histogram's buckets or "quantile" for a summary's quantiles.
func (d Desc) SeriesLabels(series string) []string {
	names := d.LabelNames()
	switch {
	case d.Type == Histogram && series == d.Name+"_bucket":
		names = append(names, bucketLabel)
	case d.Type == Summary && series == d.Name:
		names = append(names, quantileLabel)
	}
	return names
}
