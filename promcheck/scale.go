package promcheck

import (
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/constant"
	"github.com/alertnative/preflight/metrics"
)

var (
	// humanized matches the value of the alert in a function that adds a unit.
	humanized = map[string]*regexp.Regexp{
		"humanizePercentage": shownBy("humanizePercentage"), "humanizeDuration": shownBy("humanizeDuration"),
		"humanizeTimestamp": shownBy("humanizeTimestamp"), "humanize1024": shownBy("humanize1024"),
	}
	// inPercent matches a value followed by a percent sign.
	inPercent    = regexp.MustCompile(`\{\{-?\s*(?:\$value(?:\s*\|\s*(?:humanize|printf "%\.?\d*f"))?|(?:humanize|printf "%\.?\d*f")\s+\$value)\s*-?\}\}\s?(%)`)
	milliseconds = regexp.MustCompile(`_(ms|msec|msecs|millis|milliseconds)(_total)?$`)
)

func shownBy(function string) *regexp.Regexp {
	return regexp.MustCompile(`\{\{-?\s*(?:\$value\s*\|\s*` + function + `|` + function + `\s+\$value)\s*-?\}\}`)
}

// wrongScale reports a text that shows the value in a unit that it does not
// have.
func wrongScale(where, part, text string, tree parser.Expr, t Type) []finding.Finding {
	share := t.Range.Lo >= 0 && t.Range.Hi <= 1 && t.Range.Hi > 0 && t.Unit != metrics.Bool && strings.Contains(text, "%")
	if !share && !strings.Contains(text, "humanize") || !strings.Contains(text, "$value") {
		return nil
	}
	var out []finding.Finding
	add := func(at []int, suggestion, reason string) {
		out = append(out, finding.Finding{
			Code: finding.WrongScale, Where: where, Part: part, Text: text, From: at[0], To: at[1],
			Reason: reason, Suggestion: suggestion,
		})
	}
	for _, function := range []string{"humanizePercentage", "humanizeDuration", "humanizeTimestamp", "humanize1024"} {
		if !strings.Contains(text, function) {
			continue
		}
		reason := misfit(function, tree, t)
		if reason == "" {
			continue
		}
		for _, at := range humanized[function].FindAllStringIndex(text, -1) {
			from := at[0] + strings.Index(text[at[0]:], function)
			add([]int{from, from + len(function)}, "", function+" "+reason)
		}
	}
	if !share {
		return out
	}
	for _, m := range inPercent.FindAllStringSubmatchIndex(text, -1) {
		add(m[2:4], "humanizePercentage", "the value is "+t.Range.String()+", and the text shows it as a percentage: 0.5 is shown as 0.5%")
	}
	return out
}

// misfit explains why a function does not suit the value of an alert, or
// returns "".
func misfit(function string, tree parser.Expr, t Type) string {
	has := "the value is in " + words(t.Unit)
	switch function {
	case "humanizePercentage":
		const unlikely = 50 // 5000 %
		switch {
		case inHundredths(value(tree)):
			return "multiplies by 100, and so does the expression: 5% is shown as 500%"
		case t.Unit == metrics.Seconds || t.Unit == metrics.Bytes || t.Unit == metrics.Timestamp || t.Unit == PerSecond:
			return "is for ratios, and " + has
		case t.Range.Lo >= unlikely:
			return "multiplies by 100, and the value is " + t.Range.String()
		}
	case "humanizeDuration":
		switch {
		case inMilliseconds(value(tree)):
			return "is for seconds, and the value is in milliseconds"
		case t.Unit == metrics.Bytes || t.Unit == metrics.Timestamp || t.Unit == PerSecond:
			return "is for seconds, and " + has
		}
	case "humanizeTimestamp":
		if t.Unit == metrics.Seconds || t.Unit == metrics.Bytes {
			return "is for points in time, and " + has
		}
	case "humanize1024":
		if t.Unit == metrics.Seconds || t.Unit == metrics.Timestamp || t.Unit == metrics.Ratio {
			return "is for bytes, and " + has
		}
	}
	return ""
}

// value returns the expression that computes the value of a condition.
func value(e parser.Expr) parser.Expr {
	n, ok := unparen(e).(*parser.BinaryExpr)
	switch {
	case !ok || n.ReturnBool:
		return unparen(e)
	case n.Op == parser.LAND || n.Op == parser.LUNLESS:
		return value(n.LHS)
	case !n.Op.IsComparisonOperator():
		return n
	}
	if _, number := constant.Of(n.LHS); number {
		return value(n.RHS)
	}
	return value(n.LHS)
}

// inHundredths reports whether an expression multiplies by 100.
func inHundredths(e parser.Expr) bool {
	switch n := unparen(e).(type) {
	case *parser.AggregateExpr:
		return n.Op != parser.COUNT && n.Op != parser.COUNT_VALUES && n.Op != parser.GROUP && inHundredths(n.Expr)
	case *parser.BinaryExpr:
		a, left := constant.Of(n.LHS)
		b, right := constant.Of(n.RHS)
		switch n.Op {
		case parser.MUL:
			return left && a == 100 || right && b == 100
		case parser.DIV:
			return !right && inHundredths(n.LHS)
		case parser.ADD, parser.SUB:
			return left && inHundredths(n.RHS) || right && inHundredths(n.LHS)
		}
	}
	return false
}

// inMilliseconds reports whether an expression has the values of a metric in
// milliseconds.
func inMilliseconds(e parser.Expr) bool {
	switch n := unparen(e).(type) {
	case *parser.VectorSelector:
		return milliseconds.MatchString(n.Name)
	case *parser.AggregateExpr:
		return (n.Op == parser.SUM || n.Op == parser.AVG || n.Op == parser.MAX || n.Op == parser.MIN) && inMilliseconds(n.Expr)
	case *parser.Call:
		if m, ok := firstMatrix(n); ok && (n.Func.Name == "avg_over_time" || n.Func.Name == "max_over_time" || n.Func.Name == "min_over_time") {
			return inMilliseconds(m.VectorSelector)
		}
	}
	return false
}
