package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
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
	Upstream   string        `yaml:"upstream"`   // branch of the remote that must have the commit, or auto; not compared by default
	Secrets    []string      `yaml:"secret_files"`
	NotSecrets []string      `yaml:"not_secret"`
	Filters    []string      `yaml:"filters"`             // filter drivers that may change files, such as lfs
	Submodules []string      `yaml:"optional_submodules"` // patterns of submodules that need not be initialised
	Links      []string      `yaml:"outside_links"`       // patterns of tracked links that may lead out of the checkout
	Sparse     bool          `yaml:"sparse"`              // a sparse checkout may leave files out
	Timeout    time.Duration `yaml:"timeout"`             // 5s by default
}

// autoUpstream is the setting for the upstream of the current branch.
const autoUpstream = "auto"

func (c *gitSafetyConfig) observer(env checker.Env) observer {
	if c == nil {
		return gitSafety{}
	}
	return gitSafety{
		Repository: env.Path(c.Repository), Live: env.Live, Branch: c.Branch, Tag: c.Tag, Upstream: c.Upstream,
		Secrets: newSecretFiles(c.Secrets, c.NotSecrets), Filters: c.Filters, Submodules: newGlobs(c.Submodules...),
		Links: newGlobs(c.Links...), Sparse: c.Sparse, Timeout: cmp.Or(c.Timeout, git.Timeout),
	}
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
	if remote, branch, _ := strings.Cut(c.Upstream, "/"); c.Upstream != "" && c.Upstream != autoUpstream && (remote == "" || branch == "") {
		problems = append(problems, wrong("must be a branch of a remote, such as origin/main, or "+autoUpstream, "upstream"))
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
	Upstream    string // branch of a remote, auto, or "" for none
	Secrets     secretFiles
	Filters     []string // accepted filter drivers
	Submodules  globs    // submodules that may be absent
	Links       globs    // links that may lead out
	Sparse      bool
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

// run compares the checkout with its commit.
func (g gitSafety) run(ctx context.Context, _ checker.Env) []checker.Observation {
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	repository, err := git.Open(g.Repository)
	if err != nil {
		return []checker.Observation{g.failed(targetWorktree, err), g.failed(targetRevision, err), g.failed(targetTrackedFiles, err)}
	}
	var wg sync.WaitGroup
	var state git.State
	var stateErr error
	seen := &secretContents{waived: g.Secrets.waived}
	wg.Go(func() {
		// Elsewhere than in live, a person may exclude files of their own.
		state, stateErr = repository.Compare(ctx, git.Options{OnlyGitignore: g.Live, Look: seen.look})
	})
	var r revision
	wg.Go(func() { r = g.revision(ctx, repository) })
	wg.Wait()
	if stateErr != nil {
		return []checker.Observation{g.failed(targetWorktree, stateErr), g.failed(targetRevision, stateErr), g.failed(targetTrackedFiles, stateErr)}
	}
	worktree := g.observeWorktree(state)
	worktree.Tree = treeDigest(repository.Root(), uncommitted(state))
	return []checker.Observation{worktree, g.observeRevision(state, r), g.observeTracked(state.Tracked, seen)}
}

// failed returns the observation of a target that git could not show.
func (g gitSafety) failed(target string, err error) checker.Observation {
	failure := &git.Error{Reason: git.Refused, Detail: err.Error()}
	errors.As(err, &failure)
	if failure.Reason == git.TimedOut {
		return checker.Failed(target, failure.Reason, fmt.Sprintf("git did not finish within %s", g.Timeout))
	}
	return checker.Failed(target, failure.Reason, failure.Detail)
}

// grave returns a failure in a live environment, else a warning.
func (g gitSafety) grave(target, reason, detail string) checker.Observation {
	if g.Live {
		return checker.Failed(target, reason, detail)
	}
	return checker.Warned(target, reason, detail)
}

// worst returns the gravest of a target's problems, the first of several, with
// the details of all.
func worst(problems []checker.Observation) checker.Observation {
	var o checker.Observation
	var details []string
	for _, p := range problems {
		if o.Status == "" || o.Status == checker.Warn && p.Status == checker.Fail {
			o = p
		}
		details = append(details, p.Detail)
	}
	o.Detail = strings.Join(details, "; ")
	return o
}

// some returns the first few of many.
func some(names []string) string {
	const few = 3
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}
