// Package locate finds the Go literals of findings.
package locate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// key is a field of a literal with its text.
type key struct{ field, text string }

// place is a line of a file.
type place struct {
	file string
	line int
}

// Findings adds the file and line of the literal to each finding without a
// place. It searches the Go files of the module that contains dir; paths are
// relative to dir. Unreadable files are skipped.
func Findings(dir string, findings []finding.Finding) {
	var places map[key][]place
	for i, f := range findings {
		kind, name := subject(f.Where)
		if f.File != "" || name == "" {
			continue
		}
		if places == nil {
			places = literals(dir)
		}
		for _, field := range fields(kind) {
			if at := places[key{field, name}]; len(at) == 1 { // several literals are ambiguous
				findings[i].File, findings[i].Line = at[0].file, at[0].line
				break
			}
		}
	}
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
	root := moduleRoot(dir)
	if root == "" {
		return out
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { // unreadable files are skipped
		switch {
		case err != nil:
			return nil
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "vendor" || isModule(path)):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			fileLiterals(dir, path, out)
		}
		return nil
	})
	return out
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
	shown := path
	if abs, err := filepath.Abs(dir); err == nil {
		if rel, err := filepath.Rel(abs, path); err == nil {
			shown = rel
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
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
			out[k] = append(out[k], place{filepath.ToSlash(shown), files.Position(kv.Pos()).Line})
		}
		return true
	})
}
