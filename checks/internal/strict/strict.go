// Package strict decodes JSON answers of servers. It accepts only what their
// documentation promises, so that a missing amount is never taken for zero.
package strict

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Unmarshal decodes data into v, a pointer. It differs from [json.Unmarshal]:
//
//   - Each field of a struct must be there and not be null, unless it is a
//     pointer, which stays nil. Names match exactly. Members without a field
//     are ignored.
//   - No object may have two members whose names are equal or differ only in
//     case: programs disagree on which of them counts.
//
// It knows structs, slices, maps with text keys, strings, booleans and numbers.
// A type that implements [encoding.TextUnmarshaler] gets a string, or the text
// of a number. A [json.RawMessage] takes any value, for a later Unmarshal.
// An error names the place, but never shows a value.
func Unmarshal(data []byte, v any) error {
	if !json.Valid(data) { // also bounds the depth
		return errors.New("is no JSON")
	}
	d := decoder{json: json.NewDecoder(bytes.NewReader(data))}
	d.json.UseNumber()
	return d.value("", reflect.ValueOf(v).Elem())
}

// decoder reads valid JSON.
type decoder struct{ json *json.Decoder }

// token returns the next token.
func (d decoder) token() json.Token {
	token, _ := d.json.Token() // the document is valid
	return token
}

// value decodes the next value into v. path is its place in the document.
func (d decoder) value(path string, v reflect.Value) error {
	if raw, ok := v.Addr().Interface().(*json.RawMessage); ok {
		return d.json.Decode(raw)
	}
	return d.from(d.token(), path, v)
}

// from decodes the value that starts with a token.
func (d decoder) from(token json.Token, path string, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if token == nil {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.from(token, path, v.Elem())
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return d.text(path, token, text)
	}
	switch {
	case token == nil:
		return fmt.Errorf("%sis null", at(path))
	case token == json.Delim('{') && v.Kind() == reflect.Struct:
		return d.object(path, v)
	case token == json.Delim('{') && v.Kind() == reflect.Map:
		return d.entries(path, v)
	case token == json.Delim('[') && v.Kind() == reflect.Slice:
		return d.list(path, v)
	}
	return scalar(path, token, v)
}

// text decodes a string or a number by its own method.
func (d decoder) text(path string, token json.Token, v encoding.TextUnmarshaler) error {
	var text string
	switch token := token.(type) {
	case string:
		text = token
	case json.Number:
		text = token.String()
	default:
		return wrongKind(path)
	}
	if err := v.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%s%w", at(path), err)
	}
	return nil
}

// object decodes the members of an object into the fields of a struct.
func (d decoder) object(path string, v reflect.Value) error {
	seen := map[string]bool{}
	err := d.members(path, func(name, path string) error {
		for i := range v.NumField() {
			if nameOf(v, i) == name {
				seen[name] = true
				return d.value(path, v.Field(i))
			}
		}
		return d.skip(path)
	})
	if err != nil {
		return err
	}
	for i := range v.NumField() {
		if name := nameOf(v, i); !seen[name] && v.Field(i).Kind() != reflect.Pointer {
			return fmt.Errorf("%sis missing", at(join(path, name)))
		}
	}
	return nil
}

// nameOf returns the name of a struct's field in JSON.
func nameOf(v reflect.Value, field int) string {
	name, _, _ := strings.Cut(v.Type().Field(field).Tag.Get("json"), ",")
	return name
}

// entries decodes the members of an object into a map.
func (d decoder) entries(path string, v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.members(path, func(name, path string) error {
		entry := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(path, entry); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), entry)
		return nil
	})
}

// members calls decode for each member of an object, and refuses a name that
// comes twice.
func (d decoder) members(path string, decode func(name, path string) error) error {
	seen := map[string]bool{}
	for d.json.More() {
		name, _ := d.token().(string)
		folded := strings.ToLower(strings.ToUpper(name)) // folds ſ, too
		if seen[folded] {
			return fmt.Errorf("%scomes twice", at(join(path, name)))
		}
		seen[folded] = true
		if err := decode(name, join(path, name)); err != nil {
			return err
		}
	}
	d.token()
	return nil
}

func (d decoder) list(path string, v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; d.json.More(); i++ {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(fmt.Sprintf("%s[%d]", path, i), element); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	d.token()
	return nil
}

// skip reads a value that no field wants.
func (d decoder) skip(path string) error {
	switch token := d.token(); {
	case token == json.Delim('{'):
		return d.members(path, func(_, path string) error { return d.skip(path) })
	case token == json.Delim('['):
		for d.json.More() {
			if err := d.skip(path); err != nil {
				return err
			}
		}
		d.token()
		return nil
	}
	return nil
}

// scalar sets a value without members.
func scalar(path string, token json.Token, v reflect.Value) error {
	switch token := token.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(token)
			return nil
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(token)
			return nil
		}
	case json.Number:
		return number(path, token, v)
	}
	return wrongKind(path)
}

func number(path string, text json.Number, v reflect.Value) error {
	switch {
	case v.CanInt():
		if n, err := strconv.ParseInt(text.String(), 10, v.Type().Bits()); err == nil {
			v.SetInt(n)
			return nil
		}
	case v.CanFloat():
		if n, err := strconv.ParseFloat(text.String(), v.Type().Bits()); err == nil {
			v.SetFloat(n)
			return nil
		}
	}
	return wrongKind(path)
}

func wrongKind(path string) error { return fmt.Errorf("%sis of another kind", at(path)) }

// at starts a message about a place. The document itself has no name.
func at(path string) string {
	if path == "" {
		return ""
	}
	return path + " "
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
