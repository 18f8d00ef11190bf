package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/alertnative/preflight/internal/git"
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
			name, outside := filepath.Rel(root, at) // the same in every folder
			if err != nil || outside != nil {
				t.line(path, "unreadable", "")
				return nil
			}
			if d.IsDir() && d.Name() == ".git" {
				return filepath.SkipDir
			}
			t.add(name, at, d)
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

// add adds a file under a name that does not depend on the checkout's folder.
func (t *tree) add(name, path string, d fs.DirEntry) {
	info, err := d.Info()
	if err != nil {
		t.line(name, "unreadable", "")
		return
	}
	kind := info.Mode().String()
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, _ := os.Readlink(path) // an unreadable link has no target
		t.line(name, kind, to)
	case !info.Mode().IsRegular():
		t.line(name, kind, "")
	case info.Size() > t.left:
		t.line(name, kind, fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()))
	default:
		t.left -= info.Size()
		content, err := git.SHA256(path)
		if err != nil {
			content = "unreadable"
		}
		t.line(name, kind, content)
	}
}
