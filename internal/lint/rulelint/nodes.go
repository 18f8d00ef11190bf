package rulelint

import "gopkg.in/yaml.v3"

// deref returns the node that an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 10; i++ {
		n = n.Alias
	}
	return n
}

// child returns the value of a key in a map, also of a merged one, or nil.
func child(n *yaml.Node, key string) *yaml.Node { return childOf(n, key, nil) }

// childOf skips the maps in seen: a map can be merged many times, also into
// itself.
func childOf(n *yaml.Node, key string, seen map[*yaml.Node]bool) *yaml.Node {
	if n = deref(n); n == nil || n.Kind != yaml.MappingNode || seen[n] {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return deref(n.Content[i+1])
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		if seen == nil {
			seen = map[*yaml.Node]bool{}
		}
		seen[n] = true
		for _, m := range merged(n.Content[i+1]) {
			if value := childOf(m, key, seen); value != nil {
				return value
			}
		}
	}
	return nil
}

// text returns the value of a scalar, or "".
func text(n *yaml.Node) string {
	if n = deref(n); n == nil || n.Kind != yaml.ScalarNode || null(n) {
		return ""
	}
	return n.Value
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// list returns the items of a list, or nil.
func list(n *yaml.Node) []*yaml.Node {
	if n = deref(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// merged returns the maps that the value of a merge key stands for, or nil if it
// is neither a map nor a list of maps.
func merged(n *yaml.Node) []*yaml.Node {
	n = deref(n)
	if n.Kind == yaml.MappingNode {
		return []*yaml.Node{n}
	}
	var out []*yaml.Node
	for _, item := range list(n) {
		if item = deref(item); item.Kind != yaml.MappingNode {
			return nil
		}
		out = append(out, item)
	}
	return out
}

// isGroups reports whether a node is a list of rule groups: one has rules.
func isGroups(n *yaml.Node) bool {
	for _, g := range list(n) {
		if isRuleList(child(g, "rules")) {
			return true
		}
	}
	return false
}

// isRuleList reports whether a node is a list of rules.
func isRuleList(n *yaml.Node) bool {
	for _, r := range list(n) {
		if r = deref(r); child(r, "expr") != nil && (child(r, "alert") != nil || child(r, "record") != nil) {
			return true
		}
	}
	return false
}

// isRuleFile reports whether the value of "groups" is meant for Prometheus, with
// mistakes or without.
func isRuleFile(groups *yaml.Node) bool {
	if groups != nil && groups.Kind == yaml.MappingNode {
		return meantAsRules(child(groups, "rules"))
	}
	for _, g := range list(groups) {
		if meantAsRules(child(g, "rules")) {
			return true
		}
	}
	return false
}

// meantAsRules reports whether a node is a list of rules, or one rule, of which
// something may be missing.
func meantAsRules(n *yaml.Node) bool {
	if n != nil && n.Kind == yaml.MappingNode {
		return child(n, "expr") != nil || child(n, "alert") != nil || child(n, "record") != nil
	}
	for _, r := range list(n) {
		if r = deref(r); r.Kind == yaml.MappingNode && meantAsRules(r) {
			return true
		}
	}
	return false
}
