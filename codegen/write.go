package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/alertnative/preflight/internal/emit/genfile"
)

// manifestName is the file that lists what the generator owns in its output
// folder. It prunes nothing else.
const manifestName = "MANIFEST"

const manifestHeader = genfile.Header + "# The files it owns here:\n"

// Change is a difference between the output folder and what the pack makes.
type Change struct {
	Path     string
	Old, New []byte // nil: the file is not there, or goes
}

// Changes compares the folder with the files: those to write, and those that
// the manifest owns and the pack no longer makes. Sorted by path.
func Changes(dir string, files []File) ([]Change, error) {
	owned, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	files = withManifest(files)
	var changes []Change
	for _, f := range files {
		old, err := readOwned(dir, f.Path)
		if err != nil {
			return nil, err
		}
		if old == nil || !bytes.Equal(old, f.Data) {
			changes = append(changes, Change{f.Path, old, f.Data})
		}
	}
	for _, path := range owned {
		if slices.ContainsFunc(files, func(f File) bool { return f.Path == path }) {
			continue
		}
		old, err := readOwned(dir, path)
		if err != nil {
			return nil, err
		}
		if old != nil {
			changes = append(changes, Change{path, old, nil})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return changes, nil
}

// Write brings the folder to the files. Everything is written in full first and
// moved to its place last, so that a full disk changes nothing; a file that
// stands in the way and is not in the manifest is an error.
func Write(dir string, files []File) error {
	changes, err := Changes(dir, files)
	if err != nil || len(changes) == 0 {
		return err
	}
	owned, err := readManifest(dir)
	if err != nil {
		return err
	}
	var foreign []error
	for _, c := range changes {
		if c.Old != nil && c.Path != manifestName && !slices.Contains(owned, c.Path) {
			foreign = append(foreign, fmt.Errorf("%s is in the way: the generator did not write it, move it elsewhere", filepath.Join(dir, c.Path)))
		}
	}
	if err := errors.Join(foreign...); err != nil {
		return err
	}
	return apply(dir, changes, owned)
}

// apply stages every change, claims the paths, then moves the files.
func apply(dir string, changes []Change, owned []string) error {
	var staged []*renameio.PendingFile
	defer func() {
		for _, f := range staged {
			_ = f.Cleanup() // does nothing to a file that was moved
		}
	}()
	var manifest *renameio.PendingFile
	claim := slices.Clone(owned)
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		f, err := stage(dir, c)
		if err != nil {
			return err
		}
		staged = append(staged, f)
		if c.Path == manifestName {
			manifest = f
		} else {
			claim = append(claim, c.Path)
		}
	}
	// Should this be interrupted, the next generation knows what is ours.
	if manifest != nil {
		if err := renameio.WriteFile(filepath.Join(dir, manifestName), manifestOf(claim), 0o644); err != nil {
			return err
		}
	}
	for _, f := range staged {
		if f == manifest {
			continue
		}
		if err := f.CloseAtomicallyReplace(); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if c.New == nil {
			if err := prune(dir, c.Path); err != nil {
				return err
			}
		}
	}
	if manifest != nil {
		return manifest.CloseAtomicallyReplace()
	}
	return nil
}

func stage(dir string, c Change) (*renameio.PendingFile, error) {
	path := filepath.Join(dir, filepath.FromSlash(c.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(c.New); err != nil {
		return nil, errors.Join(err, f.Cleanup())
	}
	return f, nil
}

// prune removes a file, and the folders that it leaves empty.
func prune(dir, path string) error {
	file := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for parent := filepath.Dir(file); parent != filepath.Clean(dir); parent = filepath.Dir(parent) {
		if os.Remove(parent) != nil {
			break // not empty
		}
	}
	return nil
}

// readOwned reads a file of the folder; nil when it is not there.
func readOwned(dir, path string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if data == nil && err == nil {
		data = []byte{}
	}
	return data, err
}

func withManifest(files []File) []File {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return append(slices.Clone(files), File{manifestName, manifestOf(paths)})
}

func manifestOf(paths []string) []byte {
	paths = slices.Compact(slices.Sorted(slices.Values(paths)))
	return []byte(manifestHeader + strings.Join(paths, "\n") + "\n")
}

// readManifest returns the paths the manifest lists; none when there is no
// manifest. A path that leads out of the folder is an error.
func readManifest(dir string) ([]string, error) {
	data, err := readOwned(dir, manifestName)
	if err != nil {
		return nil, err
	}
	var paths []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(line)) {
			return nil, fmt.Errorf("%s: %q is not a path in this folder: restore the file or delete it", filepath.Join(dir, manifestName), line)
		}
		paths = append(paths, line)
	}
	return paths, nil
}

// checkLayout refuses to write one site beside several, or several into one:
// the files of the other layout would be deleted while programs have them
// mounted.
func checkLayout(out, dir string, sites int) error {
	if sites > 1 {
		if _, err := os.Stat(filepath.Join(out, manifestName)); err == nil {
			return fmt.Errorf("%s holds the files of one site, and there are %d: choose another --out, or delete that folder", out, sites)
		}
		return nil
	}
	below, err := filepath.Glob(filepath.Join(dir, "*", manifestName))
	if err == nil && len(below) > 0 {
		return fmt.Errorf("%s holds the files of several sites, and there is one: choose another --out, or delete that folder", out)
	}
	return err
}
