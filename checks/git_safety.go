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

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/git"
)

// gitSafetyConfig configures the check Git Safety.
type gitSafetyConfig struct {
	Repository string        `yaml:"repository"` // folder; by default that of preflight.yml
	Branch     string        `yaml:"branch"`     // branch that must be checked out; any by default
	Tag        string        `yaml:"tag"`        // pattern of a tag that the commit must have, such as v*
	Secrets    []string      `yaml:"secret_files"`
	NotSecrets []string      `yaml:"not_secret"`
	Timeout    time.Duration `yaml:"timeout"` // 5s by default
}

// Default patterns of secret files. They are git pathspecs, at any depth.
var (
	defaultSecretFiles = []string{".env", ".env.*", "*.pem", "*.key", "*.p12", "*.keystore", "id_rsa", "id_ed25519", "secrets/**"}
	defaultNotSecret   = []string{"*.example", "*.sample", "*.template"}
)

func (c *gitSafetyConfig) observer(env checker.Env) observer {
	if c == nil {
		return gitSafety{}
	}
	g := gitSafety{
		Repository: env.Path(c.Repository), Live: env.Live, Branch: c.Branch, Tag: c.Tag,
		Secrets: c.Secrets, NotSecrets: c.NotSecrets, Timeout: cmp.Or(c.Timeout, git.Timeout),
	}
	if g.Secrets == nil {
		g.Secrets = defaultSecretFiles
	}
	if g.NotSecrets == nil {
		g.NotSecrets = defaultNotSecret
	}
	return g
}

func (c *gitSafetyConfig) Problems(checker.Env) (problems []checker.Problem) {
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

// Targets of the check Git Safety.
const (
	targetWorktree     = "worktree"
	targetRevision     = "revision"
	targetTrackedFiles = "tracked_files"
)

// gitCheck is the check Git Safety. The evidence has the commit of the checkout
// that it checks.
type gitCheck struct{ check[*gitSafetyConfig] }

// Checkout returns the folder of the checkout.
func (c gitCheck) Checkout(env checker.Env) string {
	return c.observer(env).(gitSafety).Repository
}

// gitSafety checks that the checkout for trading is the reviewed version.
type gitSafety struct {
	Repository  string // folder; "" means not checked
	Live        bool   // live environment: warnings become failures
	Branch, Tag string
	Secrets     []string // patterns of files that must not be tracked
	NotSecrets  []string // exceptions from them
	Timeout     time.Duration
}

// targets returns the three targets, which every checkout has.
func (g gitSafety) targets() []string {
	if g.Repository == "" {
		return nil
	}
	return []string{targetWorktree, targetRevision, targetTrackedFiles}
}

// maxDuration returns the timeout of git.
func (g gitSafety) maxDuration() time.Duration { return g.Timeout }

// run calls git.
func (g gitSafety) run(ctx context.Context, _ checker.Env) []checker.Observation {
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	var wg sync.WaitGroup
	var status, tags, tracked git.Answer
	wg.Go(func() {
		status = g.git(ctx, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z")
	})
	wg.Go(func() { tracked = g.git(ctx, append([]string{"ls-files", "-z", "--"}, g.pathspecs()...)...) })
	if g.Tag != "" {
		wg.Go(func() { tags = g.git(ctx, "tag", "--points-at", "HEAD") })
	}
	wg.Wait()
	worktree := g.observeWorktree(status)
	if root, err := git.Root(g.Repository); err == nil {
		changed, _ := differing(status) // untracked files may be logs and data
		worktree.Tree = treeDigest(root, changed)
	}
	return []checker.Observation{worktree, g.observeRevision(status, tags), observeTracked(tracked)}
}

// git calls git in the repository.
func (g gitSafety) git(ctx context.Context, args ...string) git.Answer {
	a := git.Run(ctx, g.Repository, args...)
	if a.Reason == git.TimedOut {
		a.Detail = fmt.Sprintf("git did not finish within %s", g.Timeout)
	}
	return a
}

// grave returns a failure in a live environment, else a warning.
func (g gitSafety) grave(target, reason, detail string) checker.Observation {
	if g.Live {
		return checker.Failed(target, reason, detail)
	}
	return checker.Warned(target, reason, detail)
}

func (g gitSafety) observeWorktree(status git.Answer) checker.Observation {
	if status.Reason != "" {
		return checker.Failed(targetWorktree, status.Reason, status.Detail)
	}
	changed, untracked := differing(status)
	switch {
	case len(changed) > 0:
		return g.grave(targetWorktree, "dirty", some(changed)+" differ from the commit")
	case len(untracked) > 0:
		return g.grave(targetWorktree, "untracked_files", some(untracked)+" not tracked")
	}
	return checker.Passed(targetWorktree, "clean")
}

// differing returns the files that differ from the commit, and those that git
// does not track.
func differing(status git.Answer) (changed, untracked []string) {
	for i := 0; i < len(status.Fields); i++ {
		kind, rest, _ := strings.Cut(status.Fields[i], " ")
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
	return changed, untracked
}

// last returns the n-th word of a line and the rest after it, because a path
// may have spaces.
func last(line string, n int) string {
	words := strings.SplitN(line, " ", n)
	return words[len(words)-1]
}

// some returns the first few of many.
func some(names []string) string {
	const few = 3
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}

// observeRevision puts the commit into the detail, and so into the evidence.
func (g gitSafety) observeRevision(status, tags git.Answer) checker.Observation {
	reason, detail := cmp.Or(status.Reason, tags.Reason), cmp.Or(status.Detail, tags.Detail)
	if reason != "" && reason != git.Refused {
		return checker.Failed(targetRevision, reason, detail)
	}
	commit, branch := header(status, "# branch.oid "), header(status, "# branch.head ")
	if commit == "(initial)" {
		return checker.Failed(targetRevision, "no_commit", "nothing is committed")
	}
	if reason != "" {
		return checker.Failed(targetRevision, reason, detail)
	}
	o := g.judgeRevision(commit, branch, tags.Fields)
	o.Commit = commit
	return o
}

func (g gitSafety) judgeRevision(commit, branch string, tags []string) checker.Observation {
	at := fmt.Sprintf("%s at %s", branch, commit)
	if g.Branch != "" && branch != g.Branch {
		return g.grave(targetRevision, "wrong_branch", fmt.Sprintf("%s, not %s", at, g.Branch))
	}
	if g.Tag == "" {
		return checker.Passed(targetRevision, at)
	}
	for _, tag := range tags {
		if ok, _ := path.Match(g.Tag, tag); ok {
			return checker.Passed(targetRevision, fmt.Sprintf("%s at %s", tag, commit))
		}
	}
	return g.grave(targetRevision, "wrong_tag", fmt.Sprintf("%s, without a tag like %s", at, g.Tag))
}

func header(status git.Answer, name string) string {
	i := slices.IndexFunc(status.Fields, func(f string) bool { return strings.HasPrefix(f, name) })
	if i < 0 {
		return ""
	}
	return strings.TrimPrefix(status.Fields[i], name)
}

// pathspecs returns the patterns in git's syntax.
func (g gitSafety) pathspecs() []string {
	var specs []string
	for _, p := range g.Secrets {
		specs = append(specs, ":(top,glob,icase)**/"+p)
	}
	for _, p := range g.NotSecrets {
		specs = append(specs, ":(top,exclude,glob,icase)**/"+p)
	}
	return specs
}

func observeTracked(tracked git.Answer) checker.Observation {
	switch {
	case tracked.Reason != "":
		return checker.Failed(targetTrackedFiles, tracked.Reason, tracked.Detail)
	case len(tracked.Fields) > 0:
		return checker.Failed(targetTrackedFiles, "tracked_secret", some(tracked.Fields)+" tracked")
	}
	return checker.Passed(targetTrackedFiles, "no secret file is tracked")
}
