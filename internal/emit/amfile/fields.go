// Package amfile reads parts of an alertmanager.yml by the types of the linked
// Alertmanager. It knows the integrations, their keys and their secrets, so it
// changes with the version in go.mod.
package amfile

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/yamlfile"
)

// Field is a key of a mapping, with its value.
type Field struct {
	Path  string       // the keys from the top, with dots
	Key   *yaml.Node   // the key
	Value *yaml.Node   // the value; for an alias, its target
	Type  reflect.Type // the type of the value; nil for an unknown key
	Known []string     // keys of the mapping that contains the field
	Twice bool         // the mapping has the key twice
	Null  bool         // an item of a list is null

	Unmerged bool // the value of a merge key is no mapping
}

// Unknown reports whether Alertmanager refuses the key.
func (f Field) Unknown() bool { return f.Type == nil }

// Secret reports whether the value is a secret that is written as it is. A URL
// without a part that may be secret is none.
func (f Field) Secret() bool {
	return f.Type != nil && isSecret(f.Type) && holdsSecret(f.Value, f.Type)
}

// FileKey returns the key that reads the value from a file, or "" without one.
func (f Field) FileKey() string {
	if file := f.Key.Value + fileSuffix; slices.Contains(f.Known, file) {
		return file
	}
	return ""
}

// SecretFile reports whether the value is the path of a file with a secret.
func (f Field) SecretFile() bool {
	base, ok := strings.CutSuffix(f.Key.Value, fileSuffix)
	return ok && f.Type != nil && f.Type.Kind() == reflect.String && f.Value.Kind == yaml.ScalarNode && f.Value.Value != "" && slices.Contains(f.Known, base)
}

// fileSuffix ends the keys that read the value of another key from a file.
const fileSuffix = "_file"

// Fields yields the fields of a node, and of the nodes below it, for decoding
// into the type. A field precedes those in its value.
func Fields(n *yaml.Node, t reflect.Type) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		w := walk{seen: map[place]bool{}, yield: yield}
		w.node(n, t, "")
	}
}

// place is a node with the type into which it is decoded.
type place struct {
	node *yaml.Node
	into reflect.Type
}

type walk struct {
	seen    map[place]bool // aliases may lead to a node many times
	yield   func(Field) bool
	stopped bool
}

func (w *walk) node(n *yaml.Node, t reflect.Type, path string) {
	n = target(n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if w.stopped || w.seen[place{n, t}] {
		return
	}
	w.seen[place{n, t}] = true
	switch {
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, item := range n.Content {
			if path := fmt.Sprintf("%s[%d]", path, i); isNull(target(item)) && t.Elem().Kind() != reflect.String {
				if w.stopped = !w.yield(Field{Path: path, Key: item, Value: target(item), Type: t.Elem(), Null: true}); w.stopped {
					return
				}
			}
			w.node(item, t.Elem(), path)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(n.Content); i += 2 {
			w.node(n.Content[i+1], t.Elem(), join(path, n.Content[i].Value))
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		w.mapping(n, t, path)
	}
}

func (w *walk) mapping(n *yaml.Node, t reflect.Type, path string) {
	known, types := keysOf(t)
	for i := 0; i+1 < len(n.Content) && !w.stopped; i += 2 {
		key, value := n.Content[i], target(n.Content[i+1])
		if key.Tag == mergeTag {
			for _, merged := range mergedInto(value) {
				if merged.Kind != yaml.MappingNode {
					w.stopped = !w.yield(Field{Path: join(path, key.Value), Key: key, Value: merged, Type: t, Known: known, Unmerged: true})
					continue
				}
				w.mapping(merged, t, path)
			}
			continue
		}
		f := Field{Path: join(path, key.Value), Key: key, Value: value, Type: types[key.Value], Known: known}
		f.Twice = At(&yaml.Node{Kind: yaml.MappingNode, Content: n.Content[:i]}, key.Value) != nil
		if f.Type == nil && types[anyKey] != nil {
			f.Type = types[anyKey].Elem()
		}
		if w.stopped = !w.yield(f); w.stopped {
			return
		}
		if f.Type != nil {
			w.node(value, f.Type, f.Path)
		}
	}
}

const mergeTag = "!!merge"

// mergedInto returns the mappings of the value of a merge key.
func mergedInto(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	var out []*yaml.Node
	for _, item := range n.Content {
		out = append(out, target(item))
	}
	return out
}

// target returns the target of an alias, or the node itself.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// anyKey stands for all other keys of a struct with an inlined map.
const anyKey = ""

// keysOf returns the keys of a struct with their types.
func keysOf(t reflect.Type) ([]string, map[string]reflect.Type) {
	if t == reflect.TypeFor[timeinterval.TimeRange]() { // its fields have other names than its keys
		text := reflect.TypeFor[string]()
		return []string{"start_time", "end_time"}, map[string]reflect.Type{"start_time": text, "end_time": text}
	}
	return yamlfile.Fields(t)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
