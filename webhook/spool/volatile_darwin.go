package spool

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Volatile returns the kind of file system that holds a path if it can lose
// files or locks: a network or FUSE. It returns "" for a local disk.
func Volatile(path string) string {
	var s unix.Statfs_t
	if unix.Statfs(filepath.Dir(path), &s) != nil {
		return "" // the spool cannot be opened either
	}
	kind := unix.ByteSliceToString(s.Fstypename[:])
	for _, name := range []string{"nfs", "smbfs", "webdav", "afpfs", "fuse"} {
		if strings.Contains(kind, name) {
			return kind
		}
	}
	return ""
}
