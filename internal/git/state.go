package git

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// State is the result of comparing a checkout with its commit.
type State struct {
	Commit, Branch string // Commit is "" before the first one; Branch is "(detached)" without one

	Changed   []Change // tracked files that differ from the commit, those of submodules included
	Untracked []string
	Filtered  []Filtered // files that equal the commit only through a filter
	LeftOut   []string   // files that a sparse checkout leaves out
	Outside   []string   // tracked links that lead out of the checkout
	Absent    []string   // submodules that are not initialised
	Moved     []Change   // submodules at another commit than the recorded one
	Operation string     // such as merge or rebase, if one is under way
	Elsewhere string     // folder in core.worktree, if it is not the checkout
	Tracked   []string   // files of the commit and of the index, without those of submodules
}

// Change is a path with an explanation, which may be "".
type Change struct{ Path, Why string }

func (c Change) String() string {
	if c.Why == "" {
		return c.Path
	}
	return c.Path + " (" + c.Why + ")"
}

// Filtered is a file whose filter driver changes its content.
type Filtered struct{ Path, Filter string }

// Options of Compare.
type Options struct {
	// OnlyGitignore counts files as untracked although .git/info/exclude or
	// core.excludesFile name them.
	OnlyGitignore bool
	// Look gets the content of each small tracked file. It is called
	// concurrently.
	Look func(path string, content []byte)

	askGit bool // never take an answer from the files of the git folder, for tests
}

// Compare compares the checkout and its submodules with the commit. The error is
// an *Error.
func (r *Repository) Compare(ctx context.Context, o Options) (State, error) {
	top, err := filepath.EvalSymlinks(r.root)
	if err != nil {
		return State{}, &Error{NotRepository, "no git checkout"}
	}
	c := comparison{Repository: r, Options: o, top: top}
	return c.compare(ctx, "")
}

// comparison compares one checkout.
type comparison struct {
	*Repository
	Options
	top string // folder out of which no link may lead

	tree   map[string]entry
	index  index
	config func() (config, error) // asks git at the first call
}

// compare compares the checkout with a commit, or with the present one if it is
// "".
func (c comparison) compare(ctx context.Context, commit string) (s State, err error) {
	c.config = sync.OnceValues(func() (config, error) { return c.Repository.config(ctx) })
	at, err := c.read(ctx, commit)
	if err != nil {
		return s, err
	}
	var settings config
	if c.askGit || c.index.skips || !c.staysHere() {
		if settings, err = c.config(); err != nil {
			return s, err
		}
	}
	s.Commit, s.Branch = at.commit, at.branch
	s.Operation, s.Elsewhere = c.operation(), c.elsewhere(settings.worktree)
	s.Untracked = c.index.untracked
	s.Changed = c.staged()
	files, err := c.compareFiles(ctx, c.tree, c.index.hidden, c.Look)
	if err != nil {
		return s, err
	}
	s.Outside = c.outside()
	local := c.unreviewed(&s)
	var unclear []*file
	for _, f := range files {
		switch hidden := c.index.hidden[f.path]; {
		case f.verdict == missing && hidden == skipWorktree && settings.sparse:
			s.LeftOut = append(s.LeftOut, f.path)
		case f.verdict == equal:
		case hidden == "" && (f.verdict == different || f.verdict == unread):
			unclear = append(unclear, f)
		default:
			s.Changed = append(s.Changed, Change{f.path, f.why(hidden)})
		}
	}
	if err := c.clarify(ctx, unclear, local, &s); err != nil {
		return s, err
	}
	if err := c.submodules(ctx, &s); err != nil {
		return s, err
	}
	s.Tracked = slices.Collect(maps.Keys(c.index.entries))
	for p := range c.tree {
		if _, also := c.index.entries[p]; !also {
			s.Tracked = append(s.Tracked, p)
		}
	}
	s.sort()
	return s, nil
}

// why explains a difference that git status may not show.
func (f *file) why(hidden string) string {
	switch {
	case hidden != "":
		return hidden
	case f.verdict == mode:
		return "type or permissions"
	case f.verdict == missing:
		return "missing"
	}
	return ""
}

// read reads the index, the present commit, and the entries of a commit.
func (c *comparison) read(ctx context.Context, commit string) (at head, err error) {
	var wg sync.WaitGroup
	var errs [2]error
	wg.Go(func() { c.index, errs[0] = c.Repository.index(ctx, c.OnlyGitignore) })
	wg.Go(func() { at, errs[1] = c.head(ctx) })
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return at, err
		}
	}
	if commit == "" {
		commit = at.commit
	}
	switch {
	case commit == "": // there is none yet, so no tree
	case c.indexIs(commit):
		c.tree = c.index.entries
	default:
		c.tree, err = c.Repository.tree(ctx, commit)
	}
	return at, err
}

// head reads the present commit and the branch: from the files of the git folder
// if they have the plain form, or else by git.
func (c *comparison) head(ctx context.Context) (head, error) {
	if h, ok := c.plainHead(); ok && !c.askGit {
		return h, nil
	}
	return c.askHead(ctx)
}

// indexIs reports whether the index is known to have exactly the entries of a
// commit, as it usually does.
func (c *comparison) indexIs(commit string) bool {
	tree, err := c.treeOf(commit)
	if err != nil || c.askGit {
		return false
	}
	hash, err := treeHash(c.index.entries, commit)
	return err == nil && hash == tree
}

// staged returns the files whose entry in the index differs from the commit.
func (c *comparison) staged() (out []Change) {
	for _, p := range c.index.unmerged {
		out = append(out, Change{p, "not merged"})
	}
	for p, e := range c.index.entries {
		if c.tree[p] != e && !slices.Contains(c.index.unmerged, p) {
			out = append(out, Change{Path: p})
		}
	}
	for p := range c.tree {
		if _, ok := c.index.entries[p]; !ok {
			out = append(out, Change{Path: p})
		}
	}
	return out
}

// unreviewed finds files that change the meaning of others without being
// tracked. A .gitignore that ignores itself counts as untracked like the files
// under .git/info/exclude. The result is the file with attributes, if any.
func (c *comparison) unreviewed(s *State) (attributes string) {
	folders := map[string]bool{".": true}
	for p := range c.index.entries {
		for dir := path.Dir(p); !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	untracked := func(p string) bool {
		_, tracked := c.index.entries[p]
		_, err := os.Lstat(filepath.Join(c.root, p))
		return !tracked && err == nil
	}
	for dir := range folders {
		if p := path.Join(dir, ".gitignore"); c.OnlyGitignore && untracked(p) && !slices.Contains(s.Untracked, p) {
			s.Untracked = append(s.Untracked, p)
		}
		if p := path.Join(dir, ".gitattributes"); untracked(p) {
			attributes = p
		}
	}
	text, _ := os.ReadFile(filepath.Join(c.common, "info", "attributes"))
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return ".git/info/attributes"
		}
	}
	return attributes
}

// outside returns the links that lead out of the checkout, or into its git
// folder.
func (c *comparison) outside() (out []string) {
	for p, e := range c.tree {
		if e.mode != modeLink {
			continue
		}
		name := filepath.Join(c.root, p)
		to, err := os.Readlink(name)
		if err != nil {
			continue
		}
		end, err := filepath.EvalSymlinks(name)
		if err != nil { // a dangling link
			end = within(filepath.Dir(name), to)
			if folder, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil && !filepath.IsAbs(to) {
				end = within(folder, to)
			}
		}
		relative, err := filepath.Rel(c.top, end)
		names := strings.Split(filepath.ToSlash(relative), "/")
		if err != nil || names[0] == ".." || slices.Contains(names, ".git") {
			out = append(out, p)
		}
	}
	return out
}

// submodules compares each submodule with the commit that is recorded for it.
func (c *comparison) submodules(ctx context.Context, s *State) error {
	var paths []string
	for p, e := range c.tree {
		if e.mode == modeSubmodule {
			paths = append(paths, p)
		}
	}
	states, errs := make([]State, len(paths)), make([]error, len(paths))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2) // each runs several processes
	for i, p := range paths {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			states[i], errs[i] = c.submodule(ctx, p)
		})
	}
	wg.Wait()
	for i, p := range paths {
		if failure := (*Error)(nil); errors.As(errs[i], &failure) {
			return &Error{failure.Reason, p + ": " + failure.Detail}
		}
		s.add(p, states[i])
	}
	return nil
}

// submodule returns the state of one submodule.
func (c *comparison) submodule(ctx context.Context, p string) (s State, err error) {
	folder, want := filepath.Join(c.root, p), c.tree[p].hash
	known := folders{root: c.root, real: map[string]bool{".": true}}
	if _, err := os.Lstat(folder); err == nil && !known.has(p) {
		return State{Changed: []Change{{".", "not a folder"}}}, nil
	}
	if _, err := os.Lstat(filepath.Join(folder, ".git")); err != nil {
		return State{Absent: []string{"."}}, nil
	}
	r, err := Open(folder)
	if err != nil {
		return s, err
	}
	o := c.Options
	o.Look = nil // the files of others are not searched for secrets
	inner := comparison{Repository: r, Options: o, top: c.top}
	s, err = inner.compare(ctx, want)
	if err != nil {
		// The recorded commit may not be there, because it was not fetched.
		if at, failed := inner.head(ctx); failed == nil && at.commit != want {
			return State{Moved: []Change{{".", "at " + orNone(at.commit) + ", not " + want}}, Changed: []Change{{Path: "."}}}, nil
		}
		return s, err
	}
	if s.Commit != want {
		s.Moved = append(s.Moved, Change{".", "at " + orNone(s.Commit) + ", not " + want})
	}
	return s, nil
}

func orNone(commit string) string {
	if commit == "" {
		return "no commit"
	}
	return commit
}

// add adds the state of a submodule.
func (s *State) add(folder string, sub State) {
	for _, list := range []struct{ to, from *[]Change }{{&s.Changed, &sub.Changed}, {&s.Moved, &sub.Moved}} {
		for _, change := range *list.from {
			*list.to = append(*list.to, Change{path.Join(folder, change.Path), change.Why})
		}
	}
	for _, list := range []struct{ to, from *[]string }{
		{&s.Untracked, &sub.Untracked}, {&s.LeftOut, &sub.LeftOut}, {&s.Outside, &sub.Outside}, {&s.Absent, &sub.Absent},
	} {
		for _, p := range *list.from {
			*list.to = append(*list.to, path.Join(folder, p))
		}
	}
	for _, f := range sub.Filtered {
		s.Filtered = append(s.Filtered, Filtered{path.Join(folder, f.Path), f.Filter})
	}
	if s.Operation == "" && sub.Operation != "" {
		s.Operation = sub.Operation + " in " + folder
	}
	if s.Elsewhere == "" {
		s.Elsewhere = sub.Elsewhere
	}
}

// sort sorts the lists. Of several changes of a file it keeps an explained one.
func (s *State) sort() {
	for _, list := range []*[]Change{&s.Changed, &s.Moved} {
		slices.SortFunc(*list, func(a, b Change) int {
			if a.Path != b.Path {
				return strings.Compare(a.Path, b.Path)
			}
			return -strings.Compare(a.Why, b.Why)
		})
		*list = slices.CompactFunc(*list, func(a, b Change) bool { return a.Path == b.Path })
	}
	for _, list := range []*[]string{&s.Untracked, &s.LeftOut, &s.Outside, &s.Absent, &s.Tracked} {
		slices.Sort(*list)
	}
	slices.SortFunc(s.Filtered, func(a, b Filtered) int { return strings.Compare(a.Path, b.Path) })
}
