package rulelint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	mayBeRules    = regexp.MustCompile(`\b(groups|rules|alert|record|AlertRule\w*|PrometheusRule|VMRule)\b`)
	isRules       = regexp.MustCompile(`(?m)^(groups:|kind: *(PrometheusRule|VMRule)\b)`)
	oldFormat     = regexp.MustCompile(`(?m)^ALERT\s+\w+\s*$`)
	yamlLine      = regexp.MustCompile(`^line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.+)' referenced`)
	newDocument   = regexp.MustCompile(`(?m)^---(\s|$)`)
)

// mayHaveRules reports whether a file of a folder is worth parsing.
func mayHaveRules(text string) bool { return mayBeRules.MatchString(text) }

// yaml parses the documents of a YAML or JSON file, each by itself: a mistake in
// one does not hide the others. wrong is the line that is not UTF-8, or 0.
func (s *source) yaml(text string, wrong int) {
	var errs []yamlError
	for _, d := range split(text) {
		if err := s.chunk(d); err != nil {
			errs = append(errs, *err)
		}
	}
	ofRules := len(s.rules)+len(s.broken) > 0 || isRules.MatchString(text)
	if wrong > 0 && ofRules {
		s.badAt(wrong, 1, "", "", "not UTF-8: save the file as UTF-8; it is read as ISO 8859-1 here")
	}
	for _, err := range errs {
		switch {
		case s.template:
			s.unread = append(s.unread, Unread{File: s.name, Line: err.line, Reason: isTemplated})
		case ofRules:
			s.badAt(err.line, 1, "", "", err.reason)
		}
	}
	if len(s.rules)+len(s.broken) > 0 {
		return
	}
	switch {
	case s.template && len(errs) > 0:
		s.other, s.unread = isTemplated, nil
	case oldFormat.MatchString(text):
		s.other = "rules in the format of Prometheus 1: write them as YAML"
	case s.other == "" && len(errs) > 0:
		s.other = fmt.Sprintf("not YAML: line %d: %s", errs[0].line, errs[0].reason)
	}
}

// isTemplated is the reason for not reading a template at all.
const isTemplated = "a template, not YAML: lint the rendered file"

// part is a document with the number of lines before it.
type part struct {
	text  string
	lines int
}

// split returns the documents of a file, each from its "---" on.
func split(text string) []part {
	var out []part
	from, lines := 0, 0
	for _, m := range newDocument.FindAllStringIndex(text, -1) {
		if m[0] > from {
			out = append(out, part{text[from:m[0]], lines})
			lines += len(splitLines(text[from:m[0]])) - 1
		}
		from = m[0]
	}
	out = append(out, part{text[from:], lines})
	if len(out) > 1 && onlyDirectives(out[0].text) {
		out = out[1:]
	}
	return out
}

// onlyDirectives reports whether the text before "---" is no document.
func onlyDirectives(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}

// chunk parses one document, or several between "..." lines.
func (s *source) chunk(p part) *yamlError {
	dec := yaml.NewDecoder(bytes.NewReader([]byte(p.text)))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.explain(p, err)
		}
		shift(&doc, p.lines, 0)
		if len(doc.Content) == 1 {
			s.document(doc.Content[0])
		}
	}
}

// isYAML reports whether all documents of a text are YAML.
func isYAML(text string) bool {
	for _, p := range split(text) {
		if yaml.Unmarshal([]byte(p.text), new(yaml.Node)) != nil {
			return false
		}
	}
	return true
}

// yamlError is an error of the YAML parser with its line, from 1.
type yamlError struct {
	line   int
	reason string
}

// explain returns the error of a document with its line in the file.
func (s *source) explain(p part, err error) *yamlError {
	e := parseError(err)
	if m := unknownAnchor.FindStringSubmatch(e.reason); m != nil { // it has no line
		e.line = 1 + strings.Count(p.text[:max(strings.Index(p.text, "*"+m[1]), 0)], "\n")
	}
	e.line = min(e.line+p.lines, len(s.lines))
	if strings.Contains(e.reason, "cannot start any token") && strings.Contains(s.lines[e.line-1], "\t") {
		e.reason = "a tab: YAML indents with spaces"
	}
	return e
}

// parseError returns the line and the reason of an error of the YAML parser.
func parseError(err error) *yamlError {
	e := &yamlError{1, strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(e.reason); m != nil {
		e.line, _ = strconv.Atoi(m[1])
		e.reason = e.reason[len(m[0]):]
	}
	return e
}

// shift moves a document to its place in the file.
func shift(n *yaml.Node, lines, columns int) {
	if lines == 0 && columns == 0 {
		return
	}
	n.Line += lines
	n.Column += columns
	for _, c := range n.Content {
		shift(c, lines, columns)
	}
}

// document reads one document of a file.
func (s *source) document(n *yaml.Node) {
	n = deref(n)
	kind, manifest := text(child(n, "kind")), child(n, "apiVersion") != nil
	switch groups := child(n, "groups"); {
	case kind == "PrometheusRule" || kind == "VMRule":
		s.manifest(n, kind)
	case strings.HasSuffix(kind, "List") && list(child(n, "items")) != nil:
		for _, item := range list(child(n, "items")) {
			s.document(item)
		}
	case grafanaGroups(groups):
		s.grafana(groups)
	case kind == "" && isRuleFile(groups):
		s.ruleFile(n, groups)
	case kind == "" && !manifest && recognise(n) != "":
		s.other = recognise(n)
	default:
		s.search(n, "")
		if s.other == "" && len(s.rules) == 0 {
			s.other = recognise(n)
		}
	}
}

// manifest reads a PrometheusRule or VMRule.
func (s *source) manifest(n *yaml.Node, kind string) {
	s.vmalert = s.vmalert || kind == "VMRule"
	groups := child(child(n, "spec"), "groups")
	if groups != nil && list(groups) == nil && !null(groups) {
		s.bad(groups, "", "", "the groups of a %s are a list", kind)
		return
	}
	s.groups(groups)
}

// ruleFile reads a file of Prometheus, vmalert, Mimir or Loki. Prometheus reads
// the first document of a file only.
func (s *source) ruleFile(n, groups *yaml.Node) {
	if s.documents++; s.documents == 2 && !s.isVmalert(groups) && child(n, "namespace") == nil {
		s.bad(n, "", "", "Prometheus reads only the first document of a file: move these groups into a file of their own")
	}
	s.fields(n, "rule file", "", fileFields)
	s.groups(groups)
	if list(groups) == nil {
		s.search(groups, "groups")
	}
}
