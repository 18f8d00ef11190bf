package checks

import (
	"bufio"
	"os"
	"path/filepath"
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
	set, err := found.set(strings.Compare, func(rows [][]string) (record, error) { return atlasRecord(rows, checkpoints) })
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

// Types of a row of Atlas, which are bits.
const (
	atlasBaseline = 1
	atlasResolved = 4 // a person repaired it
)

// atlasRecord returns the applied versions. A baseline or an applied checkpoint
// stands for all earlier ones. Versions that start with a dot are Atlas's own.
func atlasRecord(rows [][]string, checkpoints []string) (r record, err error) {
	for _, row := range rows {
		version, applied, total, failure := row[0], row[2], row[3], row[4]
		kind, err := strconv.Atoi(row[1])
		if err != nil {
			return r, err
		}
		if strings.HasPrefix(version, ".") {
			continue
		}
		if (failure != "" || applied != total) && kind&atlasResolved == 0 {
			r.dirty = version
		}
		r.applied = append(r.applied, version)
		floor := kind&atlasBaseline != 0
		for _, c := range checkpoints {
			floor = floor || c == version
		}
		if floor {
			r.floor = max(r.floor, version)
		}
	}
	return r, nil
}
