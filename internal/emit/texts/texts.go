// Package texts processes the templates of alert texts: it expands them for
// known labels, shows them in readable form, and inserts the numbers of the
// expression.
//
// It parses them as Prometheus does, by text/template/parse.
package texts

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// Definitions are the definitions that Prometheus puts before every template.
const Definitions = `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`

// Parse parses a template after [Definitions]. The positions of nodes count
// from the start of the definitions. Unknown functions are accepted.
func Parse(text string) (*parse.Tree, error) {
	tree, _, err := parseWith(Definitions, text)
	return tree, err
}

// parseWith also returns the templates that the text defines, by name.
func parseWith(before, text string) (*parse.Tree, map[string]*parse.Tree, error) {
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(before+text, "", "", defined); err != nil {
		return nil, nil, err
	}
	return tree, defined, nil
}

// isTemplate reports whether a text has actions.
func isTemplate(text string) bool { return strings.Contains(text, "{{") }

var errQuery = errors.New("a query")

// Fill expands a text for an alert with those labels by Prometheus's own code.
// A text that depends on the value, the time or the result of a query is moving
// and returned unchanged. Prometheus's external labels and URL are empty.
func Fill(text string, labels map[string]string) (filled string, moving bool, err error) {
	if !isTemplate(text) {
		return text, false, nil
	}
	m, err := Moves(text)
	if err != nil || m.Uses {
		return text, m.Uses, err
	}
	query := func(context.Context, string, time.Time) (promql.Vector, error) { return nil, errQuery }
	data := template.AlertTemplateData(maps.Clone(labels), nil, "", promql.Sample{})
	filled, err = template.NewTemplateExpander(context.Background(), Definitions+text, "template", data,
		model.Time(0), query, &url.URL{}, nil).Expand()
	if err != nil {
		return text, false, err
	}
	return filled, false, nil
}

// Vars are the numbers of an alert in readable form: "500 ms", "1h". An empty
// string means unknown.
type Vars struct {
	Threshold string // $threshold
	Window    string // $window
	For       string // $for
}

func (v Vars) values() map[string]string {
	return map[string]string{"$threshold": v.Threshold, "$window": v.Window, "$for": v.For}
}

// Missing explains why a variable of [Vars] has no value, by its name.
func Missing() map[string]string {
	return map[string]string{
		"$threshold": "$threshold has no value: the first condition does not compare with one constant",
		"$window":    "$window has no value: the first condition has no range, such as [5m], or several",
		"$for":       "$for has no value: the alert has no For",
	}
}

// Expand replaces {{ $threshold }}, {{ $window }} and {{ $for }} by their
// values, and keeps the rest unchanged. In a longer action the value becomes a
// quoted string. Unknown variables, and those that the text defines, stay.
func Expand(text string, v Vars) string {
	if !isTemplate(text) {
		return text
	}
	values := v.values()
	before := Definitions + `{{$threshold := ""}}{{$window := ""}}{{$for := ""}}`
	tree, defined, err := parseWith(before, text)
	if err != nil {
		return text
	}
	var uses []use
	for _, t := range append(slices.Collect(maps.Values(defined)), tree) {
		uses = append(uses, variables(t.Root, len(before), values)...)
	}
	slices.SortFunc(uses, func(a, b use) int { return a.at - b.at })
	var out strings.Builder
	end := 0
	for _, u := range uses {
		if u.at < end {
			continue // the main template is in the list too
		}
		from, to := u.at, u.at+len(u.name)
		value := values[u.name]
		if u.alone && !isTemplate(value) {
			from, to = action(text, u.at, to)
		} else {
			value = strconv.Quote(value)
		}
		if from > end {
			out.WriteString(text[end:from])
		}
		out.WriteString(value)
		end = to
	}
	return out.String() + text[end:]
}
