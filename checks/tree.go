package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// hashedBytes limits the content that is read for a digest of changed files. Of
// the rest only size and time count.
const hashedBytes = 64 << 20

// treeDigest returns a digest of the files of a checkout that differ from its
// commit, or "" if there are none. Paths are relative to the root.
func treeDigest(root string, paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	t := tree{sha256.New(), hashedBytes}
	for _, path := range slices.Sorted(slices.Values(paths)) {
		file := filepath.Join(root, filepath.FromSlash(path))
		_ = filepath.WalkDir(file, func(at string, d fs.DirEntry, err error) error { // a file that is gone counts as such
			if err != nil {
				t.line(path, "unreadable", "")
				return nil
			}
			if d.IsDir() && d.Name() == ".git" {
				return filepath.SkipDir
			}
			t.add(at, d)
			return nil
		})
	}
	return "sha256:" + hex.EncodeToString(t.sum.Sum(nil))
}

// tree is a digest of files.
type tree struct {
	sum  hash.Hash
	left int64 // bytes of content that may still be read
}

// line adds a file with its kind and content, with lengths, so that no two
// lists of files give the same text.
func (t *tree) line(path, kind, content string) {
	fmt.Fprintf(t.sum, "%d:%s%d:%s%d:%s", len(path), path, len(kind), kind, len(content), content)
}

func (t *tree) add(path string, d fs.DirEntry) {
	info, err := d.Info()
	if err != nil {
		t.line(path, "unreadable", "")
		return
	}
	kind := info.Mode().String()
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, _ := os.Readlink(path) // an unreadable link has no target
		t.line(path, kind, to)
	case !info.Mode().IsRegular():
		t.line(path, kind, "")
	case info.Size() > t.left:
		t.line(path, kind, fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()))
	default:
		t.left -= info.Size()
		t.line(path, kind, contentOf(path))
	}
}

// contentOf returns the digest of a file's content.
func contentOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unreadable"
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "unreadable"
	}
	return hex.EncodeToString(sum.Sum(nil))
}
