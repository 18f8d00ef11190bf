package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Resolve returns the path of the file that a write to path replaces, without
// the symbolic links on its way.
//
// A user who can place or change a link chooses the file that is overwritten. So
// Resolve accepts a path with links only if the links, the file and all folders
// on the way belong to the user of this process or to root, and no other user
// can write to the folders. Folders with the sticky bit, such as /tmp, may be
// writable: others cannot replace what belongs to the user or to root there. A
// path without links is returned as it is.
//
// The file may be missing, but not the folder to which a link leads. What is
// there must be a regular file. A hard link is safe, because a write replaces
// the name and leaves the other names alone.
func Resolve(path string) (string, error) {
	path = filepath.Clean(path)
	linked, err := hasLink(path)
	if err != nil {
		return "", err
	}
	if !linked {
		return path, replaceable(path)
	}
	w := walk{path: path}
	target, err := w.follow()
	if err == nil {
		err = w.checkFolders()
	}
	if err == nil {
		err = w.checkFile(target)
	}
	if err != nil {
		return "", err
	}
	return target, nil
}

// Follow is Resolve for a file that is only read, and whose content is proved by
// other means: any user may have placed the links.
func Follow(path string) (string, error) {
	w := walk{path: filepath.Clean(path), anyOwner: true}
	return w.follow()
}

// hasLink reports whether the path leads through a symbolic link.
func hasLink(path string) (bool, error) {
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		switch {
		case err == nil && info.Mode().Type() == fs.ModeSymlink, errors.Is(err, syscall.ELOOP):
			return true, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			return false, err
		case at == filepath.Dir(at) || filepath.Base(at) == "..":
			return false, nil
		}
	}
}

// replaceable returns an error if there is something else than a regular file.
// A rename would replace a device, and reading a pipe blocks.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil // writing it reports the error
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: name another file, because a write replaces it", path)
	}
	return nil
}

// maxLinks is the number of links after which a path counts as a loop, as in
// Linux.
const maxLinks = 40

// walk follows a path with symbolic links.
type walk struct {
	path    string   // for errors
	folders []string // on the way of the path, the links and the target
	links   []string

	anyOwner bool // trust all links
}

// follow returns the path without links.
func (w *walk) follow() (string, error) {
	rest := w.path
	if !filepath.IsAbs(rest) {
		dir, err := syscall.Getwd() // os.Getwd may return a path with links
		if err != nil {
			return "", err
		}
		rest = filepath.Join(dir, rest)
	}
	names := parts(rest)
	at := string(filepath.Separator)
	w.folders = append(w.folders, at)
	for ofLink := 0; len(names) > 0; { // the first names of the rest come from links
		name := names[0]
		names = names[1:]
		fromLink := ofLink > 0
		ofLink = max(ofLink-1, 0)
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist) && fromLink && len(names) > 0:
			return "", fmt.Errorf("%s: the symbolic link %s leads to a folder that does not exist (%s): create the folder, or remove the link", w.path, w.last(), next)
		case errors.Is(err, fs.ErrNotExist):
			return filepath.Join(append([]string{next}, names...)...), nil
		case err != nil:
			return "", err
		case info.Mode().Type() == fs.ModeSymlink:
			target, err := w.read(next, info)
			if err != nil {
				return "", err
			}
			if filepath.IsAbs(target) {
				at = string(filepath.Separator)
			}
			added := parts(target)
			names, ofLink = append(added, names...), ofLink+len(added)
			continue
		case info.IsDir():
			w.folders = append(w.folders, next)
		case len(names) > 0:
			return "", fmt.Errorf("%s: %s is not a folder", w.path, next)
		}
		at = next
	}
	return at, nil
}

// parts returns the names of a path.
func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator })
}

// read returns the target of a trusted link.
func (w *walk) read(link string, info fs.FileInfo) (string, error) {
	w.links = append(w.links, link)
	switch owner, names, trusted := owned(info); {
	case len(w.links) > maxLinks:
		return "", fmt.Errorf("%s: its symbolic links lead in a circle: remove %s", w.path, w.links[0])
	case w.anyOwner:
	case strings.HasPrefix(link, "/proc/"):
		return "", fmt.Errorf("%s leads to an open file of a process: name a file", w.path)
	case !trusted:
		return "", fmt.Errorf("%s: the symbolic link %s belongs to the user %d, who chooses with it which file is overwritten: remove the link, or name the file without it", w.path, link, owner)
	case names > 1: // another user may have made this one
		return "", fmt.Errorf("%s: the symbolic link %s has a second name (a hard link): replace it by a link of its own", w.path, link)
	}
	return os.Readlink(link)
}

// last returns the last link of the way.
func (w *walk) last() string { return w.links[len(w.links)-1] }

// checkFolders returns an error if another user could change the way.
func (w *walk) checkFolders() error {
	for _, dir := range w.folders {
		info, err := os.Lstat(dir)
		if err != nil {
			return err
		}
		owner, _, trusted := owned(info)
		switch {
		case !trusted:
			return fmt.Errorf("%s: leads through the symbolic link %s, and the folder %s belongs to the user %d: name the file without links", w.path, w.last(), dir, owner)
		case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
			return fmt.Errorf("%s: leads through the symbolic link %s, and other users can write to the folder %s: take away their right (chmod go-w %s), or name the file without links", w.path, w.last(), dir, dir)
		}
	}
	return nil
}

// checkFile returns an error if the target is not a regular file, or another
// user's.
func (w *walk) checkFile(target string) error {
	if err := replaceable(target); err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	info, err := os.Lstat(target)
	if err != nil {
		return nil // it is new
	}
	if owner, _, trusted := owned(info); !trusted {
		return fmt.Errorf("%s: the symbolic link %s leads to %s, which belongs to the user %d: remove the link, or name the file without it", w.path, w.last(), target, owner)
	}
	return nil
}

// owned returns the owner of a file, the number of its names, and whether the
// owner is the user of this process or root.
func owned(info fs.FileInfo) (owner, names int, trusted bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, 1, false
	}
	owner = int(stat.Uid)
	return owner, int(stat.Nlink), owner == 0 || owner == os.Geteuid()
}
