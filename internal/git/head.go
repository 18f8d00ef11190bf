package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// head is the present commit of a checkout.
type head struct {
	commit string // "" before the first commit
	branch string // "(detached)" without a branch
}

const detached = "(detached)"

// askHead asks git. The path .git restricts git status to no file: for other
// files it could run filters that the repository configures.
func (r *Repository) askHead(ctx context.Context) (h head, err error) {
	lines, err := r.fields(ctx, nil, "status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=no", "--ignore-submodules=all", "-z", "--", ".git")
	for _, line := range lines {
		if commit, ok := strings.CutPrefix(line, "# branch.oid "); ok && commit != "(initial)" {
			h.commit = commit
		}
		if branch, ok := strings.CutPrefix(line, "# branch.head "); ok {
			h.branch = branch
		}
	}
	return h, err
}

// plainHead reads HEAD and the branch that it names. It returns false for
// everything that git might read in another way: a link, a chain of names,
// another store of references.
func (r *Repository) plainHead() (h head, ok bool) {
	text, err := plainFile(filepath.Join(r.dir, "HEAD"))
	if err != nil {
		return h, false
	}
	if isHash(text) {
		return head{text, detached}, true
	}
	ref, symbolic := strings.CutPrefix(text, "ref: ")
	branch, local := strings.CutPrefix(ref, "refs/heads/")
	if !symbolic || !local || !filepath.IsLocal(branch) || strings.ContainsAny(branch, " \t\n\\") || strings.HasPrefix(branch, ".") {
		return h, false
	}
	switch commit, err := plainFile(filepath.Join(r.common, ref)); {
	case err == nil && isHash(commit):
		return head{commit, branch}, true
	case !errors.Is(err, fs.ErrNotExist):
		return h, false
	}
	commit := r.packed(ref)
	return head{commit, branch}, commit != ""
}

// plainFile returns the only line of a regular file.
func plainFile(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	text, err := os.ReadFile(path)
	return strings.TrimSuffix(string(text), "\n"), err
}

// packed returns the commit of a reference in packed-refs, or "".
func (r *Repository) packed(ref string) string {
	text, err := plainFile(filepath.Join(r.common, "packed-refs"))
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		if hash, name, ok := strings.Cut(line, " "); ok && name == ref && isHash(hash) {
			return hash
		}
	}
	return ""
}

// isHash reports whether a text is the name of an object: SHA-1 or SHA-256.
func isHash(text string) bool {
	return (len(text) == 40 || len(text) == 64) && strings.Trim(text, "0123456789abcdef") == ""
}
