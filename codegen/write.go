package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/renameio/v2"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/genfile"
)

// manifestName is the file that lists the generator's own files in its output
// folder. The generator removes only these.
const manifestName = "MANIFEST"

const manifestHeader = genfile.Header + "# The files it owns here:\n"

// Change is a difference between the output folder and the generated files.
type Change struct {
	Path     string
	Old, New []byte // nil for a missing file
}

// Changes returns the files to write, and those in the manifest that are no
// longer generated. They are sorted by path.
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

// Write makes the folder match the files. It writes all files first and moves
// them at the end, so that a full disk changes nothing. A file that would be
// overwritten must be in the manifest.
func Write(dir string, files []File) error {
	changes, err := Changes(dir, files)
	if err != nil || len(changes) == 0 {
		return err
	}
	owned, err := readManifest(dir)
	if err != nil {
		return err
	}
	var unowned []error
	for _, c := range changes {
		if c.Old != nil && c.Path != manifestName && !slices.Contains(owned, c.Path) {
			unowned = append(unowned, fmt.Errorf("%s exists, but the generator did not write it: move it", filepath.Join(dir, c.Path)))
		}
	}
	if err := errors.Join(unowned...); err != nil {
		return err
	}
	return apply(dir, changes, owned)
}

// apply writes every change, updates the manifest, then moves the files.
func apply(dir string, changes []Change, owned []string) error {
	var staged []*renameio.PendingFile
	defer func() {
		for _, f := range staged {
			_ = f.Cleanup() // does nothing for a moved file
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
	// After an interruption, the next generation knows its own files.
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

// prune removes a file, and its folders if they become empty.
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

// readOwned reads a file of the folder, or returns nil if it is missing.
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

// withManifest adds the manifest, or completes the one with the needs of a
// site.
func withManifest(files []File) []File {
	var paths []string
	var out []File
	var needs []byte
	for _, f := range files {
		if f.Path == manifestName {
			needs = f.Data
			continue
		}
		paths, out = append(paths, f.Path), append(out, f)
	}
	return append(out, File{manifestName, append(manifestOf(paths), needs...)})
}

// needs returns the end of the manifest: the files and variables that a site
// needs at run time.
func needs(secrets, variables []emit.Need) []byte {
	var b bytes.Buffer
	for _, list := range []struct {
		title string
		needs []emit.Need
	}{{"Files that it refers to, with secrets and certificates:", secrets}, {"Variables in the environment of the webhook:", variables}} {
		if len(list.needs) > 0 {
			fmt.Fprintf(&b, "# %s\n", list.title)
		}
		for _, n := range list.needs {
			fmt.Fprintf(&b, "#   %s: %s\n", onOneLine(n.Name), n.For)
		}
	}
	return b.Bytes()
}

func manifestOf(paths []string) []byte {
	paths = slices.Compact(slices.Sorted(slices.Values(paths)))
	return []byte(manifestHeader + strings.Join(paths, "\n") + "\n")
}

// readManifest returns the paths in the manifest, or none without a manifest. A
// path outside the folder is an error.
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

// onOneLine quotes a name that would end the line of a comment.
func onOneLine(name string) string {
	if quoted := strconv.Quote(name); strings.ContainsFunc(name, unicode.IsControl) {
		return quoted
	}
	return name
}

// checkLayout rejects one site in a folder of several, and the reverse. It
// would delete files that programs have mounted.
func checkLayout(out, dir string, sites int) error {
	if sites > 1 {
		if _, err := os.Stat(filepath.Join(out, manifestName)); err == nil {
			return fmt.Errorf("%s has the files of one site, but there are %d sites: choose another --out, or delete the folder", out, sites)
		}
		return nil
	}
	below, err := filepath.Glob(filepath.Join(dir, "*", manifestName))
	if err == nil && len(below) > 0 {
		return fmt.Errorf("%s has the files of several sites, but there is one site: choose another --out, or delete the folder", out)
	}
	return err
}
