package pipelinetest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

type family = dto.MetricFamily

// vocabulary holds the series that the site's world can have.
type vocabulary struct {
	catalogue metrics.Catalogue
	declared  metrics.Catalogue // without the labels that scraping adds
	checker   *promcheck.Checker
	parser    parser.Parser
	used      map[string]bool // series that rules and their texts read
	checked   map[string]bool
}

func newVocabulary(s *site.Site, p *pace) (*vocabulary, error) {
	catalogue, err := s.Catalogue()
	if err != nil {
		return nil, err
	}
	declared, err := metrics.NewCatalogue(slices.Concat(s.Metrics, s.Exporters)...)
	if err != nil {
		return nil, err
	}
	checker, err := definitions.NewChecker(s)
	if err != nil {
		return nil, err
	}
	v := &vocabulary{
		catalogue: catalogue, declared: declared, checker: checker, parser: parser.NewParser(parser.Options{}),
		used: map[string]bool{"up": true}, checked: map[string]bool{},
	}
	for name := range p.inputs() {
		if _, ok := catalogue.Series(name); ok {
			v.used[name] = true
		}
	}
	return v, nil
}

var word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)

func usesFamily(used map[string]bool, f *family) bool {
	return used[f.GetName()] || used[f.GetName()+"_bucket"] || used[f.GetName()+"_sum"] || used[f.GetName()+"_count"]
}

// parse parses `metric{label="value"}`.
func (v *vocabulary) parse(text string) (labels.Labels, error) {
	l, err := v.parser.ParseMetric(text)
	if err != nil {
		return labels.EmptyLabels(), fmt.Errorf("%s: %w: write a series as metric{label=\"value\"}", text, err)
	}
	return l, nil
}

// check returns an error for a metric, label or value that the catalogue does
// not have, and for missing labels.
func (v *vocabulary) check(l labels.Labels) error {
	text := l.String()
	if v.checked[text] {
		return nil
	}
	var errs []error
	for _, f := range v.checker.Series("story", text, "0") {
		errs = append(errs, errors.New(f.String()))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	name := l.Get(model.MetricNameLabel)
	d, _ := v.declared.Series(name) // recorded series may have any labels
	for _, want := range d.SeriesLabels(name) {
		if label, _ := d.Label(want); l.Get(want) == "" && !label.Optional {
			errs = append(errs, fmt.Errorf("%s: the label %q is missing: %s has %s", text, want, name, strings.Join(d.SeriesLabels(name), ", ")))
		}
	}
	v.checked[text] = len(errs) == 0
	return errors.Join(errs...)
}

// progress reports whether a series changes with each run of a job even if
// nothing happens: a counter, or the time of the run.
func (v *vocabulary) progress(l labels.Labels) bool {
	d, _ := v.catalogue.Series(l.Get(model.MetricNameLabel))
	return v.counts(l) || d.Unit == metrics.Timestamp
}

// counts reports whether a series is a counter.
func (v *vocabulary) counts(l labels.Labels) bool {
	d, _ := v.catalogue.Series(l.Get(model.MetricNameLabel))
	return d.Type == metrics.Counter || d.Type == metrics.Histogram || d.Type == metrics.Summary
}
