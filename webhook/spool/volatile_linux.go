package spool

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Volatile returns the kind of file system that holds a path if it can lose
// files or locks: memory, a network, FUSE, or the layer of a container. It
// returns "" for a local disk.
func Volatile(path string) string {
	var s unix.Statfs_t
	if unix.Statfs(filepath.Dir(path), &s) != nil {
		return "" // the spool cannot be opened either
	}
	switch uint32(s.Type) {
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.RAMFS_MAGIC:
		return "ramfs"
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "SMB"
	case unix.FUSE_SUPER_MAGIC:
		return "FUSE"
	case unix.V9FS_MAGIC:
		return "9P"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "the layer of a container"
	default:
		return ""
	}
}
