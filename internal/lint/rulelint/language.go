package rulelint

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/promcheck"
)

// Reasons for not reading a rule.
const (
	isLogQL     = "LogQL, not PromQL"
	isMetricsQL = "MetricsQL, not PromQL"
	isAnAction  = "a template action in the expression: lint the rendered file"
)

var (
	// logQL matches syntax that only Loki's language has.
	logQL = regexp.MustCompile("\\}\\s*(\\|=|\\|~|\\|>|!=\\s*[\"`]|!~\\s*[\"`]|!>\\s*[\"`]|\\|\\s*[a-z_]+)")
	// onlyMetricsQL matches syntax and messages that show the use of MetricsQL.
	onlyMetricsQL = regexp.MustCompile(`(?i)\bkeep_metric_names\b|^\s*with\s*\(|\b(default|if|ifnot)\b|\blimit\s+\d`)
	// vmalertText matches the names of template data that only vmalert has.
	vmalertText = regexp.MustCompile(`\{\{[^}]*(\$(activeAt|alertID|groupID|isPartial)\b|\.(ActiveAt|AlertID|GroupID|IsPartial)\b)`)
)

// languages sets the reason for not reading, for each rule whose expression is
// not PromQL. Mistakes in PromQL remain findings.
func (s *source) languages() {
	logs := false
	for _, r := range s.rules {
		logs = logs || r.Err() != nil && logQL.MatchString(r.Expr)
	}
	for _, r := range s.rules {
		if r.unread == "" {
			r.unread = s.language(r, logs)
		}
	}
}

// language returns the reason for not reading the rule, or "". logs is true if
// the file has rules of Loki.
func (s *source) language(r *rule, logs bool) string {
	err := r.Err()
	switch {
	case err == nil && logs && nameless(r.Expr):
		return isLogQL
	case err == nil:
		return ""
	case logQL.MatchString(r.Expr):
		return isLogQL
	case s.made(r.Expr):
		return isAnAction
	case r.Vmalert || onlyMetricsQL.MatchString(r.Expr) || strings.Contains(err.Error(), "unknown function"):
		if _, err := metricsql.Parse(r.Expr); err == nil {
			return isMetricsQL
		}
	}
	return ""
}

var promQL = parser.NewParser(parser.Options{EnableExperimentalFunctions: true})

// nameless reports whether a selector of the expression has no metric: in a file
// of Loki it selects logs.
func nameless(expr string) bool {
	tree, err := promQL.ParseExpr(expr)
	if err != nil {
		return false
	}
	found := false
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok && v.Name == "" {
			found = true
			for _, m := range v.LabelMatchers {
				found = found && m.Name != "__name__"
			}
		}
		return nil
	})
	return found
}

// check sets the rule's findings. Those about text that a template makes are
// left out.
func (r *rule) check(c *promcheck.Checker) {
	if r.unread != "" {
		return
	}
	_, findings := c.Rule(&r.Rule)
	if r.Err() != nil && r.Vmalert {
		findings = []finding.Finding{r.neither()}
	}
	for _, f := range findings {
		from := min(max(f.From, 0), len(f.Text))
		to := min(max(f.To, from), len(f.Text))
		switch {
		case strings.HasPrefix(f.Part, "expr") && r.made(f.Text[from:to]):
			continue
		case r.Record != "" && f.Code == finding.BadTemplate: // Prometheus does not expand it
			continue
		}
		r.issues = append(r.issues, Issue{Finding: f, rule: r})
	}
}

// neither returns the finding for an expression that vmalert refuses.
func (r *rule) neither() finding.Finding {
	_, err := metricsql.Parse(r.Expr)
	return finding.Finding{
		Code: finding.Syntax, Where: r.Where, Part: "expr", Text: r.Expr, To: len(r.Expr),
		Reason: fmt.Sprintf("neither PromQL nor MetricsQL: %v", err),
	}
}
