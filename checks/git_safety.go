package checks

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// GitSafetyConfig declares what the check Git Safety looks at.
type GitSafetyConfig struct {
	Repository string        `yaml:"repository"` // a folder; the one of preflight.yml when not given
	Branch     string        `yaml:"branch"`     // that must be checked out; any when not given
	Tag        string        `yaml:"tag"`        // pattern of a tag that must be on the commit, as v*
	Secrets    []string      `yaml:"secret_files"`
	NotSecrets []string      `yaml:"not_secret"`
	Timeout    time.Duration `yaml:"timeout"` // 5s when not given
}

// What is taken for a secret file when preflight.yml does not say. The patterns
// are git's, at any depth.
var (
	defaultSecretFiles = []string{".env", ".env.*", "*.pem", "*.key", "*.p12", "*.keystore", "id_rsa", "id_ed25519", "secrets/**"}
	defaultNotSecret   = []string{"*.example", "*.sample", "*.template"}
)

func (c *GitSafetyConfig) check(s Setting) Check {
	if c == nil {
		return GitSafety{}
	}
	g := GitSafety{
		Repository: s.path(c.Repository), Live: s.live, Branch: c.Branch, Tag: c.Tag,
		Secrets: c.Secrets, NotSecrets: c.NotSecrets, Timeout: or(c.Timeout, defaultGitTimeout),
	}
	if g.Secrets == nil {
		g.Secrets = defaultSecretFiles
	}
	if g.NotSecrets == nil {
		g.NotSecrets = defaultNotSecret
	}
	return g
}

func (c *GitSafetyConfig) problems(Config) (problems []problem) {
	if c == nil {
		return nil
	}
	if c.Branch != "" && c.Tag != "" {
		problems = append(problems, wrong("expect a branch or a tag, not both", "tag"))
	}
	if _, err := path.Match(c.Tag, ""); err != nil {
		problems = append(problems, wrong("is not a pattern such as v*", "tag"))
	}
	return append(problems, timeoutProblem(c.Timeout, "timeout")...)
}

// The targets of the check Git Safety.
const (
	TargetWorktree     = "worktree"
	TargetRevision     = "revision"
	TargetTrackedFiles = "tracked_files"
)

// GitSafety checks that the checkout that would trade is what was reviewed.
type GitSafety struct {
	Repository  string // its folder; empty: not looked at
	Live        bool   // the environment trades for real: what else only warns fails
	Branch, Tag string
	Secrets     []string // patterns of files that must not be tracked
	NotSecrets  []string // exceptions from them
	Timeout     time.Duration
}

// Spec describes the check.
func (GitSafety) Spec() Spec {
	return Spec{
		Name:  "Git Safety",
		Looks: "the checkout that would trade is clean, at the expected branch or tag, and tracks no secret file",
		Reasons: []Reason{
			{"dirty", "tracked files differ from the commit", "commit the changes, or git restore the files"},
			{"untracked_files", "there are files that git does not know", "commit them, remove them, or name them in .gitignore"},
			{"wrong_branch", "another branch is checked out than the expected one", "git switch to the branch that preflight.yml names"},
			{"wrong_tag", "no tag of the expected pattern is on the commit", "check out a released version, or tag this one"},
			{"no_commit", "the repository has no commit", "commit what is to trade"},
			{"tracked_secret", "a file that looks like a secret is tracked", "git rm --cached the file, change the secret, and take it out of the history"},
			{"not_a_repository", "the folder is no git checkout", "correct repository in preflight.yml, or deploy a checkout"},
			{"no_git", "the program git is not installed", "install git"},
			{"git_failed", "git answered with an error", "read the detail; git config --global --add safe.directory when the checkout belongs to somebody else"},
			{"timeout", "git did not finish in time", "look at the size of the checkout and at the disk"},
		},
	}
}

// Targets are fixed.
func (g GitSafety) Targets() []string {
	if g.Repository == "" {
		return nil
	}
	return []string{TargetWorktree, TargetRevision, TargetTrackedFiles}
}

// MaxDuration is the time that git has.
func (g GitSafety) MaxDuration() time.Duration { return g.Timeout }

// Run asks git.
func (g GitSafety) Run(ctx context.Context) []Observation {
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	var wg sync.WaitGroup
	var status, tags, tracked gitAnswer
	wg.Go(func() {
		status = g.git(ctx, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z")
	})
	wg.Go(func() { tracked = g.git(ctx, append([]string{"ls-files", "-z", "--"}, g.pathspecs()...)...) })
	if g.Tag != "" {
		wg.Go(func() { tags = g.git(ctx, "tag", "--points-at", "HEAD") })
	}
	wg.Wait()
	return []Observation{g.observeWorktree(status), g.observeRevision(status, tags), observeTracked(tracked)}
}

// git asks git about the repository.
func (g GitSafety) git(ctx context.Context, args ...string) gitAnswer {
	a := git(ctx, g.Repository, args...)
	if a.reason == "timeout" {
		a.detail = fmt.Sprintf("git did not finish within %s", g.Timeout)
	}
	return a
}

// grave is a failure where the system trades for real, and else a warning.
func (g GitSafety) grave(target, reason, detail string) Observation {
	if g.Live {
		return Failed(target, reason, detail)
	}
	return Warned(target, reason, detail)
}

func (g GitSafety) observeWorktree(status gitAnswer) Observation {
	if status.reason != "" {
		return Failed(TargetWorktree, status.reason, status.detail)
	}
	var changed, untracked []string
	for i := 0; i < len(status.fields); i++ {
		kind, rest, _ := strings.Cut(status.fields[i], " ")
		switch kind {
		case "?":
			untracked = append(untracked, rest)
		case "1", "u":
			changed = append(changed, last(rest, map[string]int{"1": 8, "u": 10}[kind]))
		case "2": // a renamed file: the old name is a field of its own
			changed = append(changed, last(rest, 9))
			i++
		}
	}
	switch {
	case len(changed) > 0:
		return g.grave(TargetWorktree, "dirty", some(changed)+" differ from the commit")
	case len(untracked) > 0:
		return g.grave(TargetWorktree, "untracked_files", some(untracked)+" not tracked")
	}
	return Passed(TargetWorktree, "clean")
}

// last is the n-th word of a line and all after it: a path may have spaces.
func last(line string, n int) string {
	words := strings.SplitN(line, " ", n)
	return words[len(words)-1]
}

// some shows the first few of many.
func some(names []string) string {
	const few = 3
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}

// observeRevision keeps the commit in the detail, and so in the evidence.
func (g GitSafety) observeRevision(status, tags gitAnswer) Observation {
	reason, detail := cmp.Or(status.reason, tags.reason), cmp.Or(status.detail, tags.detail)
	if reason != "" && reason != "git_failed" {
		return Failed(TargetRevision, reason, detail)
	}
	commit, branch := header(status, "# branch.oid "), header(status, "# branch.head ")
	if commit == "(initial)" {
		return Failed(TargetRevision, "no_commit", "nothing is committed")
	}
	if reason != "" {
		return Failed(TargetRevision, reason, detail)
	}
	o := g.judgeRevision(commit, branch, tags.fields)
	o.Commit = commit
	return o
}

func (g GitSafety) judgeRevision(commit, branch string, tags []string) Observation {
	at := fmt.Sprintf("%s at %s", branch, commit)
	if g.Branch != "" && branch != g.Branch {
		return g.grave(TargetRevision, "wrong_branch", fmt.Sprintf("%s, not %s", at, g.Branch))
	}
	if g.Tag == "" {
		return Passed(TargetRevision, at)
	}
	for _, tag := range tags {
		if ok, _ := path.Match(g.Tag, tag); ok {
			return Passed(TargetRevision, fmt.Sprintf("%s at %s", tag, commit))
		}
	}
	return g.grave(TargetRevision, "wrong_tag", fmt.Sprintf("%s, without a tag like %s", at, g.Tag))
}

func header(status gitAnswer, name string) string {
	i := slices.IndexFunc(status.fields, func(f string) bool { return strings.HasPrefix(f, name) })
	if i < 0 {
		return ""
	}
	return strings.TrimPrefix(status.fields[i], name)
}

// pathspecs are the patterns as git takes them.
func (g GitSafety) pathspecs() []string {
	var specs []string
	for _, p := range g.Secrets {
		specs = append(specs, ":(top,glob,icase)**/"+p)
	}
	for _, p := range g.NotSecrets {
		specs = append(specs, ":(top,exclude,glob,icase)**/"+p)
	}
	return specs
}

func observeTracked(tracked gitAnswer) Observation {
	switch {
	case tracked.reason != "":
		return Failed(TargetTrackedFiles, tracked.reason, tracked.detail)
	case len(tracked.fields) > 0:
		return Failed(TargetTrackedFiles, "tracked_secret", some(tracked.fields)+" tracked")
	}
	return Passed(TargetTrackedFiles, "no secret file is tracked")
}
