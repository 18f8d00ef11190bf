package checks

import (
	"fmt"
	"slices"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/git"
)

// observeWorktree judges the files of the checkout and of its submodules. A
// problem that explains others comes before them.
func (g gitSafety) observeWorktree(s git.State) checker.Observation {
	var found []checker.Observation
	add := func(names []string, reason, text string) {
		if len(names) > 0 {
			found = append(found, g.grave(targetWorktree, reason, some(names)+text))
		}
	}
	if s.Operation != "" {
		found = append(found, g.grave(targetWorktree, "operation_under_way", "a "+s.Operation+" is under way"))
	}
	if s.Elsewhere != "" {
		found = append(found, g.grave(targetWorktree, "other_worktree", "core.worktree leads to "+s.Elsewhere))
	}
	add(g.Submodules.without(s.Absent), "submodule_missing", " not initialised")
	add(texts(s.Moved), "submodule_moved", "")
	add(texts(s.Changed), "dirty", " differ from the commit")
	if !g.Sparse {
		add(s.LeftOut, "sparse", " left out by the sparse checkout")
	}
	add(g.Links.without(s.Outside), "outside_link", " lead out of the checkout")
	add(s.Untracked, "untracked_files", " not tracked")
	var filtered []string
	for _, f := range s.Filtered {
		if !slices.Contains(g.Filters, f.Filter) {
			filtered = append(filtered, fmt.Sprintf("%s (%s)", f.Path, f.Filter))
		}
	}
	if len(filtered) > 0 {
		found = append(found, checker.Warned(targetWorktree, "filtered_files", some(filtered)+" equal the commit only through a filter"))
	}
	if len(found) > 0 {
		return worst(found)
	}
	return checker.Passed(targetWorktree, "clean")
}

func texts(changes []git.Change) (out []string) {
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

// uncommitted returns the paths whose content the commit does not determine.
// Untracked files may be logs and data, so they are not among them.
func uncommitted(s git.State) []string {
	out := slices.Concat(s.Absent, s.LeftOut)
	for _, c := range slices.Concat(s.Changed, s.Moved) {
		out = append(out, c.Path)
	}
	for _, f := range s.Filtered {
		if f.Filter != git.LFS { // a pointer in the commit determines the content
			out = append(out, f.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
