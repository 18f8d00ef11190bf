package checks

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/internal/lazy"
)

// migrationTool is a program that migrates a schema.
type migrationTool struct {
	name    string // in preflight.yml
	label   string // for people
	table   string // by default
	columns string // of the table that are read
	// read returns the migrations of a folder. Its error is a rejection.
	read func(folder string) (migrationSet, error)
}

// migrationSet holds the migrations of a folder.
type migrationSet interface {
	// state compares the migrations with the rows of the tool's table.
	state(rows [][]string) (schemaState, error)
}

// schemaState is the result of a comparison.
type schemaState struct {
	at      string // newest applied version; "" if there is none
	newest  string // newest migration of the folder
	ahead   bool   // at is newer than the folder, or not in it
	missing int    // migrations to apply
	dirty   string // version that failed half-way
	note    string // migrations that are not compared
}

// goose is the name of the default tool.
const goose = "goose"

// migrationTools returns the tools whose tables are compared.
func migrationTools() []migrationTool {
	return []migrationTool{
		{goose, "goose", "goose_db_version", "id, version_id, is_applied", readGoose},
		{"golang-migrate", "golang-migrate", "schema_migrations", "version, dirty", readGolangMigrate},
		{"flyway", "Flyway", "flyway_schema_history", "installed_rank, version, type, success, script", readFlyway},
		{"atlas", "Atlas", "atlas_schema_revisions.atlas_schema_revisions", "version, type, applied, total, error", readAtlas},
		{"alembic", "Alembic", "alembic_version", "version_num", readAlembic},
	}
}

func toolNamed(name string) (migrationTool, bool) {
	tools := migrationTools()
	i := slices.IndexFunc(tools, func(t migrationTool) bool { return t.name == name })
	if i < 0 {
		return tools[0], false
	}
	return tools[i], true
}

func toolNames() (names []string) {
	for _, t := range migrationTools() {
		names = append(names, t.name)
	}
	return names
}

// versionFiles collects the files of a folder by version. It refuses two files
// of one version, of which the tool would apply one or none.
type versionFiles struct {
	file map[string]string
	err  error
}

func (v *versionFiles) add(version, file string) {
	if v.file == nil {
		v.file = map[string]string{}
	}
	if other, taken := v.file[version]; taken && v.err == nil {
		v.err = rejection{"duplicate_version", fmt.Sprintf("%s and %s have one version", other, file)}
	}
	v.file[version] = file
}

// set returns the collected migrations in the order of compare.
func (v *versionFiles) set(compare func(a, b string) int, read func(rows [][]string) (record, error)) (*linear, error) {
	if v.err != nil {
		return nil, v.err
	}
	if len(v.file) == 0 {
		return nil, rejection{"no_migrations", "none in the folder"}
	}
	l := &linear{compare: compare, read: read}
	for version := range v.file {
		l.versions = append(l.versions, version)
	}
	slices.SortFunc(l.versions, compare)
	return l, nil
}

// linear is a set of migrations that are applied in the order of their versions.
type linear struct {
	versions []string // sorted
	optional []string // versions that need not be applied
	compare  func(a, b string) int
	read     func(rows [][]string) (record, error)
	note     string
}

// record is the content of a tool's table.
type record struct {
	applied []string
	floor   string // this version and all earlier ones count as applied
	dirty   string
}

func (l *linear) state(rows [][]string) (schemaState, error) {
	r, err := l.read(rows)
	is := schemaState{newest: l.versions[len(l.versions)-1], dirty: r.dirty, note: l.note}
	for _, v := range append(r.applied, r.floor) {
		if is.at == "" || v != "" && l.compare(v, is.at) > 0 {
			is.at = v
		}
	}
	for _, v := range l.versions {
		below := r.floor != "" && l.compare(v, r.floor) <= 0
		if !below && !slices.Contains(r.applied, v) && !slices.Contains(l.optional, v) {
			is.missing++
		}
	}
	is.ahead = is.at != "" && l.compare(is.at, is.newest) > 0
	return is, err
}

// readGoose reads a folder of goose: files with a number, "_" and a title, but
// no tests.
func readGoose(folder string) (migrationSet, error) {
	var found versionFiles
	for _, name := range filesIn(folder) {
		version, ok := leadingNumber(name)
		if ok && slices.Contains([]string{".sql", ".go"}, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go") {
			found.add(version, name)
		}
	}
	return found.set(compareNumbers, gooseRecord)
}

// gooseRecord returns the applied versions. A version that was rolled back and
// applied again has several rows: the last one counts.
func gooseRecord(rows [][]string) (r record, err error) {
	if err := sortByNumber(rows); err != nil {
		return r, err
	}
	applied := map[string]bool{}
	for _, row := range rows {
		applied[row[1]] = row[2] == "t"
	}
	for version, is := range applied {
		if is && version != "0" { // goose's first row
			r.applied = append(r.applied, version)
		}
	}
	return r, nil
}

// direction is the part of a golang-migrate file's name that distinguishes the
// way up from the way down.
var direction = lazy.Regexp(`\.(up|down)\.[^.]+$`)

// readGolangMigrate reads a folder of golang-migrate, where each version has a
// file for the way up and one for the way down.
func readGolangMigrate(folder string) (migrationSet, error) {
	var found versionFiles
	ways := map[string]*versionFiles{}
	for _, name := range filesIn(folder) {
		version, ok := leadingNumber(name)
		if !ok || !slices.Contains([]string{".sql", ".go"}, filepath.Ext(name)) || strings.HasSuffix(name, "_test.go") {
			continue
		}
		way := direction().FindString(name)
		if ways[way] == nil {
			ways[way] = &versionFiles{}
		}
		ways[way].add(version, name)
		found.err = cmp.Or(found.err, ways[way].err)
		if _, twice := found.file[version]; !twice {
			found.add(version, name)
		}
	}
	return found.set(compareNumbers, golangMigrateRecord)
}

// golangMigrateRecord returns the only version that golang-migrate stores. All
// earlier ones are applied.
func golangMigrateRecord(rows [][]string) (r record, err error) {
	if len(rows) == 0 {
		return r, nil
	}
	r.floor = rows[0][0]
	if rows[0][1] == "t" {
		r.dirty = r.floor
	}
	return r, nil
}

// filesIn returns the names of the files in a folder, sorted.
func filesIn(folder string) (names []string) {
	entries, _ := os.ReadDir(folder) // without a folder there are none
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// leadingNumber returns the number before the first "_" without leading zeros.
func leadingNumber(name string) (string, bool) {
	number, _, ok := strings.Cut(name, "_")
	v, err := strconv.ParseInt(number, 10, 64)
	return strconv.FormatInt(v, 10), ok && err == nil && v > 0
}

// compareNumbers compares numbers without leading zeros.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// sortByNumber sorts the rows by their first column.
func sortByNumber(rows [][]string) error {
	for _, row := range rows {
		if _, err := strconv.ParseInt(row[0], 10, 64); err != nil {
			return err
		}
	}
	slices.SortStableFunc(rows, func(a, b []string) int {
		x, _ := strconv.ParseInt(a[0], 10, 64)
		y, _ := strconv.ParseInt(b[0], 10, 64)
		return cmp.Compare(x, y)
	})
	return nil
}
