package yamlfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

const mergeTag = "!!merge"

// walk finds keys without a field.
type walk struct {
	file *File
	errs []*Error
	// seen prevents repeated visits: aliases may lead to a node many times, or
	// form a cycle.
	seen map[place]bool
}

// place is a node with the type into which it is decoded.
type place struct {
	node *yaml.Node
	into reflect.Type
}

// unknownKeys returns an error for each key in n and its children for which t
// has no field. path is the path of n.
func (f *File) unknownKeys(n *yaml.Node, t reflect.Type, path []any) []*Error {
	w := walk{file: f, seen: map[place]bool{}}
	w.node(n, t, path)
	return w.errs
}

func (w *walk) node(n *yaml.Node, t reflect.Type, path []any) {
	n = target(n)
	for t.Kind() == reflect.Pointer && !decodesItself(t) {
		t = t.Elem()
	}
	if w.seen[place{n, t}] || decodesItself(t) || decodesItself(reflect.PointerTo(t)) {
		return
	}
	w.seen[place{n, t}] = true
	below := func(n *yaml.Node, t reflect.Type, step any) { w.node(n, t, append(slices.Clone(path), step)) }
	switch {
	case n.Kind == yaml.SequenceNode && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for i, item := range n.Content {
			below(item, t.Elem(), i)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(n.Content); i += 2 {
			below(n.Content[i+1], t.Elem(), n.Content[i].Value)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		known, types := fields(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, value := n.Content[i], n.Content[i+1]
			field, ok := types[k.Value]
			switch {
			case k.Tag == mergeTag:
				w.node(value, t, path)
			case ok:
				below(value, field, k.Value)
			case types[anyKey] != nil:
				below(value, types[anyKey].Elem(), k.Value)
			default:
				w.errs = append(w.errs, w.file.errorf(k.Line, "%s", unknownKey(k.Value, path, known)))
			}
		}
	}
}

func decodesItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[yaml.Unmarshaler]()) || t.Implements(reflect.TypeFor[olderUnmarshaler]())
}

// olderUnmarshaler is the interface of older YAML packages, which this one
// supports too.
type olderUnmarshaler interface{ UnmarshalYAML(func(any) error) error }

// anyKey represents the keys of an inlined map.
const anyKey = ""

// Fields returns the YAML keys of a struct's fields, in order, with their types.
// The key "" has the type of an inlined map.
func Fields(t reflect.Type) (keys []string, types map[string]reflect.Type) { return fields(t) }

// Keys returns the YAML keys of a struct's fields, in order, including those of
// inlined structs.
func Keys(t reflect.Type) []string {
	keys, _ := fields(t)
	return keys
}

// fields returns the YAML keys of a struct's fields, in order, with their
// types.
func fields(t reflect.Type) (keys []string, types map[string]reflect.Type) {
	types = map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case !field.IsExported() || key == "-":
		case slices.Contains(strings.Split(options, ","), "inline"):
			if field.Type.Kind() == reflect.Map {
				types[anyKey] = field.Type
				continue
			}
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			more, moreTypes := fields(inner)
			keys = append(keys, more...)
			for k, v := range moreTypes {
				types[k] = v
			}
		default:
			if key == "" {
				key = strings.ToLower(field.Name)
			}
			keys = append(keys, key)
			types[key] = field.Type
		}
	}
	return keys, types
}

// unknownKey returns a message with the mapping of the key and a suggestion.
func unknownKey(key string, path []any, known []string) string {
	text := fmt.Sprintf("unknown key %q", key)
	if len(path) > 0 {
		text += " in " + pathText(path)
	}
	if len(known) == 0 {
		return text
	}
	nearest := slices.MinFunc(known, func(a, b string) int {
		return levenshtein.ComputeDistance(key, a) - levenshtein.ComputeDistance(key, b)
	})
	if levenshtein.ComputeDistance(key, nearest) <= 2 {
		return text + fmt.Sprintf(" (did you mean %q?)", nearest)
	}
	return text + " (there are " + strings.Join(known, ", ") + ")"
}
