package amfile

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/yamlfile"
)

// Parse returns the keys of a YAML text as a mapping. A text without keys has an
// empty mapping. Errors start with the line.
func Parse(text string) (*yaml.Node, error) {
	empty := Mapping()
	if yamlfile.Empty([]byte(text)) {
		return empty, nil
	}
	f, err := yamlfile.Parse("YAML", []byte(text))
	if err == nil {
		err = f.Single()
	}
	if err != nil {
		return empty, onLines(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return empty, err
	}
	if doc.Content[0].Kind != yaml.MappingNode { // null
		return empty, nil
	}
	c := aliases{inside: map[*yaml.Node]bool{}}
	if err := c.check(doc.Content[0]); err != nil {
		return empty, err
	}
	return doc.Content[0], nil
}

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
		return fmt.Errorf("line %d: the anchor %q contains itself", n.Line, n.Anchor)
	case c.nodes > maxNodes:
		return fmt.Errorf("line %d: the aliases make it larger than %d values", n.Line, maxNodes)
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

// onLines formats the errors of a text without the name of a file.
func onLines(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, onLines(e))
		}
		return errors.Join(all...)
	}
	var e *yamlfile.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Line == 0 && strings.HasPrefix(e.Text, "has "):
		return fmt.Errorf("it %s", e.Text)
	case e.Line == 0:
		return fmt.Errorf("it is not YAML: %s", e.Text)
	}
	return fmt.Errorf("line %d: %s", e.Line, e.Text)
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

// Merges reports whether a mapping has a merge key.
func Merges(mapping *yaml.Node) bool {
	return mapping != nil && slices.ContainsFunc(mapping.Content, func(n *yaml.Node) bool { return n.Tag == mergeTag })
}
