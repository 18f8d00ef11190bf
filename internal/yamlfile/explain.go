package yamlfile

import (
	"cmp"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// syntaxError returns the error for a file that is not YAML.
func (f *File) syntaxError(err error) *Error {
	text := oneLine(strings.TrimPrefix(err.Error(), "yaml: "))
	onLine := regexp.MustCompile(`^line (\d+): (.*)$`)
	if m := onLine.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return f.errorf(line, "%s", m[2])
	}
	return f.errorf(0, "%s", text)
}

// oneLine puts a quoted value on one line.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// explain rewrites the errors of decoding into a type for the author of the
// file. The decoder's own are written for Go programmers.
func (f *File) explain(err error, t reflect.Type) (errs []*Error) {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return []*Error{f.syntaxError(err)}
	}
	wrongKind := regexp.MustCompile("^line (\\d+): cannot unmarshal !!(\\w+) (?:`(.*)` )?into \\*?(.+)$")
	types := map[string]reflect.Type{}
	typesBelow(t, types)
	for _, text := range typed.Errors {
		text = oneLine(text)
		m := wrongKind.FindStringSubmatch(text)
		if m == nil {
			errs = append(errs, f.syntaxError(errors.New(text)))
			continue
		}
		line, _ := strconv.Atoi(m[1])
		got := cmp.Or(strings.ReplaceAll(m[3], "`", "'"), map[string]string{"seq": "a list", "map": "a set of keys"}[m[2]], "this")
		errs = append(errs, f.errorf(line, "%s is not %s", got, Kind(types[m[4]])))
	}
	return errs
}

// typesBelow collects the types inside a type t by name.
func typesBelow(t reflect.Type, found map[string]reflect.Type) {
	if found[t.String()] != nil {
		return
	}
	found[t.String()] = t
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		typesBelow(t.Elem(), found)
	case reflect.Struct:
		for i := range t.NumField() {
			typesBelow(t.Field(i).Type, found)
		}
	}
}

// Kind returns the name of the values that YAML decodes into a Go type: "a list".
func Kind(t reflect.Type) string {
	if t == nil {
		return "a set of keys"
	}
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration such as 2s or 500ms"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "an integer"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	default:
		return "a set of keys"
	}
}
