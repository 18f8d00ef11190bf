package codegen_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// TestMain runs the tests with a temporary cache of verdicts.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much garbage, little memory
	dir, err := os.MkdirTemp("", "preflight-gen")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME"} { // location of the system's cache
		if err := os.Setenv(name, dir); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// shipped returns a copy of the shipped site for changes.
func shipped() preflight.Site { return clone(site.Site()) }

// clone returns a deep copy. Unexported fields stay shared.
func clone[T any](v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	out.Set(reflect.ValueOf(v))
	deepen(out)
	return out.Interface().(T)
}

// deepen replaces the targets of references in a value by copies.
func deepen(v reflect.Value) {
	replace := func(old reflect.Value) {
		own := reflect.New(old.Type()).Elem()
		own.Set(old)
		deepen(own)
		v.Set(own)
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			deepen(own.Index(i))
		}
		v.Set(own)
	case reflect.Map:
		if v.IsNil() {
			return
		}
		own := reflect.MakeMap(v.Type())
		for at := v.MapRange(); at.Next(); {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(at.Value())
			deepen(value)
			own.SetMapIndex(at.Key(), value)
		}
		v.Set(own)
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		own := reflect.New(v.Type().Elem())
		own.Elem().Set(v.Elem())
		deepen(own.Elem())
		v.Set(own)
	case reflect.Interface:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct {
			replace(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				deepen(v.Field(i))
			}
		}
	}
}

// alert returns the alert with that name in the packs of a site.
func alert(s *preflight.Site, name string) *rules.Alert {
	for p := range s.Packs {
		for g := range s.Packs[p].Groups {
			for a := range s.Packs[p].Groups[g].Alerts {
				if found := &s.Packs[p].Groups[g].Alerts[a]; found.Name == name {
					return found
				}
			}
		}
	}
	panic("no alert " + name)
}

// panel returns the panel with that id on the dashboards of a site.
func panel(s *preflight.Site, id int) *dashgen.Panel {
	for p := range s.Packs {
		for b := range s.Packs[p].Dashboards {
			board := &s.Packs[p].Dashboards[b]
			lists := [][]dashgen.Panel{board.Panels}
			for r := range board.Rows {
				lists = append(lists, board.Rows[r].Panels)
			}
			for _, list := range lists {
				for i := range list {
					if list[i].ID == id {
						return &list[i]
					}
				}
			}
		}
	}
	panic("no such panel")
}

// routeTo returns the route of a site with that Match.
func routeTo(s *preflight.Site, match string) *routing.Route {
	for _, list := range append([][]routing.Route{s.Routing.Route.Routes}, packRoutes(s)...) {
		for i := range list {
			if list[i].Match == match {
				return &list[i]
			}
		}
	}
	panic("no route " + match)
}

func packRoutes(s *preflight.Site) [][]routing.Route {
	var out [][]routing.Route
	for p := range s.Packs {
		out = append(out, s.Packs[p].Routing.Route.Routes)
	}
	return out
}

// promiseOf returns the promise of a site with that Match.
func promiseOf(s *preflight.Site, match string) *routing.Promise {
	lists := [][]routing.Promise{s.Routing.Promises}
	for p := range s.Packs {
		lists = append(lists, s.Packs[p].Routing.Promises)
	}
	for _, list := range lists {
		for i := range list {
			if list[i].Match == match {
				return &list[i]
			}
		}
	}
	panic("no promise " + match)
}

func dropRoutes(s *preflight.Site, drop func(match string) bool) {
	s.Routing.Route.Routes = slices.DeleteFunc(s.Routing.Route.Routes, func(r routing.Route) bool { return drop(r.Match) })
}

func dropPromises(s *preflight.Site, drop func(match string) bool) {
	s.Routing.Promises = slices.DeleteFunc(s.Routing.Promises, func(x routing.Promise) bool { return drop(x.Match) })
}

// replaced returns the text with a replacement. It panics if from is missing.
func replaced(text, from, to string) string {
	if !strings.Contains(text, from) {
		panic("no " + from + " in " + text)
	}
	return strings.ReplaceAll(text, from, to)
}

// command runs the generator and returns its exit code and output.
func command(t *testing.T, sites []preflight.Site, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = codegen.Run(t.Context(), args, &out, &errs, sites...)
	return code, out.String(), errs.String()
}

// generate runs the generator for one site.
func generate(t *testing.T, s preflight.Site, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return command(t, []preflight.Site{s}, args...)
}

func mustGenerate(t *testing.T, s preflight.Site, args ...string) {
	t.Helper()
	if code, stdout, stderr := generate(t, s, args...); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// files returns the generated files of a site by path.
func files(t *testing.T, s preflight.Site) map[string]string {
	t.Helper()
	list, err := codegen.Generate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range list {
		out[f.Path] = string(f.Data)
	}
	return out
}

// file returns one generated file of a site.
func file(t *testing.T, s preflight.Site, path string) string {
	t.Helper()
	text, ok := files(t, s)[path]
	if !ok {
		t.Fatalf("no file %s", path)
	}
	return text
}

// findings returns the findings on a site, or "".
func findings(t *testing.T, s preflight.Site) string {
	t.Helper()
	if _, err := codegen.Generate(t.Context(), s); err != nil {
		return err.Error()
	}
	return ""
}

// contains reports each missing text.
func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in:\n%s", want, text)
		}
	}
}

// lacks reports each unwanted text.
func lacks(t *testing.T, text string, unwanted ...string) {
	t.Helper()
	for _, word := range unwanted {
		if strings.Contains(text, word) {
			t.Errorf("there is %q in:\n%s", word, text)
		}
	}
}

// tree reads a folder and returns its content by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// write writes a file and creates its folders.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// planted is a change of a site with a part of its only finding, or "" for
// none.
type planted struct {
	change change
	want   string
}

var anyFinding = regexp.MustCompile(`(?m): [A-Z]{2}\d{3}: `)

// plantEach makes each change in a new site.
func plantEach(t *testing.T, site func() preflight.Site, list map[string]planted) {
	t.Helper()
	for name, p := range list {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site()
			p.change(&s)
			found := findings(t, s)
			switch n := len(anyFinding.FindAllString(found, -1)); {
			case p.want == "" && found != "":
				t.Errorf("want nothing, got:\n%s", found)
			case p.want != "" && (n != 1 || !strings.Contains(found, p.want)):
				t.Errorf("want %q alone, got %d findings:\n%s", p.want, n, found)
			}
		})
	}
}
