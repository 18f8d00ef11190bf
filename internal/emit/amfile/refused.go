package amfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// Refusal describes the smallest part of a configuration that Alertmanager refuses.
type Refusal struct {
	Path   string // the keys from the top, with dots
	Node   *yaml.Node
	Reason string
}

// Place returns the place of the part with its path.
func (r Refusal) Place() string {
	if r.Path == "" {
		return Place(r.Node)
	}
	return Place(r.Node) + ": " + r.Path
}

// Refusals returns the parts of a node that Alertmanager refuses as a value of
// the type. It reads each part by itself, so it does not look for names that
// other parts define. Of a whole configuration it reads each key alone.
func Refusals(n *yaml.Node, t reflect.Type, path string) []Refusal {
	matchers.AsAlertmanager()
	n = target(n)
	var err error
	if t != reflect.TypeFor[config.Config]() {
		if err = decode(n, t); err == nil {
			return nil
		}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	out := refusedParts(n, t, path)
	if len(out) == 0 && err != nil {
		out = []Refusal{{path, n, refusal(n, t, err)}}
	}
	return out
}

// refusedParts returns the refused parts below a node.
func refusedParts(n *yaml.Node, t reflect.Type, path string) []Refusal {
	var out []Refusal
	add := func(n *yaml.Node, t reflect.Type, path string) { out = append(out, Refusals(n, t, path)...) }
	itself := reflect.PointerTo(t).Implements(reflect.TypeFor[unmarshaler]())
	switch {
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, item := range n.Content {
			below := fmt.Sprintf("%s[%d]", path, i)
			if !itself {
				add(item, t.Elem(), below)
				continue
			}
			// The list reads its items in its own way, such as matchers.
			one := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{item}}
			if err := decode(one, t); err != nil {
				out = append(out, Refusal{below, target(item), refusal(target(item), t.Elem(), err)})
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map && !itself:
		for i := 0; i+1 < len(n.Content); i += 2 {
			add(n.Content[i+1], t.Elem(), join(path, n.Content[i].Value))
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		_, types := keysOf(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if of := types[n.Content[i].Value]; of != nil {
				add(n.Content[i+1], of, join(path, n.Content[i].Value))
			}
		}
	}
	return out
}

// unmarshaler is a type that reads its values itself.
type unmarshaler interface{ UnmarshalYAML(func(any) error) error }

// decode reads a node as Alertmanager does. A panic of its types is an error.
func decode(n *yaml.Node, t reflect.Type) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its loader panics: %v", p)
		}
	}()
	return n.Decode(reflect.New(t).Interface())
}

// refusal returns the reason for a part without a smaller one.
func refusal(n *yaml.Node, t reflect.Type, err error) string {
	if !errors.As(err, new(*yaml.TypeError)) || !strings.Contains(err.Error(), "cannot unmarshal") {
		return "Alertmanager refuses it: " + Reason(err)
	}
	switch wanted := yamlfile.Kind(t); {
	case wanted == "a list" && n.Kind == yaml.MappingNode:
		return "it is a set of keys, and must be a list: start each item with - "
	case wanted == "a list":
		return "it is " + kindOf(n) + ", and must be a list: write it in brackets, [a, b]"
	default:
		return fmt.Sprintf("it is %s, and must be %s", kindOf(n), wanted)
	}
}
