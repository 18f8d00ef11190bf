package amfile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/model/matchers"
)

// Encode returns a value of strings, numbers, booleans, lists, maps and structs
// as a node.
func Encode(v any) *yaml.Node { return encode(reflect.ValueOf(v)) }

func encode(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return encode(v.Elem())
	case reflect.String:
		return scalar(v.String())
	case reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			list.Content = append(list.Content, encode(v.Index(i)))
		}
		return list
	case reflect.Map:
		m := Mapping()
		values := map[string]reflect.Value{}
		for at := v.MapRange(); at.Next(); {
			values[at.Key().String()] = at.Value()
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			m.Content = append(m.Content, scalar(key), encode(values[key]))
		}
		return m
	case reflect.Struct:
		m := Mapping()
		for i := range v.NumField() {
			key, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if field := v.Field(i); option == "" || !field.IsZero() {
				m.Content = append(m.Content, scalar(key), encode(field))
			}
		}
		return m
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v.Interface())}
}

// scalar returns a text as a node that no reader of YAML takes for another type.
func scalar(text string) *yaml.Node {
	n := &yaml.Node{}
	if strings.Contains(text, "\n") || n.Encode(text) != nil {
		n = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	return n
}

// Marshal returns a mapping as a generated file.
func Marshal(doc *yaml.Node) ([]byte, error) {
	prepare(doc)
	return genfile.YAML(doc)
}

// prepare changes what the encoder would write wrongly: it prints the tags of
// merge keys, and some texts of several lines do not survive as blocks.
func prepare(n *yaml.Node) {
	const styles = yaml.LiteralStyle | yaml.FoldedStyle | yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	switch {
	case n.Tag == mergeTag:
		n.Tag = ""
	case n.Kind != yaml.ScalarNode || n.Style&yaml.DoubleQuotedStyle != 0 || !strings.ContainsFunc(n.Value, isSpecial):
	case isBlock(n.Value):
		n.Style = n.Style&^styles | yaml.LiteralStyle
	default:
		n.Style = n.Style&^styles | yaml.DoubleQuotedStyle
	}
	for _, child := range n.Content {
		prepare(child)
	}
}

// isSpecial reports whether a character ends a line or is not printable.
func isSpecial(r rune) bool { return !unicode.IsPrint(r) }

// isBlock reports whether a text can be written as a literal block: it starts
// with a character that is no space, and has only printable ones.
func isBlock(text string) bool {
	return text[0] != ' ' && text[0] != '\n' && text[0] != '\t' && !strings.ContainsFunc(text, func(r rune) bool { return isSpecial(r) && r != '\n' && r != '\t' })
}

// Load reads an alertmanager.yml as a running Alertmanager does. A panic of its
// loader is an error.
func Load(data []byte) (c *config.Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its loader panics: %v", p)
		}
	}()
	matchers.AsAlertmanager()
	return config.Load(string(data))
}
