package checks

import (
	"path"
	"slices"
	"strings"
)

// globs are patterns of paths, at any depth, in git's syntax: * and ? match
// within a name, and ** matches any number of folders. Case does not count.
type globs []glob

// glob is a pattern, split at slashes.
type glob []string

func newGlobs(patterns ...string) (out globs) {
	for _, p := range patterns {
		p = strings.ReplaceAll(strings.ToLower(p), "[!", "[^")
		out = append(out, strings.Split(p, "/"))
	}
	return out
}

// match reports whether one of the patterns matches.
func (g globs) match(name string) bool {
	names := strings.Split(strings.ToLower(name), "/")
	return slices.ContainsFunc(g, func(one glob) bool { return one.atAnyDepth(names) })
}

// without returns the paths that no pattern matches.
func (g globs) without(paths []string) (out []string) {
	for _, p := range paths {
		if !g.match(p) {
			out = append(out, p)
		}
	}
	return out
}

func (g glob) atAnyDepth(names []string) bool {
	if len(g) == 1 && g[0] != "**" {
		names = names[len(names)-1:]
	}
	for ; len(names) > 0; names = names[1:] {
		if g.match(names) {
			return true
		}
	}
	return false
}

func (g glob) match(names []string) bool {
	for ; len(g) > 0; g, names = g[1:], names[1:] {
		if len(names) == 0 {
			return false
		}
		if g[0] == "**" {
			return len(g) == 1 || g[1:].atAnyDepthOf(names)
		}
		if !matchName(g[0], names[0]) {
			return false
		}
	}
	return len(names) == 0
}

func (g glob) atAnyDepthOf(names []string) bool {
	for ; len(names) > 0; names = names[1:] {
		if g.match(names) {
			return true
		}
	}
	return false
}

// matchName matches one name. A checkout has many, and the usual patterns need
// no more than a comparison.
func matchName(pattern, name string) bool {
	switch {
	case !strings.ContainsAny(pattern, `*?[\\`):
		return pattern == name
	case pattern[0] == '*' && !strings.ContainsAny(pattern[1:], `*?[\\`):
		return strings.HasSuffix(name, pattern[1:])
	}
	ok, _ := path.Match(pattern, name) // a malformed pattern matches nothing
	return ok
}
