package dashgen

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Query is an expression of a dashboard in the form for Prometheus, with the
// facts for checking it.
type Query struct {
	// Where is the place in findings, such as
	// dashboard "arbitrage-system-health", panel 9 "Preflight Duration P95", query A.
	Where string
	// Expr is the expression with all variables replaced: the dashboard's by
	// the pattern for all values, Grafana's by their default values. A
	// variable's own query is the selector with its values.
	Expr string
	// Legend is the legend of the series, "" for none.
	Legend string
	// Labels are the labels that the result needs: those in the legend, in a
	// table's columns, or the label of a variable.
	Labels []string
	// Panel is the id of the panel, 0 for variables and annotations.
	Panel int
	// Unit is the unit of the panel, "" outside of panels.
	Unit Unit
}

// Queries lists the expressions of the variables, the annotations and the
// panels, in this order.
func (d Dashboard) Queries(t metrics.Timing) []Query {
	d = d.resolved()
	values := d.values(t)
	plain := func(expr string) string { return substitute(expression(expr, t), values) }

	var queries []Query
	for _, v := range d.Variables {
		if v.Series == "" {
			continue // its values are listed
		}
		queries = append(queries, Query{
			Where:  fmt.Sprintf("%s, %s", d.where(), v.where()),
			Expr:   plain(v.Series),
			Labels: []string{v.Label},
		})
	}
	for _, a := range d.Annotations {
		legend := strings.TrimSpace(a.Title + " " + a.Text)
		queries = append(queries, Query{
			Where:  fmt.Sprintf("%s, %s", d.where(), a.where()),
			Expr:   plain(a.Expr),
			Legend: legend,
			Labels: legendLabels(legend),
		})
	}
	for _, p := range d.panels() {
		for i, target := range p.Targets {
			queries = append(queries, Query{
				Where:  fmt.Sprintf("%s, %s, query %s", d.where(), p.where(), refID(i)),
				Expr:   plain(target.Expr),
				Legend: target.Legend,
				Labels: p.labels(target),
				Panel:  p.ID,
				Unit:   p.Unit,
			})
		}
	}
	return queries
}

// labels returns the labels that the panel needs in the result of a query.
func (p Panel) labels(target Target) []string {
	labels := legendLabels(target.Legend)
	if table, ok := p.Show.(Table); ok {
		for _, c := range table.Columns {
			if c.Field != Value && !slices.Contains(labels, c.Field) {
				labels = append(labels, c.Field)
			}
		}
	}
	return labels
}

var legendLabel = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// legendLabels returns the labels in a legend, without duplicates.
func legendLabels(legend string) []string {
	var labels []string
	for _, m := range legendLabel.FindAllStringSubmatch(legend, -1) {
		if !slices.Contains(labels, m[1]) {
			labels = append(labels, m[1])
		}
	}
	return labels
}

// anyValue replaces a variable with all values selected. It requires the label,
// because series without it belong to no value.
const anyValue = ".+"

// reference matches a variable in a text: $name, ${name}, ${name:format} or
// [[name]]. It does not match "$1", which label_replace uses.
var reference = regexp.MustCompile(`\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)(?::\w+)?\}|\[\[([A-Za-z_]\w*)(?::\w+)?\]\]`)

// references returns the names of the variables in the text, in order.
func references(text string) []string {
	var names []string
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1]+m[2]+m[3])
	}
	return names
}

// MapReferences replaces each reference to a Grafana variable in a text, such
// as $name, ${name:format} and [[name]].
func MapReferences(text string, replace func(reference string) string) string {
	return reference.ReplaceAllStringFunc(text, replace)
}

// substitute replaces the variables in the text. Unknown names stay.
func substitute(text string, values map[string]string) string {
	return MapReferences(text, func(ref string) string {
		if v, ok := values[references(ref)[0]]; ok {
			return v
		}
		return ref
	})
}

// values returns the values of variables in expressions: the pattern for all
// values for the dashboard's, and Grafana's own.
func (d Dashboard) values(t metrics.Timing) map[string]string {
	values := d.builtins(t)
	for _, v := range d.Variables {
		values[v.Name] = anyValue
	}
	return values
}

// builtins returns Grafana's own variables with their values when the dashboard
// is opened.
func (d Dashboard) builtins(t metrics.Timing) map[string]string {
	window := mustDuration(d.Window, t)
	return map[string]string{
		"__interval":      model.Duration(t.Scrape).String(),
		"__interval_ms":   strconv.FormatInt(t.Scrape.Milliseconds(), 10),
		"__rate_interval": model.Duration(4 * t.Scrape).String(),
		"__range":         model.Duration(window).String(),
		"__range_s":       strconv.FormatInt(int64(window.Seconds()), 10),
		"__range_ms":      strconv.FormatInt(window.Milliseconds(), 10),
	}
}

func (a Annotation) where() string { return fmt.Sprintf("annotation %q", a.Name) }
