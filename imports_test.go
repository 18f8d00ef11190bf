package preflight_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/alertnative/preflight"

// goPackage is a package as go list describes it.
type goPackage struct {
	ImportPath, Dir, Name     string
	Imports                   []string
	TestGoFiles, XTestGoFiles []string
	Module                    *struct{ Path string }
}

// list runs go list -json with the arguments.
func list(args ...string) ([]goPackage, error) {
	cmd := exec.Command("go", append([]string{"list", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %q: %w", args, err)
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

var listAll = sync.OnceValues(func() ([]goPackage, error) { return list("./...") })

// all returns the packages of this module.
func all(t *testing.T) []goPackage {
	t.Helper()
	packages, err := listAll()
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// linked returns a package and all packages that it links.
func linked(t *testing.T, pkg string) []goPackage {
	t.Helper()
	packages, err := list("-deps", pkg)
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// folder returns the path of a package of this module below its root, "." for
// the root itself.
func folder(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// room is a row of the table in docs/architecture.md.
type room struct {
	folders   []string
	mayImport []string
}

var quoted = regexp.MustCompile("`([^`]+)`")

// cell returns the names in backquotes.
func cell(text string) []string {
	var names []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// rooms reads the table "folder, purpose, may import".
func rooms(t *testing.T) []room {
	t.Helper()
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| folder | purpose | may import |\n|---|---|---|\n")
	if !found {
		t.Fatal("docs/architecture.md has no table: folder, purpose, may import")
	}
	var out []room
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			break
		}
		if strings.TrimSpace(cells[2]) == "" {
			t.Errorf("docs/architecture.md: %s has no purpose", cells[1])
		}
		out = append(out, room{cell(cells[1]), cell(cells[3])})
	}
	return out
}

// roomOf returns the index of the row with the longest folder that contains the
// package, and that folder.
func roomOf(table []room, pkg string) (int, string) {
	row, longest := -1, ""
	for i, r := range table {
		for _, f := range r.folders {
			if (pkg == f || strings.HasPrefix(pkg, f+"/")) && len(f) > len(longest) {
				row, longest = i, f
			}
		}
	}
	return row, longest
}

// A row of the table may only import rows above it, and each row has packages.
func TestTableOfRoomsIsOrdered(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	table := rooms(t)
	for _, p := range all(t) {
		if f, ours := folder(p.ImportPath); ours {
			_, folder := roomOf(table, f)
			used[folder] = true
		}
	}
	above := map[string]bool{}
	for _, r := range table {
		for _, name := range r.mayImport {
			if !above[name] {
				t.Errorf("docs/architecture.md: %v may import %q, which has no row above it", r.folders, name)
			}
		}
		for _, f := range r.folders {
			if above[f] {
				t.Errorf("docs/architecture.md: %q has two rows", f)
			}
			if !used[f] {
				t.Errorf("docs/architecture.md: %q has no package", f)
			}
			above[f] = true
		}
	}
}

func TestImportsFollowTableOfRooms(t *testing.T) {
	t.Parallel()
	table := rooms(t)
	for _, p := range all(t) {
		from, _ := folder(p.ImportPath)
		row, _ := roomOf(table, from)
		if row < 0 {
			t.Errorf("docs/architecture.md has no row for %s", from)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := folder(imported)
			if !ours {
				continue
			}
			target, name := roomOf(table, to)
			if target != row && !slices.Contains(table[row].mayImport, name) {
				t.Errorf("%s imports %s: docs/architecture.md does not allow it in the row of %v", from, to, table[row].folders)
			}
		}
	}
}

// A program that uses a pack links few packages.
func TestPacksLinkFewPackages(t *testing.T) {
	t.Parallel()
	const mostModules, mostPackages = 20, 280
	heavy := regexp.MustCompile(`^(database/sql|github\.com/(redis|jackc|pressly)/|modernc\.org/sqlite|github\.com/prometheus/alertmanager/config|` +
		module + `/(webhook|checker|checks|codegen|internal/(model|emit|proof))$)`)
	for _, pack := range []string{"./packs/trading", "./packs/pipeline"} {
		modules := map[string]bool{}
		packages := linked(t, pack)
		for _, p := range packages {
			if p.Module != nil {
				modules[p.Module.Path] = true
			}
			if heavy.MatchString(p.ImportPath) {
				t.Errorf("%s links %s", pack, p.ImportPath)
			}
		}
		t.Logf("%s: %d modules, %d packages", pack, len(modules), len(packages))
		if len(modules) > mostModules || len(packages) > mostPackages {
			t.Errorf("%s links %d modules and %d packages, at most %d and %d: %v",
				pack, len(modules), len(packages), mostModules, mostPackages, slices.Sorted(maps.Keys(modules)))
		}
	}
}

func TestGeneratorLinksNoDatabaseDriver(t *testing.T) {
	t.Parallel()
	drivers := regexp.MustCompile(`^(database/sql$|github\.com/(redis|jackc|pressly)/|modernc\.org/sqlite)`)
	for _, p := range linked(t, "./cmd/preflight-gen") {
		if drivers.MatchString(p.ImportPath) {
			t.Errorf("preflight-gen links %s", p.ImportPath)
		}
	}
}

// Every public package has an example with an Output comment, so that go test
// runs it.
func TestEveryPublicPackageHasAnExample(t *testing.T) {
	t.Parallel()
	for _, p := range all(t) {
		f, _ := folder(p.ImportPath)
		if p.Name == "main" || slices.Contains(strings.Split(f, "/"), "internal") {
			continue
		}
		runs := slices.ContainsFunc(slices.Concat(p.TestGoFiles, p.XTestGoFiles), func(name string) bool {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(doc.Examples(file), func(e *doc.Example) bool { return e.Output != "" })
		})
		if !runs {
			t.Errorf("package %s has no runnable Example", f)
		}
	}
}
