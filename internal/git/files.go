package git

import (
	"cmp"
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
	"syscall"
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
	equal      verdict = iota
	missing            // no such file
	mode               // another type, or other permission to execute
	retargeted         // a link to something else
	different          // other content, which attributes may excuse
	unread             // too large, or not readable
)

// file is a file of the commit in the checkout.
type file struct {
	path     string
	want     entry
	inFolder bool // its folder is a real one
	size     int64
	verdict  verdict
}

// compareFiles compares the files of a commit with those in the checkout, byte
// by byte. always holds paths of files that are read at any size. look gets the
// content of small files; it is called concurrently.
func (r *Repository) compareFiles(ctx context.Context, tree map[string]entry, always map[string]string, look func(string, []byte)) ([]*file, error) {
	files := make([]*file, 0, len(tree))
	folders := folders{root: r.root, real: map[string]bool{".": true}}
	for p, want := range tree {
		if want.mode != modeSubmodule {
			files = append(files, &file{path: p, want: want, inFolder: folders.has(path.Dir(p))})
		}
	}
	err := each(ctx, files, func(f *file) { f.size, f.verdict = r.inspect(f) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b *file) int {
		return cmp.Or(cmp.Compare(a.size, b.size), strings.Compare(a.path, b.path))
	})
	left := int64(comparedBytes)
	var read []*file
	for _, f := range files {
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
	return files, r.compareContents(ctx, read, look)
}

// compareContents reads files.
func (r *Repository) compareContents(ctx context.Context, files []*file, look func(string, []byte)) error {
	buffers := sync.Pool{New: func() any { return new([shownBytes]byte) }}
	return each(ctx, files, func(f *file) {
		buffer := buffers.Get().(*[shownBytes]byte)
		defer buffers.Put(buffer)
		f.verdict = r.compareContent(f, buffer[:], look)
	})
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
func (r *Repository) inspect(f *file) (size int64, v verdict) {
	name := filepath.Join(r.root, f.path)
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), !f.inFolder:
		return 0, missing
	case err != nil:
		return 0, unread
	case f.want.mode == modeLink:
		to, err := os.Readlink(name)
		if err != nil {
			return 0, mode
		}
		sum := object(f.want.hash, "blob", int64(len(to)))
		io.WriteString(sum, to)
		if !matches(sum, f.want.hash) {
			return 0, retargeted
		}
		return 0, equal
	case !info.Mode().IsRegular(), info.Mode()&0o100 != 0 != (f.want.mode == modeExecutable):
		return 0, mode
	}
	return info.Size(), unread
}

// newHash returns the hash function of a known hash.
func newHash(like string) hash.Hash {
	if len(like) == hex.EncodedLen(sha256.Size) {
		return sha256.New()
	}
	return sha1.New()
}

// object returns the hash of git for an object of that type and size, such as a
// blob, in the format of a known hash.
func object(like, kind string, size int64) hash.Hash {
	sum := newHash(like)
	fmt.Fprintf(sum, "%s %d\x00", kind, size)
	return sum
}

func matches(sum hash.Hash, want string) bool { return hex.EncodeToString(sum.Sum(nil)) == want }

// compareContent reads a file through a buffer, which a file that the caller
// wants to see fits into.
func (r *Repository) compareContent(f *file, buffer []byte, look func(string, []byte)) verdict {
	in, err := open(filepath.Join(r.root, f.path))
	if err != nil {
		return unread
	}
	defer in.close()
	sum := object(f.want.hash, "blob", f.size)
	if f.size > int64(len(buffer)) {
		_, err = io.CopyBuffer(sum, in, buffer)
	} else {
		var n int
		n, err = io.ReadFull(in, buffer[:f.size])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // the file shrank
		}
		if look != nil {
			look(f.path, buffer[:n])
		}
		sum.Write(buffer[:n])
	}
	switch {
	case err != nil:
		return unread
	case !matches(sum, f.want.hash):
		return different
	}
	return equal
}

// descriptor is an open regular file. An [os.File] takes five system calls more
// to open, which are most of the time for a thousand small files.
type descriptor int

// open opens a file to read it. It follows no link.
func open(path string) (descriptor, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.EINTR) {
			return descriptor(fd), err
		}
	}
}

func (d descriptor) Read(into []byte) (int, error) {
	for {
		n, err := syscall.Read(int(d), into)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(into) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (d descriptor) close() { _ = syscall.Close(int(d)) } // it was only read
