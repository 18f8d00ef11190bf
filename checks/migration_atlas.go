package checks

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// readAtlas reads a folder of Atlas. A version is the text before the first "_".
func readAtlas(folder string) (migrationSet, error) {
	var found versionFiles
	var checkpoints []string
	for _, name := range filesIn(folder) {
		base, isSQL := strings.CutSuffix(name, ".sql")
		if !isSQL || strings.HasSuffix(base, ".down") {
			continue
		}
		version, _, _ := strings.Cut(base, "_")
		found.add(version, name)
		if isCheckpoint(filepath.Join(folder, name)) {
			checkpoints = append(checkpoints, version)
		}
	}
	set, err := found.set(strings.Compare, atlasRecord)
	if err != nil {
		return nil, err
	}
	set.optional = checkpoints // only a new database starts with one
	return set, nil
}

// isCheckpoint reports whether a file stands for all earlier ones. A directive
// at its start says so.
func isCheckpoint(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		directive, ok := strings.CutPrefix(lines.Text(), "-- atlas:")
		if !ok {
			return false
		}
		if strings.HasPrefix(directive, "checkpoint") {
			return true
		}
	}
	return false
}

// atlasResolved is the bit of a row's type that a person sets, by "migrate set".
const atlasResolved = 4

// atlasRecord returns the applied versions. Like Atlas, it takes all versions
// before the first row as applied: that row is the first migration, a baseline
// or a checkpoint. Atlas continues a last row whose statements are not all
// applied, also one that a person resolved. Versions that start with a dot are
// Atlas's own.
func atlasRecord(rows [][]string) (r record, err error) {
	rows = slices.DeleteFunc(rows, func(row []string) bool { return strings.HasPrefix(row[0], ".") })
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	for i, row := range rows {
		version, applied, total, failure := row[0], row[2], row[3], row[4]
		kind, err := strconv.Atoi(row[1])
		if err != nil {
			return r, err
		}
		switch {
		case kind&atlasResolved == 0 && (failure != "" || applied != total):
			r.dirty = version
		case applied != total && i == len(rows)-1:
			continue
		}
		r.applied = append(r.applied, version)
	}
	if len(r.applied) > 0 {
		r.floor = r.applied[0]
	}
	return r, nil
}
