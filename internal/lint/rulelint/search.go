package rulelint

import (
	"cmp"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// search reads the groups and rules at any depth of a document: the values of
// Helm charts, the data of a ConfigMap, the namespaces of Mimir and Cortex,
// variables of Ansible. path names the place of n.
func (s *source) search(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		groups := child(n, "groups")
		switch {
		case grafanaGroups(groups):
			s.grafana(groups)
		case isGroups(groups):
			s.found(path)
			s.groups(groups)
		default:
			groups = nil
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if value := n.Content[i+1]; groups == nil || deref(value) != groups {
				s.search(value, join(path, n.Content[i].Value))
			}
		}
	case yaml.SequenceNode:
		switch {
		case isGroups(n):
			s.found(path)
			s.groups(n)
		case isRuleList(n):
			s.found(path)
			s.looseRules(n)
		default:
			for i, c := range n.Content {
				s.search(c, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case yaml.ScalarNode:
		if strings.Contains(n.Value, "\n") && mayHaveRules(n.Value) {
			s.embedded(n, path)
		}
	}
}

func (s *source) found(path string) {
	s.within = append(s.within, cmp.Or(path, "the list at its top, which Prometheus takes only below groups"))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// embedded reads a text that is itself YAML. Its places are those of the file.
func (s *source) embedded(n *yaml.Node, path string) {
	literal := n.Style&yaml.LiteralStyle != 0
	indent := s.indent(n, n.Value)
	for _, p := range split(n.Value) {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(p.text), &doc); err != nil {
			s.badText(n, p, path, err)
			continue
		}
		if len(doc.Content) != 1 {
			continue
		}
		if literal {
			shift(&doc, n.Line+p.lines, indent)
		} else {
			collapse(&doc, n)
		}
		root := deref(doc.Content[0])
		groups := child(root, "groups")
		if isRuleFile(groups) && !grafanaGroups(groups) {
			s.found(path)
			s.fields(root, "rule file", "", fileFields)
			s.groups(groups)
			continue
		}
		s.search(root, path)
	}
}

// badText reports a text with groups that is not YAML.
func (s *source) badText(n *yaml.Node, p part, path string, err error) {
	if !isRules.MatchString(p.text) {
		return
	}
	e := parseError(err)
	at := n.Line
	if n.Style&yaml.LiteralStyle != 0 {
		at += p.lines + e.line
	}
	s.badAt(min(at, len(s.lines)), 1, "", "", path+": "+e.reason)
}

// collapse gives all nodes the place of n: the lines of a quoted or folded text
// are not those of the file.
func collapse(doc, n *yaml.Node) {
	doc.Line, doc.Column, doc.Style = n.Line, n.Column, yaml.FoldedStyle
	for _, c := range doc.Content {
		collapse(c, n)
	}
}
