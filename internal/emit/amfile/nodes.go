package amfile

import (
	"fmt"
	"iter"
	"slices"

	"gopkg.in/yaml.v3"
)

// aliases checks that a document ends: an alias inside its own anchor does not,
// and aliases of aliases make it too large.
type aliases struct {
	inside map[*yaml.Node]bool
	nodes  int
}

const maxNodes = 1_000_000

func (c *aliases) check(n *yaml.Node) error {
	c.nodes++
	switch {
	case c.inside[n]:
		return fmt.Errorf("%s: the anchor %q contains itself", Place(n), n.Anchor)
	case c.nodes > maxNodes:
		return fmt.Errorf("%s: the aliases make it larger than %d values", Place(n), maxNodes)
	case n.Kind == yaml.AliasNode:
		return c.check(n.Alias)
	}
	c.inside[n] = true
	for _, child := range n.Content {
		if err := c.check(child); err != nil {
			return err
		}
	}
	delete(c.inside, n)
	return nil
}

// Mapping returns an empty mapping.
func Mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// At returns the value of a key of a mapping, or nil. An alias counts as its
// target.
func At(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil {
		return nil
	}
	mapping = target(mapping)
	for i := 0; mapping.Kind == yaml.MappingNode && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return target(mapping.Content[i+1])
		}
	}
	return nil
}

// Items returns the items of the list at a key of a mapping.
func Items(mapping *yaml.Node, key string) []*yaml.Node {
	list := At(mapping, key)
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	out := slices.Clone(list.Content)
	for i, item := range out {
		out[i] = target(item)
	}
	return out
}

// Pairs yields the texts of the mapping at a key of a mapping.
func Pairs(mapping *yaml.Node, key string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		n := At(mapping, key)
		for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, target(n.Content[i+1]).Value) {
				return
			}
		}
	}
}

// Set adds a key to a mapping, or replaces its value.
func Set(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// Insert puts items before or after those of the list at a key. Without items
// the mapping is unchanged.
func Insert(mapping *yaml.Node, key string, before, after []*yaml.Node) {
	if len(before)+len(after) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if old := At(mapping, key); old != nil && old.Kind == yaml.SequenceNode {
		list.Content, list.Anchor, list.HeadComment, list.FootComment = old.Content, old.Anchor, old.HeadComment, old.FootComment
	}
	list.Content = slices.Concat(before, list.Content, after)
	Set(mapping, key, list)
}

// Text returns the text of a scalar at a key of a mapping, or "".
func Text(mapping *yaml.Node, key string) string {
	if n := At(mapping, key); n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return n.Value
	}
	return ""
}

// Merge returns the first merge key of a mapping, or nil.
func Merge(mapping *yaml.Node) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Tag == mergeTag {
			return mapping.Content[i]
		}
	}
	return nil
}
