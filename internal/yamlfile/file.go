// Package yamlfile decodes YAML files strictly, section by section. Its errors
// contain the file, the line, and a suggestion for a misspelled key.
package yamlfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// File is a YAML file whose document consists of sections: its top-level keys.
type File struct {
	name string
	root *yaml.Node // content of the document; nil for null
	more bool       // a second document, not null, follows
}

// Error is a mistake in a file. Line 0 means unknown.
type Error struct {
	File string
	Line int
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Parse parses the content of a file. It returns an error if the content is not
// YAML, not a mapping, or empty.
func Parse(name string, data []byte) (*File, error) {
	f := &File{name: name}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, f.errorf(0, "is empty: declare the targets of the checks")
	case err != nil:
		return nil, f.syntaxError(err)
	}
	f.more = holdsMore(dec)
	root := doc.Content[0]
	if root.ShortTag() == "!!null" {
		return f, nil
	}
	// Decoding rejects non-mappings and duplicate keys.
	if err := root.Decode(new(map[string]yaml.Node)); err != nil {
		return nil, errors.Join(asErrors(f.explain(err, reflect.TypeFor[map[string]any]()))...)
	}
	f.root = root
	return f, nil
}

// holdsMore reports whether dec has another document that is not null.
func holdsMore(dec *yaml.Decoder) bool {
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return !errors.Is(err, io.EOF)
		}
		if doc.Content[0].ShortTag() != "!!null" {
			return true
		}
	}
}

// Empty reports whether a text has only comments.
func Empty(data []byte) bool {
	var doc yaml.Node
	return yaml.Unmarshal(data, &doc) == nil && doc.IsZero()
}

// Single returns an error if the file has more than one document.
func (f *File) Single() error {
	if !f.more {
		return nil
	}
	return f.errorf(0, "has more than one document: a line of --- starts another")
}

// Unknown returns an error for each unknown section.
func (f *File) Unknown(known []string) (errs []*Error) {
	if f.root == nil {
		return nil
	}
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		if k := f.root.Content[i]; k.Tag != mergeTag && !slices.Contains(known, k.Value) {
			errs = append(errs, f.errorf(k.Line, "%s", unknownKey(k.Value, nil, known)))
		}
	}
	return errs
}

// Decode decodes a section into v. If the file does not have the section, v is
// unchanged.
func (f *File) Decode(section string, v any) (errs []*Error) {
	n := child(f.root, section)
	if n == nil {
		return nil
	}
	t := reflect.TypeOf(v)
	if err := n.Decode(v); err != nil {
		errs = f.explain(err, t)
		if !errors.As(err, new(*yaml.TypeError)) {
			return errs // the alias is broken, so the keys cannot be checked
		}
	}
	errs = append(errs, f.unknownKeys(n, t, []any{section})...)
	slices.SortStableFunc(errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	return errs
}

// At returns an error about the value at a path of keys and indexes from the
// top, or about its nearest ancestor in the file.
func (f *File) At(path []any, text string) *Error {
	line := 0
	n := f.root
	if n != nil {
		line = n.Line
	}
	for _, step := range path {
		if n = child(n, step); n == nil {
			break
		}
		line = n.Line
	}
	return f.errorf(line, "%s: %s", pathText(path), text)
}

func (f *File) errorf(line int, format string, args ...any) *Error {
	return &Error{f.name, line, fmt.Sprintf(format, args...)}
}

// child returns the child of a node, or nil.
func child(n *yaml.Node, step any) *yaml.Node {
	if n == nil {
		return nil
	}
	n = target(n)
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// target returns the target of an alias, or the node itself.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// pathText formats a path such as "database.redis" or
// "environment.required[2]".
func pathText(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

func asErrors(list []*Error) []error {
	errs := make([]error, len(list))
	for i, e := range list {
		errs[i] = e
	}
	return errs
}

// Join returns the errors as one, ordered by line, without duplicates. It
// returns nil for no errors.
func Join(list []*Error) error {
	seen := map[Error]bool{}
	var once []*Error
	for _, e := range list {
		if !seen[*e] {
			once = append(once, e)
		}
		seen[*e] = true
	}
	slices.SortStableFunc(once, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	return errors.Join(asErrors(once)...)
}
