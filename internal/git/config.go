package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// config holds the settings of a repository that matter.
type config struct {
	worktree string   // core.worktree
	sparse   bool     // core.sparseCheckout
	filters  []string // names of the filter drivers
}

// config asks git for the settings.
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

// staysHere reports whether the files of the settings prove that core.worktree
// leads nowhere else. Git takes it from these two files only, without those that
// they include. Its name stands at the start of a line or after a section.
func (r *Repository) staysHere() bool {
	for _, path := range []string{filepath.Join(r.common, "config"), filepath.Join(r.dir, "config.worktree")} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, "=")
			value = strings.TrimSpace(value)
			switch {
			case strings.Contains(line, "[") && strings.Contains(strings.ToLower(line), "worktree"):
				return false
			case strings.EqualFold(strings.TrimSpace(key), "worktree") && (strings.ContainsAny(value, "\"\\#;") || r.elsewhere(value) != ""):
				return false
			}
		}
	}
	return true
}

// elsewhere returns the folder to which core.worktree leads, if it is not the
// checkout.
func (r *Repository) elsewhere(worktree string) string {
	if worktree == "" {
		return ""
	}
	there, err := filepath.EvalSymlinks(within(r.dir, worktree))
	if err != nil {
		return worktree
	}
	if here, err := filepath.EvalSymlinks(r.root); err == nil && here == there {
		return ""
	}
	return worktree
}
