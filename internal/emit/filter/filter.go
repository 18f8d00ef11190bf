// Package filter restricts expressions to the variables of a dashboard. It is
// separate from dashgen so that a pack does not link the PromQL parser.
package filter

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/dashgen"
)

// Expr restricts an expression to the variables of a dashboard: each selector
// gets env=~"$env" if its series has the label of the variable. A selector that
// already matches the label stays unchanged, and so does the rest of the text.
// The expression may use runs, scrapes and Grafana's variables.
func Expr(expr string, variables []dashgen.Variable, has func(series, label string) bool) (string, error) {
	plain := parsable(expr)
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(plain)
	if err != nil {
		return "", fmt.Errorf("%s: %w", expr, err)
	}
	items := tokens(plain)
	insertions := map[int]string{}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if matchers := missing(selector, variables, has); len(matchers) > 0 {
			at, text := insertion(items, selector.PosRange.Start, strings.Join(matchers, ", "))
			insertions[at] = text
		}
		return nil
	})
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(insertions))) {
		expr = expr[:at] + insertions[at] + expr[at:]
	}
	return expr, nil
}

// missing returns the matchers that a selector lacks.
func missing(selector *parser.VectorSelector, variables []dashgen.Variable, has func(series, label string) bool) []string {
	series := selector.Name
	matched := map[string]bool{}
	for _, m := range selector.LabelMatchers {
		matched[m.Name] = true
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			series = m.Value
		}
	}
	var out []string
	for _, v := range variables {
		if v.Label == "" || matched[v.Label] || !has(series, v.Label) {
			continue
		}
		matched[v.Label] = true
		name := v.Label
		if !model.LegacyValidation.IsValidLabelName(name) {
			name = strconv.Quote(name)
		}
		out = append(out, fmt.Sprintf(`%s=~"$%s"`, name, v.Name))
	}
	return out
}

// insertion returns the text that adds matchers to the selector at a position,
// and the place for it: before the closing brace, or after the name.
func insertion(items []parser.Item, start posrange.Pos, matchers string) (int, string) {
	i := slices.IndexFunc(items, func(it parser.Item) bool { return it.Pos == start })
	name := items[i]
	if name.Typ != parser.LEFT_BRACE {
		i++
	}
	if i == len(items) || items[i].Typ != parser.LEFT_BRACE {
		return int(name.Pos) + len(name.Val), "{" + matchers + "}"
	}
	for items[i].Typ != parser.RIGHT_BRACE {
		i++
	}
	before := items[i-1]
	if before.Typ != parser.LEFT_BRACE && before.Typ != parser.COMMA {
		matchers = ", " + matchers
	}
	return int(before.Pos) + len(before.Val), matchers
}

// tokens splits a valid expression into tokens without comments.
func tokens(expr string) []parser.Item {
	lexer := parser.Lex(expr)
	var items []parser.Item
	for {
		var item parser.Item
		lexer.NextItem(&item)
		switch item.Typ {
		case parser.EOF, parser.ERROR:
			return items
		case parser.COMMENT:
		default:
			items = append(items, item)
		}
	}
}

// interval matches a duration in the units runs and scrapes.
var interval = regexp.MustCompile(`\b[1-9][0-9]*(?:runs?|scrapes?)\b`)

// parsable replaces our units and Grafana's variables by PromQL durations of
// the same length, so that positions in both texts agree.
func parsable(expr string) string {
	standIn := func(text string) string { return strings.Repeat("0", len(text)-2) + "1s" }
	return dashgen.MapReferences(interval.ReplaceAllStringFunc(expr, standIn), standIn)
}
