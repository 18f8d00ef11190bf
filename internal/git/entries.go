package git

import (
	"context"
	"slices"
	"strings"
)

// Modes of entries of a tree and of the index.
const (
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
			x.hidden[path] = skipWorktree
		case tag != strings.ToUpper(tag):
			x.hidden[path] = assumeUnchanged
		}
	}
	x.unmerged = slices.Compact(x.unmerged)
	return x, err
}

// config holds the settings of a repository that matter.
type config struct {
	worktree string   // core.worktree
	sparse   bool     // core.sparseCheckout
	filters  []string // names of the filter drivers
}

func (r *Repository) config(ctx context.Context) (c config, err error) {
	lines, err := r.fields(ctx, nil, "config", "-z", "--includes", "--get-regexp", `^(filter\..*|core\.worktree|core\.sparsecheckout)$`)
	if err != nil {
		if failure := err.(*Error); failure.Reason == Refused && failure.Detail == "" {
			return c, nil // none is set
		}
		return c, err
	}
	for _, line := range lines { // key LF value, or a key that stands for true
		key, value, given := strings.Cut(line, "\n")
		switch key {
		case "core.worktree":
			c.worktree = value
		case "core.sparsecheckout":
			c.sparse = !given || slices.Contains([]string{"true", "yes", "on", "1"}, strings.ToLower(value))
		default:
			name := strings.TrimPrefix(key, "filter.")
			if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
				c.filters = append(c.filters, name[:dot])
			}
		}
	}
	slices.Sort(c.filters)
	c.filters = slices.Compact(c.filters)
	return c, nil
}

// neutral returns settings under which no filter driver runs a program.
func (c config) neutral() ([]string, error) {
	var out []string
	for _, name := range c.filters {
		if strings.Contains(name, "=") { // git -c cannot name it
			return nil, &Error{Refused, "the filter driver " + name + " cannot be switched off: rename it"}
		}
		out = append(out, "filter."+name+".clean=", "filter."+name+".process=", "filter."+name+".required=false")
	}
	return out, nil
}
