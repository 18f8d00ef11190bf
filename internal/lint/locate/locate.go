// Package locate finds the Go literals of findings.
package locate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// key is a field of a literal with its text.
type key struct{ field, text string }

// siteLiteral is the key of literals of the type Site.
var siteLiteral = key{field: "Site"}

// place is a line of a file.
type place struct {
	file string
	line int
}

// Findings adds the file and line of the literal to each finding without a
// place. It searches the Go files of the module that contains dir; paths are
// relative to dir. Unreadable files are skipped. The path of an embedded file
// is relative to its package: it becomes relative to dir.
func Findings(dir string, findings []finding.Finding) {
	var places map[key][]place
	for i, f := range findings {
		if f.File != "" {
			findings[i].File = embedded(dir, f.File)
			continue
		}
		wanted := keys(f)
		if len(wanted) == 0 {
			continue
		}
		if places == nil {
			places = literals(dir)
		}
		for _, k := range wanted {
			if at := places[k]; len(at) == 1 { // several literals are ambiguous
				findings[i].File, findings[i].Line = at[0].file, at[0].line
				break
			}
		}
	}
}

var matchers = regexp.MustCompile(`\{([^}]*)\}`)

// keys returns the literals that may contain the mistake, the best first.
func keys(f finding.Finding) []key {
	var out []key
	if kind, name := subject(f.Where); name != "" {
		for _, field := range fields(kind) {
			out = append(out, key{field, name})
		}
	}
	if m := matchers.FindStringSubmatch(f.Where); m != nil { // a route, a promise, an inhibition
		for _, field := range []string{"Match", "Target", "Source"} {
			out = append(out, key{field, m[1]})
		}
	}
	if area, _, _ := strings.Cut(f.Where, ","); area == "site" || area == "routing" {
		field := f.Part[strings.LastIndex(f.Part, ".")+1:]
		if field != "" && f.Text != "" {
			out = append(out, key{field, f.Text})
		}
		out = append(out, siteLiteral)
	}
	return out
}

// embedded returns the path of a file of an embedded file system relative to
// dir. It returns the path unchanged if the module has no such file, or several.
func embedded(dir, path string) string {
	if _, err := os.Stat(filepath.Join(dir, path)); err == nil || filepath.IsAbs(path) {
		return path
	}
	var found []string
	walk(dir, func(file string) {
		if strings.HasSuffix(filepath.ToSlash(file), "/"+path) {
			found = append(found, relative(dir, file))
		}
	})
	if len(found) != 1 {
		return path
	}
	return found[0]
}

// subject returns the kind and the name of a finding's definition: alert "X".
func subject(where string) (kind, name string) {
	kind, rest, found := strings.Cut(where, ` "`)
	name, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		return "", ""
	}
	if at := strings.LastIndex(kind, ", "); at >= 0 { // routing, time interval "nights"
		kind = kind[at+len(", "):]
	}
	return kind, name
}

// fields returns the fields that may hold the name of a kind of definition.
func fields(kind string) []string {
	switch kind {
	case "dashboard":
		return []string{"UID"}
	case "alert", "record", "group", "receiver", "time interval", "job", "metric", "check", "pack", "site":
		return []string{"Name"}
	}
	return nil
}

// literals returns the string fields of all composite literals of a module.
func literals(dir string) map[key][]place {
	out := map[key][]place{}
	walk(dir, func(file string) {
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			fileLiterals(dir, file, out)
		}
	})
	return out
}

// walk calls f with the files of the module that contains dir, without hidden
// folders, test data and nested modules.
func walk(dir string, f func(file string)) {
	root := moduleRoot(dir)
	if root == "" {
		return
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // unreadable files are skipped
		switch {
		case err != nil:
			return nil
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "vendor" || isModule(path)):
			return filepath.SkipDir
		case !d.IsDir():
			f(path)
		}
		return nil
	})
}

// relative returns a path relative to dir, with slashes.
func relative(dir, path string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(abs, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// moduleRoot returns the folder of the module that contains dir, or "".
func moduleRoot(dir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil {
		if isModule(dir) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return ""
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// fileLiterals adds the string fields of a file's literals.
func fileLiterals(dir, path string, out map[key][]place) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return
	}
	shown := relative(dir, path)
	ast.Inspect(tree, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok && typeName(lit.Type) == siteLiteral.field {
			out[siteLiteral] = append(out[siteLiteral], place{shown, files.Position(lit.Pos()).Line})
		}
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		field, ok1 := kv.Key.(*ast.Ident)
		value, ok2 := kv.Value.(*ast.BasicLit)
		if !ok1 || !ok2 || value.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(value.Value); err == nil {
			k := key{field.Name, text}
			out[k] = append(out[k], place{shown, files.Position(kv.Pos()).Line})
		}
		return true
	})
}

// typeName returns the name of a type without its package.
func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		return t.Sel.Name
	}
	return ""
}
