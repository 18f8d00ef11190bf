package checks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// document is a decoded YAML file that still knows its lines.
type document struct {
	file string
	root *yaml.Node
}

// decodeStrict decodes the one document of a YAML file. Everything that does
// not fit is an error that names file, line and key.
func decodeStrict(file string, data []byte, into any) (document, error) {
	doc := document{file, new(yaml.Node)}
	if err := yaml.Unmarshal(data, doc.root); err != nil {
		return doc, syntaxError(file, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	switch err := dec.Decode(into); {
	case errors.Is(err, io.EOF):
		return doc, fmt.Errorf("%s: is empty: declare what the checks look at", file)
	case err != nil:
		return doc, doc.explain(err, reflect.TypeOf(into))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return doc, fmt.Errorf("%s: has more than one document: a line of --- starts another", file)
	}
	return doc, nil
}

// errorAt is an error about the value at a path of keys and indexes, or about
// the nearest one above it that the file has.
func (d document) errorAt(path []any, format string, args ...any) error {
	n := d.root.Content[0]
	line := n.Line
	for _, step := range path {
		if n = child(n, step); n == nil {
			break
		}
		line = n.Line
	}
	return fmt.Errorf("%s:%d: %s: %s", d.file, line, pathText(path), fmt.Sprintf(format, args...))
}

// child is the value below a node; nil when there is none.
func child(n *yaml.Node, step any) *yaml.Node {
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

// pathText writes a path as in "database.redis" or "environment.required[2]".
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

// syntaxError is about a file that is not YAML.
func syntaxError(file string, err error) error {
	text := oneLine(strings.TrimPrefix(err.Error(), "yaml: "))
	onLine := regexp.MustCompile(`^line (\d+): (.*)$`)
	if m := onLine.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: %s", file, m[1], m[2])
	}
	return fmt.Errorf("%s: %s", file, text)
}

// oneLine keeps a value that is quoted on its error's line.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// explain rewrites a decoder's error for the person who wrote the file.
func (d document) explain(err error, t reflect.Type) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return syntaxError(d.file, err)
	}
	// The decoder's complaints are written for Go programmers.
	unknownField := regexp.MustCompile(`^line (\d+): field (.+) not found in type `)
	wrongKind := regexp.MustCompile("^line (\\d+): cannot unmarshal !!(\\w+) (?:`(.*)` )?into \\*?(.+)$")
	var errs []error
	for _, text := range typed.Errors {
		text = oneLine(text)
		if m := unknownField.FindStringSubmatch(text); m != nil {
			line, _ := strconv.Atoi(m[1])
			errs = append(errs, fmt.Errorf("%s:%s: %s", d.file, m[1], d.unknownKey(line, m[2], t)))
		} else if m := wrongKind.FindStringSubmatch(text); m != nil {
			got := cmp.Or(strings.ReplaceAll(m[3], "`", "'"), map[string]string{"seq": "a list", "map": "a set of keys"}[m[2]], "this")
			errs = append(errs, fmt.Errorf("%s:%s: %s is not %s", d.file, m[1], got, kindText(m[4])))
		} else {
			errs = append(errs, syntaxError(d.file, errors.New(text)))
		}
	}
	return errors.Join(errs...)
}

// kindText says what a Go type is in YAML.
func kindText(goType string) string {
	switch {
	case goType == "time.Duration":
		return "a duration such as 2s or 500ms"
	case strings.HasPrefix(goType, "int"):
		return "an integer"
	case strings.HasPrefix(goType, "[]"), goType == "checks.MigrationsConfig":
		return "a list"
	case strings.HasPrefix(goType, "float"):
		return "a number"
	case goType == "bool":
		return "true or false"
	case slices.Contains([]string{"string", "checks.Format", "checks.MigrationTool"}, goType):
		return "text"
	default:
		return "a set of keys"
	}
}

// unknownKey says where the key is, and which was probably meant.
func (d document) unknownKey(line int, key string, t reflect.Type) string {
	text := fmt.Sprintf("unknown key %q", key)
	path, known, ok := findKey(d.root.Content[0], t, line, key)
	if !ok {
		return text
	}
	if len(path) > 0 {
		text += " in " + pathText(path)
	}
	nearest := slices.MinFunc(known, func(a, b string) int {
		return levenshtein.ComputeDistance(key, a) - levenshtein.ComputeDistance(key, b)
	})
	if levenshtein.ComputeDistance(key, nearest) <= 2 {
		return text + fmt.Sprintf(" (did you mean %q?)", nearest)
	}
	return text + " (there are " + strings.Join(known, ", ") + ")"
}

// findKey looks for a key that t does not have, at a line at or below n. It
// returns the path to the mapping that holds it, and the keys that could be
// there.
func findKey(n *yaml.Node, t reflect.Type, line int, key string) (path []any, known []string, ok bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, item := range n.Content {
			if path, known, ok = findKey(item, t.Elem(), line, key); ok {
				return append([]any{i}, path...), known, true
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		fields := map[string]reflect.Type{}
		for i := range t.NumField() {
			if name, ok := yamlKey(t.Field(i)); ok {
				fields[name] = t.Field(i).Type
				known = append(known, name)
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			field, isKnown := fields[k.Value]
			if !isKnown && k.Line == line && k.Value == key {
				return nil, known, true
			}
			if isKnown {
				if path, below, ok := findKey(n.Content[i+1], field, line, key); ok {
					return append([]any{k.Value}, path...), below, true
				}
			}
		}
	}
	return nil, nil, false
}

// yamlKey is the key of a field in YAML; false for one that has none.
func yamlKey(f reflect.StructField) (string, bool) {
	key := f.Tag.Get("yaml")
	return key, f.IsExported() && key != "" && key != "-"
}
