package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// clarify decides about files whose content differs from the commit, or was not
// read. The commit's own .gitattributes may convert a file. attributes names a
// file with attributes that is not part of the commit, if there is one.
func (c *comparison) clarify(ctx context.Context, files []*file, attributes string, s *State) error {
	if len(files) == 0 {
		return nil
	}
	if attributes != "" {
		return c.compareAll(ctx, files, attributes, s)
	}
	rules, err := c.attributes(ctx, files)
	if err != nil {
		return err
	}
	settings, err := c.config()
	if err != nil {
		return err
	}
	neutral, err := settings.neutral()
	if err != nil {
		return err
	}
	var converted, recorded, pointers, filtered []*file
	for _, f := range files {
		switch rule := rules[f.path]; {
		case rule.filter == LFS:
			pointers = append(pointers, f)
		case rule.filter != "":
			filtered = append(filtered, f)
		case f.verdict == unread:
			recorded = append(recorded, f)
		case rule.converts:
			converted = append(converted, f)
		default:
			s.Changed = append(s.Changed, Change{Path: f.path})
		}
	}
	if err := c.convert(ctx, converted, neutral, s); err != nil {
		return err
	}
	large := overBudget(pointers)
	modified, err := c.modified(ctx, slices.Concat(recorded, filtered, large), neutral)
	if err != nil {
		return err
	}
	for _, f := range recorded {
		if modified[f.path] {
			s.Changed = append(s.Changed, Change{Path: f.path})
		}
	}
	for _, f := range filtered {
		name := rules[f.path].filter
		if modified[f.path] {
			s.Changed = append(s.Changed, Change{f.path, "only its filter " + name + " can compare it: run git status"})
		} else {
			s.Filtered = append(s.Filtered, Filtered{f.path, name})
		}
	}
	return c.lfs(ctx, pointers, large, modified, s)
}

// compareAll reads the files whole: no attribute excuses a difference.
func (c *comparison) compareAll(ctx context.Context, files []*file, attributes string, s *State) error {
	var list []*file
	for _, f := range files {
		if f.verdict == unread {
			list = append(list, f)
		}
	}
	err := c.compareContents(ctx, list, nil)
	for _, f := range files {
		if f.verdict != equal {
			s.Changed = append(s.Changed, Change{f.path, "whatever " + attributes + " says"})
		}
	}
	return err
}

// rule is how the attributes of a file convert it.
type rule struct {
	filter   string
	converts bool // line ends, keywords or encoding
}

// attributes returns the rules of files.
func (c *comparison) attributes(ctx context.Context, files []*file) (map[string]rule, error) {
	call := c.call("check-attr", "--stdin", "-z", "filter", "text", "crlf", "eol", "ident", "working-tree-encoding")
	call.input = strings.NewReader(list(files, "\x00"))
	out, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	rules := map[string]rule{}
	words := strings.Split(out, "\x00") // path, attribute, value, which may be empty
	for ; len(words) > 3; words = words[3:] {
		r := rules[words[0]]
		switch value := words[2]; {
		case slices.Contains([]string{"unspecified", "unset", ""}, value):
		case words[1] != "filter":
			r.converts = true
		case value != "set":
			r.filter = value
		}
		rules[words[0]] = r
	}
	return rules, nil
}

func list(files []*file, end string) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.path + end)
	}
	return b.String()
}

// convert compares files that the attributes convert, without filters.
func (c *comparison) convert(ctx context.Context, files []*file, neutral []string, s *State) error {
	files = slices.DeleteFunc(files, func(f *file) bool {
		odd := strings.ContainsAny(f.path, "\n\"") // git reads one path a line
		if odd {
			s.Changed = append(s.Changed, Change{Path: f.path})
		}
		return odd
	})
	if len(files) == 0 {
		return nil
	}
	call := c.call("hash-object", "--stdin-paths")
	call.input, call.settings = strings.NewReader(list(files, "\n")), neutral
	out, err := call.run(ctx)
	if err != nil {
		return err
	}
	hashes := strings.Fields(out)
	for i, f := range files {
		if i >= len(hashes) || hashes[i] != f.want.hash {
			s.Changed = append(s.Changed, Change{Path: f.path})
		}
	}
	return nil
}

// maxArguments limits the length of the paths on a command line.
const maxArguments = 64 << 10

// modified returns the files that differ from git's record of them, which has
// size, times and inode. Git reads those whose record is not recent.
func (c *comparison) modified(ctx context.Context, files []*file, neutral []string) (map[string]bool, error) {
	if len(files) == 0 {
		return nil, nil
	}
	call := c.call("status", "--porcelain=v2", "--untracked-files=no", "--ignore-submodules=all", "--no-renames", "-z")
	call.settings = neutral
	if paths := list(files, "\x00"); len(paths) < maxArguments {
		call.args = append(append(call.args, "--"), fields(paths)...)
	}
	out, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	modified := map[string]bool{}
	for _, line := range fields(out) { // 1 XY …, with the path after 8 words; u XY …, after 10
		n := map[byte]int{'1': 9, 'u': 11}[line[0]]
		words := strings.SplitN(line, " ", max(n, 1))
		modified[words[len(words)-1]] = true
	}
	return modified, nil
}

// LFS is the filter of git-lfs. The commit has a pointer in the place of such a
// file, with the digest of its content.
const LFS = "lfs"

// overBudget returns the larger files, those that are not read unless git's
// record says that they changed.
func overBudget(files []*file) []*file {
	left := int64(comparedBytes)
	for i, f := range files { // smallest first
		if left -= f.size; left < 0 {
			return files[i:]
		}
	}
	return nil
}

// lfs compares files with their pointers.
func (c *comparison) lfs(ctx context.Context, files, large []*file, modified map[string]bool, s *State) error {
	pointers, err := c.pointers(ctx, files)
	if err != nil {
		return err
	}
	read := len(files) - len(large)
	same := make([]bool, len(files))
	var check []int
	for i, f := range files {
		if i < read || modified[f.path] {
			check = append(check, i)
		} else {
			same[i] = pointers[f.want.hash].size == f.size
		}
	}
	err = each(ctx, check, func(i int) {
		same[i] = pointers[files[i].want.hash].matches(filepath.Join(c.root, files[i].path), files[i].size)
	})
	if err != nil {
		return err
	}
	for i, f := range files {
		if same[i] {
			s.Filtered = append(s.Filtered, Filtered{f.path, LFS})
		} else {
			s.Changed = append(s.Changed, Change{f.path, "not the file of its git-lfs pointer"})
		}
	}
	return nil
}

// pointer is the pointer of git-lfs to a file.
type pointer struct {
	oid  string // SHA-256 of the content
	size int64
}

const maxPointer = 1024 // bytes, as git-lfs limits them

// pointers reads the pointers in the commit by hash. Other content has none.
func (c *comparison) pointers(ctx context.Context, files []*file) (map[string]pointer, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var hashes strings.Builder
	for _, f := range files {
		hashes.WriteString(f.want.hash + "\n")
	}
	call := c.call("cat-file", "--batch-check=%(objectname) %(objectsize)")
	call.input = strings.NewReader(hashes.String())
	sizes, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	hashes.Reset()
	for line := range strings.Lines(sizes) {
		hash, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(size); err == nil && n <= maxPointer {
			hashes.WriteString(hash + "\n")
		}
	}
	call = c.call("cat-file", "--batch=%(objectname) %(objectsize)")
	call.input = strings.NewReader(hashes.String())
	out, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]pointer{}
	for out != "" { // hash SP size LF content LF
		line, rest, _ := strings.Cut(out, "\n")
		hash, size, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(size)
		if err != nil || n+1 > len(rest) {
			break
		}
		if p, ok := parsePointer(rest[:n]); ok {
			found[hash] = p
		}
		out = rest[n+1:]
	}
	return found, nil
}

// parsePointer reads a pointer without extensions.
func parsePointer(text string) (p pointer, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != "version https://git-lfs.github.com/spec/v1" || lines[3] != "" {
		return p, false
	}
	oid, hasOID := strings.CutPrefix(lines[1], "oid sha256:")
	size, hasSize := strings.CutPrefix(lines[2], "size ")
	n, err := strconv.ParseInt(size, 10, 64)
	return pointer{oid, n}, hasOID && hasSize && err == nil
}

// matches reports whether a file of that size has the content.
func (p pointer) matches(path string, size int64) bool {
	if p.oid == "" || p.size != size {
		return false
	}
	content, err := SHA256(path)
	return err == nil && content == p.oid
}

// SHA256 returns the digest of a file's content in hexadecimal digits.
func SHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
