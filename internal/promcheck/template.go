package promcheck

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// templateDefs are the definitions that Prometheus puts before every template.
const templateDefs = `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`

// Template expands the template of an annotation with Prometheus's own code,
// for labels whose values are not known, and checks every query it makes:
// when queries have a result, and when they have none.
func (c *Checker) Template(where, text string) []Finding {
	if !strings.Contains(text, "{{") {
		return nil
	}
	var queries []string
	answer := promql.Vector{{F: 1, Metric: labels.FromMap(c.anyLabels())}}
	if err := c.expand(text, answer, &queries); err != nil {
		return []Finding{{Code: Syntax, Where: where, Expr: text, Reason: err.Error()}}
	}
	// Without a result a template may well fail (first of nothing); what
	// counts here is what else it asks.
	_ = c.expand(text, nil, &queries)
	var findings []Finding
	for _, q := range queries {
		findings = append(findings, c.Expr(where+", query", q)...)
	}
	return findings
}

// expand runs the template, answering each query alike, and collects the
// queries.
func (c *Checker) expand(text string, answer promql.Vector, queries *[]string) error {
	query := func(_ context.Context, q string, _ time.Time) (promql.Vector, error) {
		if !slices.Contains(*queries, q) {
			*queries = append(*queries, q)
		}
		return answer, nil
	}
	names := c.anyLabels()
	data := template.AlertTemplateData(names, names, "", promql.Sample{F: 1})
	_, err := template.NewTemplateExpander(context.Background(), templateDefs+text, "template", data,
		model.Now(), query, &url.URL{}, nil).Expand()
	return err
}

// anyLabels gives every label of the catalogue a value that is not known.
func (c *Checker) anyLabels() map[string]string {
	names := map[string]string{}
	for _, d := range c.catalogue.All() {
		for _, l := range d.Labels {
			names[l.Name] = anyValue
		}
	}
	return names
}
