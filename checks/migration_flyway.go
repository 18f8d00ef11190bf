package checks

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/lazy"
)

// Names of Flyway's migrations.
var (
	flywayVersioned  = lazy.Regexp(`^([VB])([0-9]+(?:[._][0-9]+)*)(?:__.*)?\.(?:sql|java|kt)$`)
	flywayMisnamed   = lazy.Regexp(`^[VB][0-9].*\.sql$`)
	flywayRepeatable = lazy.Regexp(`^R__.*\.(?:sql|java|kt)$`)
)

// readFlyway reads a folder of Flyway, with its subfolders. A baseline migration
// (B2__title.sql) is applied to a new database only.
func readFlyway(folder string) (migrationSet, error) {
	var found, baselines versionFiles
	var misnamed string
	repeatable := 0
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what cannot be read has no migrations
		}
		name := d.Name()
		switch m := flywayVersioned().FindStringSubmatch(name); {
		case m != nil && m[1] == "B":
			baselines.add(flywayVersion(m[2]), name)
		case m != nil:
			found.add(flywayVersion(m[2]), name)
		case flywayMisnamed().MatchString(name):
			misnamed = name
		case flywayRepeatable().MatchString(name):
			repeatable++
		}
		return nil
	})
	if misnamed != "" {
		return nil, rejection{"unreadable_migration", fmt.Sprintf("Flyway ignores %s: name it VERSION__TITLE.sql, with two underscores", misnamed)}
	}
	var optional []string
	for version, name := range baselines.file {
		if _, taken := found.file[version]; !taken {
			found.add(version, name)
			optional = append(optional, version)
		}
	}
	found.err = cmp.Or(found.err, baselines.err)
	set, err := found.set(compareFlyway, flywayRecord)
	if err != nil {
		return nil, err
	}
	set.optional = optional
	if repeatable > 0 {
		set.note = fmt.Sprintf("%d repeatable (R__) not compared: Flyway applies them when their content changes", repeatable)
	}
	return set, nil
}

// flywayVersion returns a version as Flyway compares it: without leading zeros,
// and 1.0 is 1.
func flywayVersion(text string) string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '_' })
	for i, part := range parts {
		parts[i] = cmp.Or(strings.TrimLeft(part, "0"), "0")
	}
	for len(parts) > 1 && parts[len(parts)-1] == "0" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ".")
}

func compareFlyway(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), compareNumbers)
}

// flywayRecord returns the applied versions. The last row of a version counts:
// it may be undone, or deleted by a repair. A baseline stands for all earlier
// versions. Rows without a version are repeatable migrations.
func flywayRecord(rows [][]string) (r record, err error) {
	if err := sortByNumber(rows); err != nil {
		return r, err
	}
	applied := map[string]bool{}
	for _, row := range rows {
		version, kind, success, script := row[1], row[2], row[3] == "t", row[4]
		if !success {
			r.dirty = cmp.Or(version, script)
		}
		if version == "" || !success {
			continue
		}
		version = flywayVersion(version)
		applied[version] = !strings.HasPrefix(kind, "UNDO_") && kind != "DELETE"
		if strings.HasSuffix(kind, "BASELINE") && (r.floor == "" || compareFlyway(version, r.floor) > 0) {
			r.floor = version
		}
	}
	for version, is := range applied {
		if is {
			r.applied = append(r.applied, version)
		}
	}
	return r, nil
}
