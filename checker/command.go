package checker

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// gateConfig is the section gate of preflight.yml.
type gateConfig struct {
	// Commands are the commands outside the checkout that the gate may start in
	// a live environment: paths or names, or patterns of them.
	Commands []string `yaml:"commands"`
}

// outside returns the program that a command starts and that is not in the
// checked folder, or "". An interpreter may be outside: then the first file
// among its arguments counts.
func outside(folder, program string, args []string) string {
	root := resolved(folder)
	if inside(root, resolved(program)) {
		return ""
	}
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
			if inside(root, resolved(arg)) {
				return ""
			}
			return arg
		}
	}
	return program
}

// resolved returns the absolute path without symbolic links, as far as it can be
// resolved.
func resolved(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

func inside(root, file string) bool {
	rel, err := filepath.Rel(root, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// allowed reports whether the configuration allows a program outside the
// checkout, by its path or its name.
func (c gateConfig) allowed(program string) bool {
	return slices.ContainsFunc(c.Commands, func(pattern string) bool {
		whole, _ := path.Match(pattern, program)
		name, _ := path.Match(pattern, filepath.Base(program))
		return whole || name
	})
}

// Problems implements [Validator].
func (c gateConfig) Problems(Env) []Problem {
	var out []Problem
	for i, pattern := range c.Commands {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			out = append(out, Problem{[]any{"commands", i}, fmt.Sprintf("%q is no path, name or pattern of a command", pattern)})
		}
	}
	return out
}
