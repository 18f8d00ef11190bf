package mutate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Baseline is a file of known survivors, a line each.
type Baseline struct {
	path  string
	known map[string]int // lines with the number of times
}

// ReadBaseline reads a baseline. Without a path it returns nil. A file that is
// missing is an error unless it will be written.
func ReadBaseline(path string, willWrite bool) (*Baseline, error) {
	if path == "" {
		return nil, nil
	}
	b := &Baseline{path: path, known: map[string]int{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if willWrite {
			return b, nil
		}
		return nil, fmt.Errorf("baseline %s: there is no such file: write it with --write-baseline", path)
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			b.known[line]++
		}
	}
	return b, nil
}

// line returns the line of a survivor. Its path is relative to the baseline, so
// the file holds in every checkout.
func (b *Baseline) line(m Mutant) string {
	file := m.Of.File
	if dir, err := filepath.Abs(filepath.Dir(b.path)); err == nil {
		if rel, err := filepath.Rel(dir, file); err == nil {
			file = filepath.ToSlash(rel)
		}
	}
	return fmt.Sprintf("%s, %s, %s, %s: %s", file, m.Of.Group, m.Of, m.Kind, m.Name())
}

// Write replaces the file by the survivors of a report.
func (b *Baseline) Write(r FileReport) error {
	var lines []string
	for _, o := range r.survivors() {
		lines = append(lines, b.line(o.Mutant))
	}
	slices.Sort(lines)
	text := "# Mistakes that no test notices, by preflight-gen mutate --write-baseline.\n"
	for _, l := range lines {
		text += l + "\n"
	}
	return os.WriteFile(b.path, []byte(text), 0o644)
}

// fresh returns the survivors that the baseline lacks.
func (b *Baseline) fresh(list []Outcome) []Outcome {
	left := map[string]int{}
	for line, n := range b.known {
		left[line] = n
	}
	var out []Outcome
	for _, o := range list {
		line := b.line(o.Mutant)
		if left[line] > 0 {
			left[line]--
			continue
		}
		out = append(out, o)
	}
	return out
}
