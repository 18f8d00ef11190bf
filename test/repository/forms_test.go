package repository_test

import (
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// form is an issue form, as GitHub documents it.
type form struct {
	Name        string
	Description string
	Title       string
	Labels      []string
	Body        []struct {
		Type       string
		ID         string
		Attributes struct {
			Label, Description, Placeholder, Value, Render string
			Options                                        []yaml.Node
		}
		Validations struct{ Required bool }
	}
}

func TestIssueFormsAreValid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github/ISSUE_TEMPLATE/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	forms := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "config.yml" {
			continue
		}
		forms++
		var f form
		decoder := yaml.NewDecoder(strings.NewReader(read(t, ".github/ISSUE_TEMPLATE/"+name)))
		decoder.KnownFields(true)
		if err := decoder.Decode(&f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Name == "" || f.Description == "" {
			t.Errorf("%s: a form needs a name and a description", name)
		}
		ids, fields := map[string]bool{}, 0
		for _, b := range f.Body {
			a := b.Attributes
			switch b.Type {
			case "markdown":
				if a.Value == "" {
					t.Errorf("%s: a markdown element needs a value", name)
				}
				continue
			case "dropdown", "checkboxes":
				if len(a.Options) == 0 {
					t.Errorf("%s: %s has no options", name, b.ID)
				}
			case "input", "textarea":
			default:
				t.Errorf("%s: GitHub knows no element %q", name, b.Type)
			}
			fields++
			if a.Label == "" || b.ID == "" || ids[b.ID] {
				t.Errorf("%s: element %q needs a label and an id of its own", name, b.ID)
			}
			ids[b.ID] = true
		}
		if fields == 0 {
			t.Errorf("%s has no fields", name)
		}
	}
	if forms == 0 {
		t.Error("no forms")
	}
}
