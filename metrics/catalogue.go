package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
)

// Catalogue is a set of metrics, looked up by the names of their series.
// The zero Catalogue is empty.
type Catalogue struct {
	descs  []Desc // sorted by name
	series map[string]int
}

// NewCatalogue makes a catalogue of the descriptions. The error names every
// series that two of them claim. Naming rules are left to [Desc.Validate]:
// other people's exporters do not keep them all.
func NewCatalogue(descs ...Desc) (Catalogue, error) {
	c := Catalogue{descs: slices.Clone(descs), series: make(map[string]int, len(descs))}
	slices.SortFunc(c.descs, func(a, b Desc) int { return cmp.Compare(a.Name, b.Name) })
	var errs []error
	for i, d := range c.descs {
		for _, s := range d.Series() {
			if j, taken := c.series[s]; taken {
				errs = append(errs, fmt.Errorf("metric %q: its series %s also belongs to %q", d.Name, s, c.descs[j].Name))
			}
			c.series[s] = i
		}
	}
	return c, errors.Join(errs...)
}

// All returns the descriptions sorted by name.
func (c Catalogue) All() []Desc { return slices.Clone(c.descs) }

// Series returns the description that a series of this name belongs to.
// A histogram named x is found as x_bucket, x_sum and x_count, not as x.
func (c Catalogue) Series(name string) (Desc, bool) {
	i, ok := c.series[name]
	if !ok {
		return Desc{}, false
	}
	return c.descs[i], true
}

// Family returns the description of that name, a histogram's included.
func (c Catalogue) Family(name string) (Desc, bool) {
	i, ok := slices.BinarySearchFunc(c.descs, name, func(d Desc, n string) int { return cmp.Compare(d.Name, n) })
	if !ok {
		return Desc{}, false
	}
	return c.descs[i], true
}

// SeriesNames returns the names of all series, sorted.
func (c Catalogue) SeriesNames() []string {
	names := make([]string, 0, len(c.series))
	for n := range c.series {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// SeriesLabels returns the names of the labels that the named series of d
// carries: those declared, and "le" on a histogram's buckets or "quantile" on
// a summary's quantiles.
func (d Desc) SeriesLabels(series string) []string {
	names := d.LabelNames()
	switch {
	case d.Type == Histogram && series == d.Name+"_bucket":
		names = append(names, model.BucketLabel)
	case d.Type == Summary && series == d.Name:
		names = append(names, model.QuantileLabel)
	}
	return names
}
