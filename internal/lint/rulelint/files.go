package rulelint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the path of standard input.
const Stdin = "-"

// maxSize is the size of the largest file that is read, in bytes. 100,000 rules
// have about 40 MiB.
const maxSize = 256 << 20

// extensions are those of the files that are read in folders.
var extensions = []string{
	".yml", ".yaml", ".rules", ".rule", ".json",
	".yml.tmpl", ".yaml.tmpl", ".rules.tmpl", ".yml.tpl", ".yaml.tpl", ".rules.tpl", ".tpl", ".yml.j2", ".yaml.j2", ".rules.j2",
}

// file is a file to read.
type file struct {
	path  string
	named bool   // an argument, not a file of a folder
	root  string // the argument that led to it
}

// finder collects the files below the arguments, each once.
type finder struct {
	files    []file
	problems []Unread
	seen     map[string]bool // real paths of files and folders
}

// find returns the files of the arguments, ordered by path, and the paths that
// cannot be read. A file that is reached by several paths is returned once.
func find(paths []string) ([]file, []Unread) {
	f := &finder{seen: map[string]bool{}}
	var folders []string
	for _, p := range paths { // named files first: they keep their names
		info, err := os.Stat(p)
		switch {
		case p == Stdin:
			f.add(file{p, true, p})
		case err != nil:
			f.failed(p, err)
		case info.IsDir():
			folders = append(folders, p)
		case !readable(p, info):
			f.problems = append(f.problems, Unread{File: p, Reason: special(info.Mode()), Failed: true})
		default:
			f.add(file{p, true, p})
		}
	}
	for _, p := range folders {
		before := len(f.files) + len(f.problems)
		f.folder(p, p)
		if len(f.files)+len(f.problems) == before && !f.hasFile(p) {
			f.problems = append(f.problems, Unread{File: p, Reason: "it has no rule files (" + strings.Join(extensions[:5], ", ") + ")", Failed: true})
		}
	}
	slices.SortFunc(f.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return f.files, f.problems
}

// hasFile reports whether a file of the folder was found by another path.
func (f *finder) hasFile(folder string) bool {
	folder = real(folder) + string(filepath.Separator)
	for path := range f.seen {
		if strings.HasPrefix(path, folder) {
			return true
		}
	}
	return false
}

func (f *finder) add(file file) {
	if id := real(file.path); !f.seen[id] {
		f.seen[id] = true
		f.files = append(f.files, file)
	}
}

// real returns the path without symbolic links, to recognise a file.
func real(path string) string {
	if path == Stdin {
		return Stdin
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

// folder adds the files of a folder. It follows symbolic links, as Prometheus
// does, and skips hidden folders: the "..data" of a mounted ConfigMap too.
func (f *finder) folder(path, root string) {
	id := real(path)
	if f.seen[id] {
		return
	}
	f.seen[id] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		f.failed(path, err)
	}
	for _, e := range entries {
		f.entry(filepath.Join(path, e.Name()), root)
	}
}

func (f *finder) entry(path, root string) {
	info, err := os.Stat(path)
	switch hidden := strings.HasPrefix(filepath.Base(path), "."); {
	case err == nil && info.IsDir():
		if !hidden {
			f.folder(path, root)
		}
	case !hasExtension(path):
	case err != nil:
		f.failed(path, err)
	case !info.Mode().IsRegular():
		f.problems = append(f.problems, Unread{File: path, Reason: special(info.Mode())})
	default:
		f.add(file{path: path, root: root})
	}
}

func hasExtension(path string) bool {
	return slices.ContainsFunc(extensions, func(ext string) bool { return strings.HasSuffix(path, ext) })
}

// failed adds a path that the operating system refuses.
func (f *finder) failed(path string, err error) {
	reason := reasonOf(err)
	if link, lerr := os.Readlink(path); lerr == nil && errors.Is(err, fs.ErrNotExist) {
		reason = fmt.Sprintf("a symbolic link to %s, which does not exist", link)
	}
	f.problems = append(f.problems, Unread{File: path, Reason: reason, Failed: true})
}

// readable reports whether a named path is a file, or a pipe that a shell made:
// lint <(kubectl get …).
func readable(path string, info fs.FileInfo) bool {
	if info.Mode().IsRegular() {
		return true
	}
	made := strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") || path == "/dev/stdin"
	return made && info.Mode()&fs.ModeSocket == 0
}

func special(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe, not a file: give its content as standard input"
	case mode&fs.ModeSocket != 0:
		return "a socket, not a file"
	}
	return "a device, not a file"
}

// read returns the content of a file and its name in the output.
func (f file) read(stdin io.Reader) (name string, data []byte, err error) {
	if f.path == Stdin {
		data, err = limited(stdin)
		return "<stdin>", data, err
	}
	in, err := os.Open(f.path)
	if err != nil {
		return f.path, nil, err
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.Size() > maxSize {
		return f.path, nil, errTooLarge
	}
	data, err = limited(in)
	return f.path, data, err
}

var errTooLarge = fmt.Errorf("larger than %d MiB: split it", maxSize>>20)

// limited reads at most maxSize bytes.
func limited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(data) > maxSize {
		return nil, errTooLarge
	}
	return data, err
}
