// Package outfile writes the output files of a program: atomically, with
// permissions that suit their readers, and through symbolic links only where no
// other user could have placed them.
package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

// Access is the set of users who can read a file.
type Access int

const (
	// All users can read the file and enter its new folders, under any umask.
	All Access = iota
	// Umask decides who can read a new file and enter its new folders. The
	// user of the process always can.
	Umask
	// Owner alone can read the file. Umask decides who can enter its folders.
	Owner
)

// mode returns the permissions of a new file.
func (a Access) mode() fs.FileMode {
	if a == Owner {
		return 0o600
	}
	return 0o644
}

// Write replaces a file atomically. It follows symbolic links as [Resolve]
// describes, and creates missing folders.
func Write(path string, data []byte, access Access) error {
	target, err := prepare(path, access)
	if err != nil {
		return err
	}
	options := []renameio.Option{renameio.WithTempDir(filepath.Dir(target)), renameio.WithPermissions(access.mode())}
	if access == Umask {
		options = append(options, renameio.WithExistingPermissions())
	}
	file, err := renameio.NewPendingFile(target, options...)
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }() // a leftover temporary file does no harm
	if err := open(file.File, access); err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// Create writes a new file. It fails if the name is taken, also by a link.
func Create(path string, data []byte, access Access) (err error) {
	if err := MakeFolder(filepath.Dir(path), access); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, access.mode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := open(file, access); err != nil {
		return err
	}
	_, err = file.Write(data)
	return err
}

// prepare creates the folders of a file and returns its path without links.
func prepare(path string, access Access) (string, error) {
	target, err := Resolve(path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(target)
	if _, err := os.Stat(dir); err == nil {
		return target, nil
	}
	if err := MakeFolder(dir, access); err != nil {
		return "", err
	}
	return Resolve(path) // another user may have been faster
}

// MakeFolder creates a folder and its missing parents.
func MakeFolder(path string, access Access) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := MakeFolder(parent, access); err != nil {
			return err
		}
	}
	err := os.Mkdir(path, 0o755)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, statErr := os.Stat(path)
	switch {
	case statErr != nil:
		return statErr
	case !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	mode := info.Mode().Perm() | 0o700
	if access == All {
		mode = 0o755
	}
	if mode == info.Mode().Perm() {
		return nil
	}
	// Another process may have just created it, and may not have opened it yet.
	if chmodErr := os.Chmod(path, mode); err == nil {
		return chmodErr
	}
	return nil
}

// open gives a new file the permissions that the umask must not take away.
func open(file *os.File, access Access) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	mode := access.mode()
	if access == Umask {
		mode = info.Mode().Perm() | 0o600
	}
	if mode == info.Mode().Perm() {
		return nil
	}
	return file.Chmod(mode)
}

// Sweep removes the temporary files that killed writers left beside a file, if
// they are at least that old.
func Sweep(path string, age time.Duration) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return // leftover files do no harm
	}
	for _, entry := range entries {
		number, ok := strings.CutPrefix(entry.Name(), "."+base)
		if _, err := strconv.ParseUint(number, 10, 64); !ok || err != nil {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) >= age {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
