package yamlfile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/yamlfile"
)

// level has its own decoder.
type level struct{ text string }

func (l *level) UnmarshalYAML(n *yaml.Node) error {
	l.text = strings.ToUpper(fmt.Sprint(n.Kind == yaml.MappingNode))
	return nil
}

type limits struct {
	Above *float64 `yaml:"above"`
}

type section struct {
	Name    string            `yaml:"name"`
	Every   time.Duration     `yaml:"every,omitempty"`
	Labels  map[string]limits `yaml:"labels"`
	List    []*section        `yaml:"list"`
	Level   level             `yaml:"level"`
	Any     any               `yaml:"any"`
	Limits  limits            `yaml:",inline"`
	Unnamed uint8
	Hidden  string `yaml:"-"`
}

func decode(t *testing.T, text string) (section, error) {
	t.Helper()
	f, err := yamlfile.Parse("f.yml", []byte(text))
	if err != nil {
		return section{}, err
	}
	var s section
	return s, yamlfile.Join(append(f.Unknown([]string{"s"}), f.Decode("s", &s)...))
}

func TestDecode(t *testing.T) {
	t.Parallel()
	f, err := yamlfile.Parse("f.yml", []byte("s: {name: a, every: 2s, labels: {x: {above: 1}}, list: [{name: b, list: [{name: c}]}], level: {free: 1}, any: {k: [v]}, above: 2, unnamed: 7}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var s section
	if errs := f.Decode("s", &s); errs != nil {
		t.Fatal(yamlfile.Join(errs))
	}
	if s.Name != "a" || s.Every != 2*time.Second || *s.Labels["x"].Above != 1 || s.List[0].List[0].Name != "c" || s.Level.text != "TRUE" ||
		*s.Limits.Above != 2 || s.Unnamed != 7 {
		t.Errorf("%+v", s)
	}
	s = section{Name: "kept"}
	if errs := f.Decode("nosuch", &s); errs != nil || s.Name != "kept" {
		t.Errorf("%+v, %v", s, errs)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"s: {nam: a}\n": `f.yml:1: unknown key "nam" in s (did you mean "name"?)`,
		"s:\n  list:\n  - name: a\n  - nome: a\n":     `f.yml:4: unknown key "nome" in s.list[1] (did you mean "name"?)`,
		"s: {labels: {x: {abov: 1}}}\n":               `f.yml:1: unknown key "abov" in s.labels.x (did you mean "above"?)`,
		"s: {hidden: x}\n":                            `f.yml:1: unknown key "hidden" in s (there are name, every, labels, list, level, any, above, unnamed)`,
		"s: {limits: 1}\n":                            `f.yml:1: unknown key "limits" in s (there are name, every, labels, list, level, any, above, unnamed)`,
		"s: {list: {a: b}}\n":                         "f.yml:1: a set of keys is not a list",
		"s: {list: [x]}\n":                            "f.yml:1: x is not a set of keys",
		"s: {labels: [x]}\n":                          "f.yml:1: a list is not a set of keys",
		"s: {name: [x]}\n":                            "f.yml:1: a list is not text",
		"s: {every: soon}\n":                          "f.yml:1: soon is not a duration such as 2s or 500ms",
		"s: {unnamed: -1}\n":                          "f.yml:1: -1 is not an integer",
		"s: {above: high}\n":                          "f.yml:1: high is not a number",
		"s: {every: soon,\n nam: x}\nt: {}\n":         "f.yml:1: soon is not a duration such as 2s or 500ms\nf.yml:2: unknown key \"nam\" in s (did you mean \"name\"?)\nf.yml:3: unknown key \"t\" (did you mean \"s\"?)",
		"s: {name: a, name: b}\n":                     `f.yml:1: mapping key "name" already defined at line 1`,
		"s: &a {list: [*a]}\n":                        "f.yml: anchor 'a' value contains itself",
		"s: {list: [&a {name: b, x: 1}, {<<: *a}]}\n": `f.yml:1: unknown key "x" in s.list[0] (there are name, every, labels, list, level, any, above, unnamed)`,
		"[a]\n":  "f.yml:1: a list is not a set of keys",
		"s: [\n": "f.yml:1: did not find expected node content",
		"":       "f.yml: is empty: declare the targets of the checks",
	} {
		_, err := decode(t, text)
		if err == nil {
			t.Errorf("%q: no error", text)
		} else if d := cmp.Diff(want, err.Error()); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	f, err := yamlfile.Parse("f.yml", []byte("a: 1\ns:\n  list:\n  - name: x\n  - &b\n    name: y\n  - *b\n"))
	if err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string][]any{
		"f.yml:6: s.list[1].name: wrong":  {"s", "list", 1, "name"},
		"f.yml:6: s.list[2].name: wrong":  {"s", "list", 2, "name"},
		"f.yml:5: s.list[1].every: wrong": {"s", "list", 1, "every"},
		"f.yml:4: s.list[7]: wrong":       {"s", "list", 7},
		"f.yml:1: nosuch: wrong":          {"nosuch"},
	} {
		if got := f.At(path, "wrong").Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if err := f.Single(); err != nil {
		t.Error(err)
	}
}

// FuzzDecode checks that any text gives a value, or an error that names the
// file.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"s: {name: a}", "s: &a {<<: *a}", "s: {<<: [1]}", "? [a]\n: b", "s: {? [a] : b}", "s: !!binary x", "a: &a [*b]\ns: *a", "s: *a", "%YAML 1.1\n---\ns: 1\n...\n---"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := decode(t, text)
		if err != nil && !strings.HasPrefix(err.Error(), "f.yml:") {
			t.Errorf("%q: %q", text, err)
		}
	})
}
