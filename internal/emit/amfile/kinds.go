package amfile

import (
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
)

// listSuffix ends the keys of a receiver that hold integrations.
const listSuffix = "_configs"

// Kinds returns the kinds of integrations, sorted: "discord" for
// discord_configs.
func Kinds() []string {
	keys, _ := keysOf(reflect.TypeFor[config.Receiver]())
	var out []string
	for _, key := range keys {
		if kind, ok := strings.CutSuffix(key, listSuffix); ok {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// Integrations yields the integrations of a loaded receiver with their kinds.
func Integrations(r config.Receiver) iter.Seq2[string, notify.ResolvedSender] {
	return func(yield func(string, notify.ResolvedSender) bool) {
		v := reflect.ValueOf(r)
		for i := range v.NumField() {
			key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			kind, ok := KindOf(key)
			if !ok {
				continue
			}
			for j := range v.Field(i).Len() {
				if x, ok := v.Field(i).Index(j).Interface().(notify.ResolvedSender); ok && !yield(kind, x) {
					return
				}
			}
		}
	}
}

// Kind returns the type of the integrations of a kind, and whether Alertmanager
// has the kind.
func Kind(kind string) (reflect.Type, bool) {
	_, types := keysOf(reflect.TypeFor[config.Receiver]())
	list := types[kind+listSuffix]
	if list == nil {
		return nil, false
	}
	return list.Elem().Elem(), true
}

// List returns the key of a receiver that holds the integrations of a kind.
func List(kind string) string { return kind + listSuffix }

// KindOf returns the kind of the integrations that a key of a receiver holds.
func KindOf(key string) (kind string, ok bool) { return strings.CutSuffix(key, listSuffix) }

// FileKey returns the path of the key that reads the value at a path from a
// file: "http_config.authorization.credentials_file". known are the paths for
// which there is one. Both are those of a kind.
func FileKey(kind, path string) (file string, known []string) {
	t, ok := Kind(kind)
	if !ok {
		return "", nil
	}
	fileKeys(t, "", &known)
	if slices.Contains(known, path) {
		file = path + fileSuffix
	}
	return file, known
}

// HasKey reports whether integrations of the kind have a value at the path.
func HasKey(kind, path string) bool {
	t, ok := Kind(kind)
	for name := range strings.SplitSeq(path, ".") {
		if !ok {
			return false
		}
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return false
		}
		_, types := keysOf(t)
		t, ok = types[name]
	}
	return ok
}

// fileKeys collects the paths of the values that can be read from a file.
func fileKeys(t reflect.Type, path string, out *[]string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isSecret(t) {
		return
	}
	keys, types := keysOf(t)
	for _, key := range keys {
		if slices.Contains(keys, key+fileSuffix) {
			*out = append(*out, join(path, key))
		}
		fileKeys(types[key], join(path, key), out)
	}
}
