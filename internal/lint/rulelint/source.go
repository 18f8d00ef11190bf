package rulelint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/promcheck"
)

// source is a file with rules.
type source struct {
	name  string
	lines []string
	rules []*rule
	// broken holds findings about the format of the file.
	broken  []Issue
	skipped string // reason for skipping the file, or ""
}

// rule is a rule with the places of its parts.
type rule struct {
	promcheck.Rule
	line   int                   // first line
	parts  map[string]*yaml.Node // by the name of the part in findings
	issues []Issue
}

// parse parses a file: a rule file, PrometheusRule manifests, or a list of
// them. It skips YAML of another kind.
func parse(name string, data []byte) *source {
	s := &source{name: name, lines: strings.Split(string(data), "\n")}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	known := false
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.unreadable(err, known)
			return s
		}
		if len(doc.Content) == 1 && s.document(doc.Content[0]) {
			known = true
		}
	}
	if !known {
		s.skipped = "no rules in it"
	}
	return s
}

var (
	isTemplate = regexp.MustCompile(`(?m)^\s*\{[{%]|\{\{-?\s*(include|if|end|range|with|define|template|toYaml|\.Values|\.Release)\b|\{\{-?\s*\.(Values|Release)\b`)
	isRules    = regexp.MustCompile(`(?m)^(groups:|kind: *PrometheusRule\b)`)
	yamlLine   = regexp.MustCompile(`line (\d+)`)
)

// unreadable handles a file that is not YAML.
func (s *source) unreadable(err error, known bool) {
	text := strings.Join(s.lines, "\n")
	switch {
	case isTemplate.MatchString(text):
		s.skipped = isTemplated
	case known || isRules.MatchString(text):
		line := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			_, _ = fmt.Sscan(m[1], &line)
		}
		s.bad(line, 1, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	default:
		s.skipped = "not YAML"
	}
}

func (s *source) bad(line, column int, format string, args ...any) {
	s.broken = append(s.broken, Issue{
		File: s.name, Line: line, Column: column,
		Finding: finding.Finding{Code: finding.Syntax, Reason: fmt.Sprintf(format, args...)},
	})
}

// document parses one YAML document and reports whether it has rules.
func (s *source) document(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	if kind := child(n, "kind"); kind != nil {
		switch {
		case kind.Value == "PrometheusRule":
			n = child(n, "spec")
		case strings.HasSuffix(kind.Value, "List"):
			found := false
			if items := child(n, "items"); items != nil {
				for _, item := range items.Content {
					found = s.document(item) || found
				}
			}
			return found
		default:
			return false
		}
	}
	groups := child(n, "groups")
	if groups == nil || groups.Kind != yaml.SequenceNode {
		return false
	}
	found := false
	for _, g := range groups.Content {
		if rules := child(g, "rules"); rules != nil && rules.Kind == yaml.SequenceNode {
			found = true
			s.group(g, rules)
		}
	}
	return found
}

// Keys of groups and rules: Prometheus's, and those that Thanos and Mimir add
// to groups.
var (
	groupKeys = []string{
		"name", "interval", "query_offset", "limit", "rules", "labels",
		"partial_response_strategy", "source_tenants", "evaluation_delay", "align_evaluation_time_on_interval",
	}
	ruleKeys = []string{"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
)

func (s *source) group(g, rules *yaml.Node) {
	s.keys(g, "group", groupKeys)
	var interval time.Duration
	if n := child(g, "interval"); n != nil {
		interval = s.duration(n)
	}
	before := len(s.rules)
	for _, n := range rules.Content {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		if n.Kind != yaml.MappingNode {
			s.bad(n.Line, n.Column, "a rule is a map with alert or record, and expr")
			continue
		}
		s.rule(n, interval)
	}
	labels := child(g, "labels")
	if labels == nil {
		return
	}
	for _, r := range s.rules[before:] { // the rule's own labels take precedence
		all := (&rule{parts: map[string]*yaml.Node{}}).texts("label", labels)
		maps.Copy(all, r.Labels)
		r.Labels = all
	}
}

func (s *source) rule(n *yaml.Node, interval time.Duration) {
	s.keys(n, "rule", ruleKeys)
	r := &rule{line: n.Line, parts: map[string]*yaml.Node{}}
	r.Interval = interval
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		r.parts[key] = value
		switch key {
		case "alert":
			r.Alert, r.Where = value.Value, fmt.Sprintf("alert %q", value.Value)
		case "record":
			r.Record, r.Where = value.Value, fmt.Sprintf("record %q", value.Value)
		case "expr":
			r.Expr = value.Value
		case "for":
			r.For = s.duration(value)
		case "labels":
			r.Labels = r.texts("label", value)
		case "annotations":
			r.Annotations = r.texts("annotation", value)
		}
	}
	switch {
	case (r.Alert == "") == (r.Record == ""):
		s.bad(n.Line, n.Column, "a rule has either alert or record")
	case strings.TrimSpace(r.Expr) == "":
		s.bad(n.Line, n.Column, "%s has no expr", r.Where)
	default:
		s.rules = append(s.rules, r)
	}
}

// texts parses a map of labels or annotations.
func (r *rule) texts(kind string, n *yaml.Node) map[string]string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	out := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		out[name] = n.Content[i+1].Value
		r.parts[fmt.Sprintf("%s %q", kind, name)] = n.Content[i+1]
	}
	return out
}

func (s *source) duration(n *yaml.Node) time.Duration {
	d, err := model.ParseDuration(n.Value)
	if err != nil {
		s.bad(n.Line, n.Column, "%v", err)
		return 0
	}
	return time.Duration(d)
}

// keys reports keys that Prometheus refuses.
func (s *source) keys(n *yaml.Node, what string, allowed []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		ok := key.Value == "<<"
		for _, a := range allowed {
			ok = ok || a == key.Value
		}
		if !ok {
			near := ""
			if name := suggest.Nearest(key.Value, allowed); name != "" {
				near = "; did you mean " + name + "?"
			}
			s.bad(key.Line, key.Column, "a %s has no field %q (it has %s)%s", what, key.Value, strings.Join(allowed, ", "), near)
		}
	}
}

// child returns the value of a key in a map, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
