package rulelint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/lint/suggest"
)

// groups reads a list of groups: those of a file, a manifest or a value.
func (s *source) groups(n *yaml.Node) {
	s.vmalert = s.isVmalert(n)
	lines := map[string]int{} // of the groups by name
	for _, item := range list(n) {
		g := deref(item)
		if g.Kind != yaml.MappingNode {
			if !null(g) {
				s.bad(item, "", "", "a group is a map with name and rules")
			}
			continue
		}
		s.group(g, lines)
	}
}

// group reads a group. lines holds the lines of the groups before it.
func (s *source) group(n *yaml.Node, lines map[string]int) {
	known := groupFields
	if s.vmalert {
		known = vmalertGroups
	}
	fields := s.fields(n, "group", "", known)
	name := ""
	if f, ok := fields["name"]; ok {
		name = f.value.Value
	}
	switch line := lines[name]; {
	case name == "":
		s.bad(n, "", "", "the group has no name")
	case line > 0:
		s.bad(fields["name"].value, "", "", "the group %q is there twice: also in line %d", name, line)
	default:
		lines[name] = fields["name"].value.Line
	}
	g := &group{labels: fields["labels"].value}
	if f, ok := fields["interval"]; ok {
		g.interval, _ = s.duration(f.value)
	}
	if f, ok := fields["type"]; ok && f.value.Value != "prometheus" {
		g.language = fmt.Sprintf("a query of the type %s, not PromQL", f.value.Value)
	}
	if g.labels != nil {
		s.textsOf(nil, "label", g.labels)
	}
	for _, r := range list(fields["rules"].value) {
		s.rule(r, g)
	}
}

// group holds the fields of a group that apply to its rules.
type group struct {
	interval time.Duration
	labels   *yaml.Node // or nil
	language string     // the reason for not reading its expressions, or ""
}

// looseRules reads a list of rules without a group.
func (s *source) looseRules(n *yaml.Node) {
	for _, r := range list(n) {
		s.rule(r, &group{})
	}
}

// maxRules is the largest number of rules of a file. With aliases, a short file
// can have any number.
const maxRules = 1_000_000

// rule reads a rule.
func (s *source) rule(item *yaml.Node, g *group) {
	n := deref(item)
	if len(s.rules) == maxRules {
		if len(s.unread) == 0 {
			s.unread = append(s.unread, Unread{File: s.name, Line: n.Line, Reason: fmt.Sprintf("more than %d rules", maxRules), Failed: true})
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		if !null(n) {
			s.bad(item, "", "", "a rule is a map with alert or record, and expr")
		}
		return
	}
	known := ruleFields
	if s.vmalert {
		known = vmalertRules
	}
	r := &rule{line: n.Line, parts: map[string]*yaml.Node{}, unread: g.language, made: s.made}
	r.Interval, r.Vmalert = g.interval, s.vmalert
	where := ruleName(n)
	fields := s.fields(n, "rule", where, known)
	for name, f := range fields {
		r.parts[name] = f.value
	}
	r.Where = where
	r.Record, r.Alert, r.Expr = value(fields["record"]), value(fields["alert"]), value(fields["expr"])
	var keep time.Duration
	if f, ok := fields["for"]; ok {
		r.For, _ = s.duration(f.value)
	}
	if f, ok := fields["keep_firing_for"]; ok {
		keep, _ = s.duration(f.value)
	}
	if f, ok := fields["labels"]; ok {
		r.Labels = s.textsOf(r, "label", f.value)
	}
	if f, ok := fields["annotations"]; ok {
		r.Annotations = s.textsOf(r, "annotation", f.value)
	}
	s.refused(n, r, keep)
	if g.labels != nil { // the rule's own labels take precedence
		common := s.textsOf(r, "label", g.labels)
		maps.Copy(common, r.Labels)
		r.Labels = common
	}
	if (r.Alert == "") != (r.Record == "") && r.Expr != "" {
		s.rules = append(s.rules, r)
	}
}

// ruleName names a rule in findings.
func ruleName(n *yaml.Node) string {
	if name := text(child(n, "alert")); name != "" {
		return fmt.Sprintf("alert %q", name)
	}
	if name := text(child(n, "record")); name != "" {
		return fmt.Sprintf("record %q", name)
	}
	return ""
}

func value(f field) string {
	if f.value == nil {
		return ""
	}
	return scalar(f.value)
}

// scalar returns the text of a scalar as Prometheus decodes it.
func scalar(n *yaml.Node) string {
	if n.Tag == "!!binary" {
		var decoded string
		if n.Decode(&decoded) == nil {
			return decoded
		}
	}
	return n.Value
}

// textsOf reads a map of labels or annotations. It keeps their places in r,
// unless r has them or is nil.
func (s *source) textsOf(r *rule, kind string, n *yaml.Node) map[string]string {
	where := ""
	if r != nil {
		where = r.Where
	}
	found := map[string]field{}
	s.collect(n, found, func(f field) bool {
		if f.value.Kind != yaml.ScalarNode && !(isAction(f.value) && s.template) {
			s.bad(f.value, where, fmt.Sprintf("%s %q", kind, f.key.Value), "%s is not a text", shape(f.value))
			return false
		}
		return f.value.Kind == yaml.ScalarNode
	}, map[*yaml.Node]bool{})
	out := make(map[string]string, len(found))
	for name, f := range found {
		if name == "" || kind == "label" && name == model.MetricNameLabel {
			s.bad(f.key, where, "", "%q cannot be the name of a %s", name, kind)
		}
		out[name] = ""
		if !null(f.value) {
			out[name] = scalar(f.value)
		}
		if kind == "label" && !utf8.ValidString(out[name]) {
			s.bad(f.value, where, "", "the value of the label %s is not UTF-8", name)
		}
		if part := fmt.Sprintf("%s %q", kind, name); r != nil && r.parts[part] == nil {
			r.parts[part] = f.value
		}
	}
	return out
}

// refused reports everything else that Prometheus's own check of a rule
// refuses. The checks of expressions and templates are promcheck's.
func (s *source) refused(n *yaml.Node, r *rule, keep time.Duration) {
	plain := rulefmt.Rule{
		Record: r.Record, Alert: r.Alert, Expr: r.Expr, For: model.Duration(r.For), KeepFiringFor: model.Duration(keep),
	}
	if r.Record != "" {
		plain.Annotations = r.Annotations
	}
	for _, err := range plain.Validate(rulefmt.RuleNode{}, model.UTF8Validation, anyExpr{}) {
		reason := errors.Unwrap(&err).Error()
		if strings.Contains(reason, "must be set") && (wrongKind(n) || misspelled(n)) {
			continue // said already
		}
		at, part := n, ""
		for _, name := range []string{"annotations", "keep_firing_for", "for"} {
			if reason == fmt.Sprintf("invalid field '%s' in recording rule", name) {
				at, part = r.parts[name], name
				reason = fmt.Sprintf("a recording rule cannot have %s", name)
			}
		}
		s.bad(at, r.Where, part, "%s", reason)
	}
}

// wrongKind reports whether a name or the expression of a rule is a list or map.
func wrongKind(n *yaml.Node) bool {
	return slices.ContainsFunc([]string{"record", "alert", "expr"}, func(key string) bool {
		value := child(n, key)
		return value != nil && value.Kind != yaml.ScalarNode
	})
}

// misspelled reports whether an unknown field of a rule resembles its name or
// expression.
func misspelled(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, known := ruleFields[key]; !known && suggest.Nearest(key, []string{"record", "alert", "expr"}) != "" {
			return true
		}
	}
	return false
}

// anyExpr is a parser that accepts every expression.
type anyExpr struct{ parser.Parser }

func (anyExpr) ParseExpr(string) (parser.Expr, error) { return nil, nil }

// hasBlank reports whether a template makes a part of a line, from 1.
func (s *source) hasBlank(line int) bool {
	return line >= 1 && line <= len(s.lines) && slices.Contains([]rune(s.lines[line-1]), blank)
}
