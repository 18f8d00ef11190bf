package git

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

var errNotPlain = errors.New("not an object in a plain form")

// maxCommit limits the size of a commit that is read without git, in bytes.
const maxCommit = 1 << 20

// treeOf returns the hash of a commit's tree. It fails for a commit that is not
// stored plainly in the git folder. What it reads must have the commit's hash,
// so it needs no other proof.
func (r *Repository) treeOf(commit string) (string, error) {
	if !isHash(commit) {
		return "", errNotPlain
	}
	object, err := r.loose(commit)
	if err != nil {
		object, err = r.inPacks(commit)
	}
	if err != nil {
		return "", err
	}
	sum := newHash(commit)
	sum.Write(object)
	_, content, _ := strings.Cut(string(object), "\x00")
	line, _, _ := strings.Cut(content, "\n")
	tree, ok := strings.CutPrefix(line, "tree ")
	if !ok || !matches(sum, commit) || !bytes.HasPrefix(object, []byte("commit ")) {
		return "", errNotPlain
	}
	return tree, nil
}

// loose reads an object of its own file, with its header.
func (r *Repository) loose(id string) ([]byte, error) {
	file, err := os.Open(filepath.Join(r.common, "objects", id[:2], id[2:]))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return inflate(file)
}

// inflate returns the content of a zlib stream.
func inflate(from io.Reader) ([]byte, error) {
	stream, err := zlib.NewReader(from)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(stream, maxCommit))
}

// inPacks reads a commit that a pack holds as a whole, not as a difference to
// another one. It adds the header that a loose object has.
func (r *Repository) inPacks(commit string) ([]byte, error) {
	id, err := hex.DecodeString(commit)
	if err != nil {
		return nil, err
	}
	indexes, err := filepath.Glob(filepath.Join(r.common, "objects", "pack", "*.idx"))
	if err != nil {
		return nil, err
	}
	for _, index := range indexes {
		if offset, err := packOffset(index, id); err == nil {
			return packedCommit(strings.TrimSuffix(index, "idx")+"pack", offset)
		}
	}
	return nil, errNotPlain
}

// packOffset returns where a pack has an object. The index of the pack is, in
// its version 2: 8 bytes of version, 256 numbers of objects with at most that
// first byte, then for all objects their sorted names, CRCs and offsets.
func packOffset(index string, id []byte) (int64, error) {
	file, err := os.Open(index)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // it was only read
	const counts, names = 8, 8 + 256*4
	head := make([]byte, names)
	if _, err := io.ReadFull(file, head); err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(head, []byte("\xfftOc\x00\x00\x00\x02")) {
		return 0, errNotPlain
	}
	count := func(first int) int64 { return int64(binary.BigEndian.Uint32(head[counts+4*first:])) }
	low, high, all := int64(0), count(int(id[0])), count(255)
	if id[0] > 0 {
		low = count(int(id[0]) - 1)
	}
	name := make([]byte, len(id))
	at, found := sort.Find(int(max(high-low, 0)), func(i int) int {
		if _, err := file.ReadAt(name, names+(low+int64(i))*int64(len(id))); err != nil {
			return -1
		}
		return bytes.Compare(id, name)
	})
	if !found {
		return 0, errNotPlain
	}
	offset := make([]byte, 4)
	_, err = file.ReadAt(offset, names+all*int64(len(id)+4)+(low+int64(at))*4)
	where := binary.BigEndian.Uint32(offset)
	if where>>31 != 0 { // in a table for packs above 2 GiB
		return 0, errNotPlain
	}
	return int64(where), err
}

// packedCommit reads a commit at an offset of a pack: its type and size, with 7
// bits in each byte after 4 in the first, and its content.
func packedCommit(pack string, offset int64) ([]byte, error) {
	file, err := os.Open(pack)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	const isCommit, more = 1, 0x80
	from := bufio.NewReader(io.NewSectionReader(file, offset, maxCommit))
	b, err := from.ReadByte()
	if err != nil || b>>4&7 != isCommit {
		return nil, errNotPlain
	}
	for b&more != 0 {
		if b, err = from.ReadByte(); err != nil {
			return nil, err
		}
	}
	content, err := inflate(from)
	return append(fmt.Appendf(nil, "commit %d\x00", len(content)), content...), err
}
