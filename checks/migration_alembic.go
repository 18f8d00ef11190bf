package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/lazy"
)

// alembicRevisions are the migrations of Alembic, by their id. They form a graph: each
// names the revisions before it.
type alembicRevisions map[string]alembicRevision

type alembicRevision struct {
	file   string
	down   []string // revisions before it
	before []string // also those on which it depends
}

// readAlembic reads the folder "versions" of Alembic.
func readAlembic(folder string) (migrationSet, error) {
	all := alembicRevisions{}
	for _, name := range filesIn(folder) {
		if filepath.Ext(name) != ".py" || strings.HasPrefix(name, "__init__") || strings.HasPrefix(name, ".#") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, rejection{"unreadable_migration", name + " cannot be read"}
		}
		id, r, err := parseRevision(name, string(text))
		if err != nil {
			return nil, err
		}
		if other, taken := all[id]; taken {
			return nil, rejection{"duplicate_version", fmt.Sprintf("%s and %s have one version", other.file, name)}
		}
		all[id] = r
	}
	if len(all) == 0 {
		return nil, rejection{"no_migrations", "none in the folder"}
	}
	for _, r := range all {
		for _, id := range r.down {
			if _, ok := all[id]; !ok {
				return nil, rejection{"unreadable_migration", fmt.Sprintf("%s follows the revision %s, which the folder does not have", r.file, id)}
			}
		}
	}
	return all, nil
}

// assigned finds the assignments of a revision's file, at the start of a line.
var (
	assigned = lazy.Regexp(`(?m)^(revision|down_revision|depends_on)[ \t]*(?::[^=\n]*)?=[ \t]*`)
	literal  = lazy.Regexp(`^[rRuU]?(?:"([^"\\\n]*)"|'([^'\\\n]*)')`)
)

// parseRevision reads the assignments of a file. They must be literals.
func parseRevision(file, text string) (id string, r alembicRevision, err error) {
	r.file = file
	values := map[string][]string{}
	for _, at := range assigned().FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		ids, ok := literals(text[at[1]:])
		if !ok {
			return "", r, rejection{"unreadable_migration", fmt.Sprintf("%s: %s is not a literal text", file, name)}
		}
		values[name] = ids
	}
	if len(values["revision"]) != 1 {
		return "", r, rejection{"unreadable_migration", file + " has no revision: name the folder versions of Alembic"}
	}
	r.down = values["down_revision"]
	r.before = append(slices.Clone(r.down), values["depends_on"]...)
	return values["revision"][0], r, nil
}

// literals returns the texts of a Python value: a text, None, or a list or tuple
// of texts.
func literals(text string) (ids []string, ok bool) {
	if strings.HasPrefix(text, "None") {
		return nil, true
	}
	inList := strings.HasPrefix(text, "(") || strings.HasPrefix(text, "[")
	if inList {
		text = text[1:]
	}
	for {
		text = strings.TrimLeft(text, " \t\r\n,")
		switch m := literal().FindStringSubmatch(text); {
		case m != nil:
			ids = append(ids, m[1]+m[2])
			text = text[len(m[0]):]
		case strings.HasPrefix(text, "#"):
			_, text, _ = strings.Cut(text, "\n")
			continue
		default:
			return ids, inList && (strings.HasPrefix(text, ")") || strings.HasPrefix(text, "]"))
		}
		if !inList {
			rest, _, _ := strings.Cut(text, "\n")
			rest = strings.TrimSpace(rest)
			return ids, rest == "" || strings.HasPrefix(rest, "#")
		}
	}
}

// state compares the rows, which are the newest revisions of each branch. All
// revisions before them are applied.
func (all alembicRevisions) state(rows [][]string) (is schemaState, err error) {
	applied := map[string]bool{}
	var at []string
	for _, row := range rows {
		at = append(at, row[0])
		if _, known := all[row[0]]; !known {
			is.ahead = true
		}
		all.mark(row[0], applied)
	}
	slices.Sort(at)
	is.at, is.newest = strings.Join(at, ", "), strings.Join(all.heads(), ", ")
	for id := range all {
		if !applied[id] {
			is.missing++
		}
	}
	return is, nil
}

// mark adds a revision and all before it.
func (all alembicRevisions) mark(id string, applied map[string]bool) {
	r, ok := all[id]
	if !ok || applied[id] {
		return
	}
	applied[id] = true
	for _, before := range r.before {
		all.mark(before, applied)
	}
}

// heads returns the revisions that no other one follows, sorted.
func (all alembicRevisions) heads() (heads []string) {
	followed := map[string]bool{}
	for _, r := range all {
		for _, id := range r.down {
			followed[id] = true
		}
	}
	for id := range all {
		if !followed[id] {
			heads = append(heads, id)
		}
	}
	slices.Sort(heads)
	return heads
}
