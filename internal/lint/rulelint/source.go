package rulelint

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/promcheck"
)

// source is a file as it was read.
type source struct {
	file
	name  string
	lines []string // as YAML counts them
	rules []*rule  // all, also those that are not read
	// broken holds findings about the format of the file.
	broken []Issue
	said   map[string]bool // places and reasons of broken
	// unread holds parts that are not read, other than rules.
	unread []Unread
	failed string // the reason why the file could not be read, or ""
	// other names a file of another kind, or is "".
	other string
	// within holds the paths of groups that are inside other documents.
	within []string

	template, branches bool // see render
	vmalert            bool // a vmalert evaluates the file
	documents          int  // number of documents with groups
}

// rule is a rule with the places of its parts.
type rule struct {
	promcheck.Rule
	line   int                   // first line
	parts  map[string]*yaml.Node // by the name of the part in findings
	issues []Issue
	unread string                 // the reason for not checking the rule, or ""
	made   func(text string) bool // reports whether a template makes a part of a text
}

// parse parses the content of a file.
func parse(f file, name string, data []byte) *source {
	s := &source{file: f, name: name, said: map[string]bool{}}
	text, wrong, err := decode(data)
	if err != nil {
		if s.failed = err.Error(); !f.named && err == errBinary {
			s.failed = ""
		}
		return s
	}
	if !f.named && !mayHaveRules(text) {
		return s
	}
	text = s.render(text)
	s.lines = splitLines(text)
	s.vmalert = vmalertText.MatchString(text)
	s.yaml(text, wrong)
	return s
}

// render leaves out the actions of a template. Text that is YAML only with them
// is no template.
func (s *source) render(text string) string {
	rendered, left, branches := render(text)
	if left && !isYAML(rendered) && isYAML(text) {
		return text
	}
	s.template, s.branches = left, branches
	return rendered
}

// read returns the number of rules that are checked.
func (s *source) read() int {
	n := 0
	for _, r := range s.rules {
		if r.unread == "" {
			n++
		}
	}
	return n
}

// bad adds a finding about the format, once for a place.
func (s *source) bad(n *yaml.Node, where, part, format string, args ...any) {
	s.badAt(n.Line, n.Column, where, part, fmt.Sprintf(format, args...))
}

func (s *source) badAt(line, column int, where, part, reason string) {
	key := fmt.Sprint(line, ":", column, reason)
	if s.said[key] || s.branches || s.template && s.hasBlank(line) {
		return
	}
	s.said[key] = true
	s.broken = append(s.broken, Issue{
		File: s.name, Line: line, Column: column,
		Finding: finding.Finding{Code: finding.Syntax, Where: where, Part: part, Reason: reason},
	})
}
