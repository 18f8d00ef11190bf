package git

import (
	"context"
	"slices"
	"strings"
)

// Modes of entries of a tree and of the index.
const (
	modeFolder     = "40000"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeSubmodule  = "160000"
)

// entry is a file of a tree or of the index.
type entry struct{ mode, hash string }

// tree returns the entries of a commit by path.
func (r *Repository) tree(ctx context.Context, commit string) (map[string]entry, error) {
	lines, err := r.fields(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	out := make(map[string]entry, len(lines))
	for _, line := range lines { // mode SP type SP hash TAB path
		about, path, _ := strings.Cut(line, "\t")
		if words := strings.Fields(about); len(words) == 3 {
			out[path] = entry{words[0], words[2]}
		}
	}
	return out, nil
}

// index is the index of a checkout, and the files beside it.
type index struct {
	entries   map[string]entry
	unmerged  []string
	hidden    map[string]string // flag that hides changes of a file, by path
	skips     bool              // the checkout may leave files out
	untracked []string          // a folder without tracked files ends in a slash
}

// Flags of the index that hide changes.
const (
	assumeUnchanged = "assume-unchanged"
	skipWorktree    = "skip-worktree"
)

// index reads the index. Only .gitignore files exclude untracked files if only
// is true. Otherwise .git/info/exclude and core.excludesFile do, too.
func (r *Repository) index(ctx context.Context, only bool) (index, error) {
	exclude := "--exclude-standard"
	if only {
		exclude = "--exclude-per-directory=.gitignore"
	}
	lines, err := r.fields(ctx, nil, "ls-files", "-z", "-v", "--stage", "--cached", "--others", exclude, "--directory", "--no-empty-directory")
	x := index{entries: make(map[string]entry, len(lines)), hidden: map[string]string{}}
	for _, line := range lines { // tag SP mode SP hash SP stage TAB path, or ? SP path
		tag, rest, _ := strings.Cut(line, " ")
		if tag == "?" {
			x.untracked = append(x.untracked, rest)
			continue
		}
		about, path, _ := strings.Cut(rest, "\t")
		words := strings.Fields(about)
		switch {
		case len(words) != 3:
			continue
		case words[2] != "0":
			x.unmerged = append(x.unmerged, path)
		}
		x.entries[path] = entry{words[0], words[1]}
		switch {
		case strings.EqualFold(tag, "S"):
			x.hidden[path], x.skips = skipWorktree, true
		case tag != strings.ToUpper(tag):
			x.hidden[path] = assumeUnchanged
		}
	}
	x.unmerged = slices.Compact(x.unmerged)
	return x, err
}
