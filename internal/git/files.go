package git

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Limits of the content that is read.
const (
	// comparedBytes is for all files together, smallest first: code is small.
	comparedBytes = 32 << 20
	// shownBytes is for a file that the caller wants to see.
	shownBytes = 256 << 10
)

// verdict is the result of comparing a file with its entry in the commit.
type verdict int

const (
	equal     verdict = iota
	missing           // no such file
	mode              // another type, or other permission to execute
	different         // other content
	unread            // too large, or not readable
)

// file is a file of the commit in the checkout.
type file struct {
	path    string
	want    entry
	size    int64
	verdict verdict
}

// compareFiles compares the files of a commit with those in the checkout, byte
// by byte. always holds paths of files that are read at any size. look gets the
// content of small files; it is called concurrently.
func (r *Repository) compareFiles(ctx context.Context, tree map[string]entry, always map[string]string, look func(string, []byte)) ([]file, error) {
	files := make([]file, 0, len(tree))
	folders := folders{root: r.root, real: map[string]bool{".": true}}
	for p, want := range tree {
		if want.mode == modeSubmodule {
			continue
		}
		f := file{path: p, want: want}
		f.size, f.verdict = folders.inspect(f)
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b file) int {
		if a.size != b.size {
			return int(min(max(a.size-b.size, -1), 1))
		}
		return strings.Compare(a.path, b.path)
	})
	left := int64(comparedBytes)
	var read []*file
	for i := range files {
		f := &files[i]
		if f.verdict != unread {
			continue
		}
		if _, must := always[f.path]; must || f.size <= left {
			if !must {
				left -= f.size
			}
			read = append(read, f)
		}
	}
	err := each(ctx, read, func(f *file) { f.verdict = r.compareFile(f, look) })
	return files, err
}

// each calls a function for each element on all processors.
func each[T any](ctx context.Context, list []T, do func(T)) error {
	workers := min(runtime.GOMAXPROCS(0), len(list))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(list) && ctx.Err() == nil; i += workers {
				do(list[i])
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return &Error{TimedOut, "the files could not be read in time"}
	}
	return nil
}

// folders remembers which folders are real ones: a link in the place of a folder
// leads to other files.
type folders struct {
	root string
	real map[string]bool
}

func (f folders) has(dir string) bool {
	known, ok := f.real[dir]
	if !ok {
		info, err := os.Lstat(filepath.Join(f.root, dir))
		known = err == nil && info.IsDir() && f.has(path.Dir(dir))
		f.real[dir] = known
	}
	return known
}

// inspect compares the type of a file and its permission to execute. The content
// of links is compared, too; that of other files is unread.
func (f folders) inspect(one file) (size int64, v verdict) {
	name := filepath.Join(f.root, one.path)
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), !f.has(path.Dir(one.path)):
		return 0, missing
	case err != nil:
		return 0, unread
	case one.want.mode == modeLink:
		to, err := os.Readlink(name)
		if err != nil {
			return 0, mode
		}
		sum := blob(one.want.hash, int64(len(to)))
		io.WriteString(sum, to)
		if !matches(sum, one.want.hash) {
			return 0, different
		}
		return 0, equal
	case !info.Mode().IsRegular(), info.Mode()&0o100 != 0 != (one.want.mode == modeExecutable):
		return 0, mode
	}
	return info.Size(), unread
}

// blob returns the hash of git for a file of that size, in the format of a
// known hash.
func blob(like string, size int64) hash.Hash {
	sum := sha1.New()
	if len(like) == hex.EncodedLen(sha256.Size) {
		sum = sha256.New()
	}
	fmt.Fprintf(sum, "blob %d\x00", size)
	return sum
}

func matches(sum hash.Hash, want string) bool { return hex.EncodeToString(sum.Sum(nil)) == want }

// compareFile reads a file.
func (r *Repository) compareFile(f *file, look func(string, []byte)) verdict {
	opened, err := os.Open(filepath.Join(r.root, f.path))
	if err != nil {
		return unread
	}
	defer func() { _ = opened.Close() }() // it was only read
	sum := blob(f.want.hash, f.size)
	var from io.Reader = opened
	if f.size <= shownBytes {
		content, err := io.ReadAll(io.LimitReader(opened, shownBytes+1))
		if err != nil {
			return unread
		}
		if look != nil {
			look(f.path, content)
		}
		from = bytes.NewReader(content)
	}
	if _, err := io.Copy(sum, from); err != nil {
		return unread
	}
	if !matches(sum, f.want.hash) {
		return different
	}
	return equal
}
