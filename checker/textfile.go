package checker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/outfile"
)

// Textfile is the file for node_exporter's textfile collector.
//
// Counters and histograms continue over runs: each run reads the file, adds its
// counts and replaces it. So rate() and increase() work although a checker
// process lives for milliseconds. Several environments share a file.
type Textfile struct {
	Path      string
	Namespace string      // prefix of the metrics' names
	Specs     []spec.Spec // specs of the checks

	target string // Path without symbolic links
	ahead  previous
	around []neighbour
	looked bool // around is known
}

// previous is the content of a file.
type previous struct {
	data     []byte
	families map[string]*exposition.Family
}

// prepare creates the folder of the file, before an umask for private files
// applies to a folder that both share. All users can enter it.
func (f Textfile) prepare() {
	if err := f.resolve(); err == nil {
		_ = outfile.MakeFolder(filepath.Dir(f.target), outfile.All) // Write reports the error
	}
}

// resolve sets the path without symbolic links.
func (f *Textfile) resolve() (err error) {
	f.target, err = outfile.Resolve(f.Path)
	return err
}

// readAhead reads the file and the others of its folder during a run. If the file
// is unchanged at the end of the run, it is not read again.
func (f Textfile) readAhead() Textfile {
	if err := f.resolve(); err != nil {
		return f // Write reports it
	}
	f.around, f.looked = f.neighbours(), true
	data, err := os.ReadFile(f.target)
	if err != nil {
		return f
	}
	if families, err := exposition.Parse(string(data)); err == nil { // Write reports an error
		f.ahead = previous{data, families}
	}
	return f
}

// Write merges a run of an environment into the file. The notes name the series
// that could not be continued, and other files with the same series. On an error
// the previous file is unchanged.
func (f Textfile) Write(ctx context.Context, env string, r Report) (notes []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("metrics: %w", err)
		}
	}()
	families := spec.NewRunFamilies(f.Namespace, f.Specs...)
	if err := f.resolve(); err != nil {
		return nil, err
	}
	if err := outfile.MakeFolder(filepath.Dir(f.target), outfile.All); err != nil {
		return nil, err
	}
	m := newMerger(env, f.Specs, r)
	run := record(families, f.Specs, env, r)
	var written []*exposition.Family
	notes, err = f.update(ctx, r.Started, func(previous map[string]*exposition.Family) (_ []*exposition.Family, err error) {
		written, err = m.merge(families.All(), previous, run)
		return written, err
	})
	notes = append(notes, m.notes...)
	if !f.looked {
		f.around = f.neighbours()
	}
	for _, c := range f.clashes(f.around, written) {
		notes = append(notes, c.in(english))
	}
	return notes, err
}

// forget removes an environment from the file. It removes the file with the
// last environment.
func (f Textfile) forget(ctx context.Context, env string) (notes []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("metrics: %w", err)
		}
	}()
	if err := f.resolve(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(f.target); err != nil {
		return nil, err
	}
	var left []string
	gone := false
	notes, err = f.update(ctx, time.Now(), func(previous map[string]*exposition.Family) ([]*exposition.Family, error) {
		var families []*exposition.Family
		for _, name := range slices.Sorted(maps.Keys(previous)) {
			family := previous[name]
			family.Series = slices.DeleteFunc(family.Series, func(s exposition.Series) bool {
				e := s.Label("env")
				switch e {
				case env:
					gone = true
				case "":
				default:
					left = append(left, e)
				}
				return e == env
			})
			if len(family.Series) > 0 {
				families = append(families, family)
			}
		}
		switch {
		case !gone:
			return nil, nil
		case len(left) == 0:
			return []*exposition.Family{}, nil
		}
		return families, nil
	})
	slices.Sort(left)
	switch left = slices.Compact(left); {
	case err != nil:
		return notes, err
	case !gone && len(left) == 0:
		return notes, fmt.Errorf("%s has no environments", f.Path)
	case !gone:
		return notes, fmt.Errorf("%s has no environment %q: it has %s", f.Path, env, strings.Join(left, ", "))
	}
	return notes, nil
}

// update replaces the families of the file by the result of change, under the
// lock. A nil result changes nothing, and an empty one removes the file.
func (f Textfile) update(ctx context.Context, now time.Time, change func(previous map[string]*exposition.Family) ([]*exposition.Family, error)) (notes []string, err error) {
	unlock, err := lockDir(ctx, filepath.Dir(f.target))
	if err != nil {
		return nil, err
	}
	defer unlock()
	outfile.Sweep(f.target, 0) // the lock excludes other writers
	previous, notes, err := f.read(now)
	if err != nil {
		return notes, err
	}
	families, err := change(previous)
	switch {
	case err != nil:
		return notes, fmt.Errorf("%s: %w", f.target, err)
	case families == nil:
		return notes, nil
	case len(families) == 0:
		return notes, os.Remove(f.target)
	}
	return notes, f.replace(families)
}

// read parses the previous file. It renames a file that does not parse.
func (f Textfile) read(now time.Time) (map[string]*exposition.Family, []string, error) {
	data, err := os.ReadFile(f.target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if len(f.ahead.families) > 0 && bytes.Equal(data, f.ahead.data) {
		return f.ahead.families, nil, nil
	}
	families, err := exposition.Parse(string(data))
	switch {
	case err == nil && len(families) == 0:
		return nil, []string{"the previous file was empty: counters restart"}, nil
	case err == nil:
		return families, nil, nil
	}
	aside := f.target + ".corrupt-" + now.UTC().Format("20060102T150405.000Z")
	if renameErr := os.Rename(f.target, aside); renameErr != nil {
		return nil, nil, renameErr
	}
	return nil, []string{fmt.Sprintf("the previous file could not be read and is kept as %s: counters restart (%v)", aside, err)}, nil
}

// replace writes the families. All users may read the file, because
// node_exporter runs as another user.
func (f Textfile) replace(families []*exposition.Family) error {
	return outfile.Write(f.target, text(families), outfile.All)
}

// text returns the families in the text format.
func text(families []*exposition.Family) []byte {
	out := make([]byte, 0, 64<<10) // enough for several environments
	for _, family := range families {
		out = family.Append(out)
	}
	return out
}
