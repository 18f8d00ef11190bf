package repository_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow has the parts of a workflow that these tests read. actionlint, which
// scripts/lint runs, checks the syntax.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Uses           string            `yaml:"uses"`
		TimeoutMinutes int               `yaml:"timeout-minutes"`
		Permissions    map[string]string `yaml:"permissions"`
		Steps          []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

type step struct {
	Uses string         `yaml:"uses"`
	With map[string]any `yaml:"with"`
	Run  string         `yaml:"run"`
}

// workflows returns the workflows by file name.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		name := filepath.Base(file)
		var w workflow
		if err := yaml.Unmarshal([]byte(read(t, ".github/workflows/"+name)), &w); err != nil {
			t.Fatal(err)
		}
		all[name] = w
	}
	return all
}

// steps calls f for each step of all workflows.
func steps(t *testing.T, f func(where string, s step)) {
	t.Helper()
	for name, w := range workflows(t) {
		for id, job := range w.Jobs {
			for _, s := range job.Steps {
				f(name+", job "+id, s)
			}
		}
	}
}

// A tag such as v7 can move to other code.
func TestActionsAreConsistentlyPinned(t *testing.T) {
	t.Parallel()
	full := regexp.MustCompile(`^[\w.-]+/[\w./-]+@v\d+\.\d+\.\d+$`)
	version := map[string]string{}
	steps(t, func(where string, s step) {
		if s.Uses == "" {
			return
		}
		if !full.MatchString(s.Uses) {
			t.Errorf("%s uses %s: name the full version", where, s.Uses)
		}
		name, tag, _ := strings.Cut(s.Uses, "@")
		if other, ok := version[name]; ok && other != tag {
			t.Errorf("%s uses %s, another step %s", where, s.Uses, other)
		}
		version[name] = tag
	})
}

func TestWorkflowsRunMakeTargets(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		known[m[1]] = true
	}
	called := map[string]bool{}
	steps(t, func(where string, s step) {
		for _, m := range regexp.MustCompile(`\bmake ([a-z]+)`).FindAllStringSubmatch(s.Run, -1) {
			called[m[1]] = true
			if !known[m[1]] {
				t.Errorf("%s runs make %s: the Makefile has no such target", where, m[1])
			}
		}
	})
	for _, target := range []string{"test", "golangci", "vulncheck"} {
		if !called[target] {
			t.Errorf("no workflow runs make %s", target)
		}
	}
}

// A workflow may only read the code. Only the release job may write.
func TestWorkflowsHaveFewPermissions(t *testing.T) {
	t.Parallel()
	for name, w := range workflows(t) {
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s has permissions %v, want contents: read", name, w.Permissions)
		}
		for id, job := range w.Jobs {
			if len(job.Permissions) > 0 && (name != "release.yml" || id != "release") {
				t.Errorf("%s: job %s has permissions of its own: %v", name, id, job.Permissions)
			}
			if job.TimeoutMinutes == 0 && job.Uses == "" {
				t.Errorf("%s: job %s has no timeout-minutes", name, id)
			}
		}
	}
}

// The release needs the tests.
func TestReleaseNeedsTests(t *testing.T) {
	t.Parallel()
	var release struct {
		Jobs struct {
			Test    struct{ Uses string }
			Release struct{ Needs string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, ".github/workflows/release.yml")), &release); err != nil {
		t.Fatal(err)
	}
	if release.Jobs.Test.Uses != "./.github/workflows/test.yml" || release.Jobs.Release.Needs != "test" {
		t.Errorf("release.yml: the release does not need the tests: %+v", release)
	}
}

// The workflows install the version of goreleaser in scripts/versions.
func TestWorkflowsUseVersionOfGoreleaser(t *testing.T) {
	t.Parallel()
	want := "v" + scriptVersions(t)["GORELEASER_VERSION"]
	found := 0
	steps(t, func(where string, s step) {
		if strings.HasPrefix(s.Uses, "goreleaser/goreleaser-action@") {
			found++
			equal(t, where, s.With["version"].(string), "scripts/versions", want)
		}
	})
	if found == 0 {
		t.Error("no workflow runs goreleaser")
	}
}
