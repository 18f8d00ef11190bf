package emit

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// TemplateFile is a file of Routing.Templates.
type TemplateFile struct {
	Name string // without folders
	Data []byte
}

// TemplatePattern is the pattern of the files of Routing.Templates, relative to
// alertmanager.yml.
const TemplatePattern = "templates/*.tmpl"

// TemplateFiles returns the files of Routing.Templates at any depth, by name.
func (c *Context) TemplateFiles() []TemplateFile {
	files, _ := c.readTemplates()
	return files
}

// readTemplates returns the files of Routing.Templates, and findings about files
// that Alertmanager would not load.
func (c *Context) readTemplates() ([]TemplateFile, []finding.Finding) {
	if c.Routing.Templates == nil {
		return nil, nil
	}
	var files []TemplateFile
	var out []finding.Finding
	add := func(file, format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.Unreadable, Where: "routing, Templates", Part: file, Reason: fmt.Sprintf(format, args...)})
	}
	err := fs.WalkDir(c.Routing.Templates, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := path.Base(file)
		data, err := fs.ReadFile(c.Routing.Templates, file)
		switch {
		case err != nil:
			return err
		case path.Ext(name) != ".tmpl":
			add(file, "Alertmanager does not load it: give it a name that ends in .tmpl")
		case slices.ContainsFunc(files, func(f TemplateFile) bool { return f.Name == name }):
			add(file, "another folder has a file of the name %s, and all go into one: rename one", name)
		case !strings.Contains(string(data), "define"):
			add(file, `it defines no template: start one with {{ define "NAME" }}`)
		default:
			files = append(files, TemplateFile{name, data})
		}
		return nil
	})
	if err != nil {
		add("", "%v", err)
	}
	if len(files) == 0 && len(out) == 0 {
		add("", "it has no file that ends in .tmpl: check the pattern of go:embed")
	}
	slices.SortFunc(files, func(a, b TemplateFile) int { return strings.Compare(a.Name, b.Name) })
	return files, out
}
