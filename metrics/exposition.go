package metrics

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics/desc"
)

// Formats of Exposition, as Prometheus's parser names them.
const (
	textFormat   = "text/plain"
	openMetrics  = "application/openmetrics-text; version=1.0.0"
	openMetrics2 = "application/openmetrics-text; version=2.0.0"
)

// Exposition returns the metrics in a program's exposition, sorted by name. The
// text is in the text format, or in OpenMetrics if it ends in "# EOF".
// Prometheus's own parser reads it. The descriptions have the names that
// Prometheus stores: an OpenMetrics counter x is x_total.
//
// The text does not contain every value of a label, so the sets of values are
// open. Only the states of an OpenMetrics stateset are closed.
//
// A mistake in the text becomes the last description, with a [desc.Desc.Problem].
//
// An empty value means that the series lacks the label, as for Prometheus.
func Exposition(text string) []Desc { return describe(text, false) }

// describe reads an exposition. In the recordings, placeholders are true: an
// empty value stands for any value.
func describe(text string, placeholders bool) []Desc {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		return []Desc{desc.Mistake(finding.Finding{
			Code: finding.BadExposition, Where: "exposition", Reason: "it is empty: store the answer of the program's /metrics",
		})}
	}
	if !strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "# EOF") {
		text += "\n"
	}
	format := textFormat
	if strings.HasSuffix(strings.TrimRight(text, "\n"), "# EOF") {
		format = openMetrics
		text = strings.TrimRight(text, "\n") + "\n"
	}
	e := newExposition(placeholders)
	problem := e.read(text, format)
	if problem != nil && format == openMetrics {
		// Only the second version of OpenMetrics has composite values.
		if second := newExposition(placeholders); second.read(text, openMetrics2) == nil {
			e, problem = second, nil
		}
	}
	out := e.descs()
	if problem != nil {
		out = append(out, desc.Mistake(*problem))
	}
	return out
}

// exposition collects the declarations and samples of each metric.
type exposition struct {
	placeholders bool // an empty label value stands for any value
	declared     map[string]declaration
	metrics      map[string]*seen
}

// declaration holds the "# TYPE", "# HELP" and "# UNIT" of a family.
type declaration struct {
	kind model.MetricType
	help string
	unit Unit
}

// seen is a metric with the labels of its samples.
type seen struct {
	Desc
	samples  int
	carriers map[string]int   // number of samples with the label
	buckets  map[float64]bool // bounds of a histogram
	// quantiles are those of a summary.
	quantiles map[float64]bool
}

func newExposition(placeholders bool) *exposition {
	return &exposition{placeholders: placeholders, declared: map[string]declaration{}, metrics: map[string]*seen{}}
}

// read parses the text and returns the first mistake.
func (e *exposition) read(text, format string) *finding.Finding {
	p, err := textparse.New([]byte(text), format, nil, textparse.ParserOptions{
		EnableOpenMetrics2: true, KeepClassicOnClassicAndNativeHistograms: true,
	})
	if p == nil {
		return &finding.Finding{Code: finding.BadExposition, Where: "exposition", Reason: err.Error()}
	}
	lines := written(text)
	for n := 0; ; n++ {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			f := &finding.Finding{Code: finding.BadExposition, Where: "exposition", Reason: err.Error()}
			if n < len(lines) && format != openMetrics2 {
				f.Text, f.To = lines[n].text, len(lines[n].text)
				f.Reason = fmt.Sprintf("line %d: %v", lines[n].number, err)
			}
			return f
		}
		e.entry(p, entry)
	}
}

// line is a line of a text, counted from 1.
type line struct {
	number int
	text   string
}

// written returns the lines that are not blank. The parser returns one entry
// for each.
func written(text string) []line {
	var out []line
	for i, l := range strings.Split(text, "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, line{i + 1, l})
		}
	}
	return out
}

func (e *exposition) entry(p textparse.Parser, entry textparse.Entry) {
	declare := func(name []byte, change func(*declaration)) {
		d := e.declared[string(name)]
		change(&d)
		e.declared[string(name)] = d
	}
	var l labels.Labels
	switch entry {
	case textparse.EntryHelp:
		name, help := p.Help()
		declare(name, func(d *declaration) { d.help = string(help) })
	case textparse.EntryType:
		name, kind := p.Type()
		declare(name, func(d *declaration) { d.kind = kind })
	case textparse.EntryUnit:
		name, unit := p.Unit()
		declare(name, func(d *declaration) { d.unit = Unit(unit) })
	case textparse.EntrySeries:
		p.Labels(&l)
		e.sample(l)
	case textparse.EntryHistogram:
		p.Labels(&l)
		m := e.metric(l.Get(model.MetricNameLabel))
		m.Type, m.Native = Histogram, true
		m.sample(l, e.placeholders)
	}
}

// sample records a sample with a plain number.
func (e *exposition) sample(l labels.Labels) {
	name := l.Get(model.MetricNameLabel)
	m := e.metric(name)
	m.sample(l, e.placeholders)
	if m.Type == Histogram && name == m.Name+"_bucket" {
		if m.buckets == nil {
			m.buckets = map[float64]bool{}
		}
		if bound, err := strconv.ParseFloat(l.Get(model.BucketLabel), 64); err == nil && !math.IsInf(bound, 1) {
			m.buckets[bound] = true
		}
	}
	if m.Type == Summary && name == m.Name {
		if q, err := strconv.ParseFloat(l.Get(model.QuantileLabel), 64); err == nil {
			if m.quantiles == nil {
				m.quantiles = map[float64]bool{}
			}
			m.quantiles[q] = true
		}
	}
	if m.Name == name && e.declared[name].kind == model.MetricTypeStateset {
		m.state(name, l.Get(name))
	}
}

// metric returns the metric of a series.
func (e *exposition) metric(series string) *seen {
	d := e.describe(series)
	m := e.metrics[d.Name]
	if m == nil {
		m = &seen{Desc: d, carriers: map[string]int{}}
		e.metrics[d.Name] = m
	}
	return m
}

// describe finds the declaration of a series: its own, or that of the name
// without a suffix that the type adds.
func (e *exposition) describe(series string) Desc {
	if d, ok := e.declared[series]; ok {
		return orUntyped(Desc{Name: series, Type: types[d.kind], Help: d.help, Unit: d.unit}, d.kind)
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count", "_gsum", "_gcount", "_total", "_info", "_created"} {
		stem, ok := strings.CutSuffix(series, suffix)
		d, declared := e.declared[stem]
		if !ok || !declared {
			continue
		}
		family := Desc{Name: stem, Type: types[d.kind], Help: d.help, Unit: d.unit}
		own := Desc{Name: series, Type: types[d.kind], Help: d.help, Unit: d.unit}
		switch {
		case suffix == "_created":
			return Desc{Name: series, Type: Gauge, Unit: Timestamp, Help: "When the series of " + stem + " started."}
		case suffix == "_total" && d.kind == model.MetricTypeCounter, suffix == "_info" && d.kind == model.MetricTypeInfo:
			return own
		case d.kind == model.MetricTypeGaugeHistogram:
			own.Type = Gauge
			if suffix != "_gsum" {
				own.Unit = None
			}
			return own
		case d.kind == model.MetricTypeHistogram && suffix != "_gsum" && suffix != "_gcount", d.kind == model.MetricTypeSummary && (suffix == "_sum" || suffix == "_count"):
			return family
		}
	}
	return Desc{Name: series, Type: Untyped}
}

var types = map[model.MetricType]Type{
	model.MetricTypeCounter: Counter, model.MetricTypeGauge: Gauge, model.MetricTypeHistogram: Histogram,
	model.MetricTypeSummary: Summary, model.MetricTypeInfo: Info, model.MetricTypeStateset: Gauge,
	model.MetricTypeGaugeHistogram: Gauge,
}

// orUntyped sets the type if the declaration has none, and the unit of a
// stateset.
func orUntyped(d Desc, kind model.MetricType) Desc {
	if d.Type == "" {
		d.Type = Untyped
	}
	if kind == model.MetricTypeStateset {
		d.Unit = Bool
	}
	return d
}

// sample counts the labels of a sample. Prometheus drops a label with an empty
// value.
func (m *seen) sample(l labels.Labels, placeholders bool) {
	m.samples++
	l.Range(func(label labels.Label) {
		switch {
		case label.Name == model.MetricNameLabel, label.Value == "" && !placeholders:
			return
		case m.Type == Histogram && label.Name == model.BucketLabel, m.Type == Summary && label.Name == model.QuantileLabel:
			return
		}
		m.carriers[label.Name]++
		if _, ok := m.Label(label.Name); !ok {
			m.Labels = append(m.Labels, Label{Name: label.Name})
		}
	})
}

// state adds a state to the closed set of a stateset's label.
func (m *seen) state(label, value string) {
	for i, l := range m.Labels {
		if l.Name == label && !slices.Contains(l.Values, value) {
			m.Labels[i].Values = append(l.Values, value)
		}
	}
}

// descs returns the metrics sorted by name.
func (e *exposition) descs() []Desc {
	var out []Desc
	for _, name := range slices.Sorted(maps.Keys(e.metrics)) {
		m := e.metrics[name]
		for i, l := range m.Labels {
			m.Labels[i].Optional = m.carriers[l.Name] < m.samples
		}
		if m.buckets != nil {
			m.Buckets = slices.AppendSeq([]float64{}, maps.Keys(m.buckets))
			slices.Sort(m.Buckets)
		}
		if m.quantiles != nil {
			m.Quantiles = slices.Sorted(maps.Keys(m.quantiles))
		}
		out = append(out, desc.Recorded(m.Desc))
	}
	return out
}
