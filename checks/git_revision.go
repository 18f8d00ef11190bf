package checks

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/git"
)

// revision holds the tags and the upstream of a commit.
type revision struct {
	tags             []string
	upstream         git.Upstream
	tagErr, aheadErr error
}

// revision reads the tags and the upstream, if they are expected.
func (g gitSafety) revision(ctx context.Context, repository *git.Repository) (r revision) {
	var wg sync.WaitGroup
	if g.Tag != "" {
		wg.Go(func() { r.tags, r.tagErr = repository.Tags(ctx) })
	}
	if g.Upstream != "" {
		name := g.Upstream
		if name == autoUpstream {
			name = ""
		}
		wg.Go(func() { r.upstream, r.aheadErr = repository.Upstream(ctx, name) })
	}
	wg.Wait()
	return r
}

// observeRevision puts the commit into the detail, and so into the evidence.
func (g gitSafety) observeRevision(s git.State, r revision) checker.Observation {
	if s.Commit == "" {
		return checker.Failed(targetRevision, "no_commit", "nothing is committed")
	}
	for _, err := range []error{r.tagErr, r.aheadErr} {
		if err != nil {
			return g.failed(targetRevision, err)
		}
	}
	o := g.judgeRevision(s, r)
	o.Commit = s.Commit
	return o
}

func (g gitSafety) judgeRevision(s git.State, r revision) checker.Observation {
	at := fmt.Sprintf("%s at %s", s.Branch, s.Commit)
	var found []checker.Observation
	if g.Branch != "" && s.Branch != g.Branch {
		found = append(found, g.grave(targetRevision, "wrong_branch", fmt.Sprintf("%s, not %s", at, g.Branch)))
	}
	if g.Tag != "" {
		if tag, ok := match(g.Tag, r.tags); ok {
			at = fmt.Sprintf("%s at %s", tag, s.Commit)
		} else {
			found = append(found, g.grave(targetRevision, "wrong_tag", fmt.Sprintf("%s, without a tag like %s", at, g.Tag)))
		}
	}
	if o := g.judgeUpstream(r.upstream); o.Status != "" {
		found = append(found, o)
	}
	if len(found) > 0 {
		return worst(found)
	}
	return checker.Passed(targetRevision, at)
}

// match returns the first tag that has the pattern.
func match(pattern string, tags []string) (string, bool) {
	for _, tag := range tags {
		if ok, _ := path.Match(pattern, tag); ok {
			return tag, true
		}
	}
	return "", false
}

// judgeUpstream returns a problem if the commit is not known to be on the
// remote. The time of the last fetch bounds the knowledge.
func (g gitSafety) judgeUpstream(u git.Upstream) (o checker.Observation) {
	switch {
	case g.Upstream == "":
		return o
	case u.Name == "" && g.Upstream == autoUpstream:
		return checker.Warned(targetRevision, "no_upstream", "the branch has no upstream on a remote")
	case u.Name == "":
		return checker.Warned(targetRevision, "no_upstream", "there is no "+g.Upstream+" here")
	case u.Ahead == 0:
		return o
	}
	fetched := "nothing was fetched since the clone"
	if !u.Fetched.IsZero() {
		fetched = fmt.Sprintf("fetched %s ago", time.Since(u.Fetched).Round(time.Minute))
	}
	return g.grave(targetRevision, "not_pushed", fmt.Sprintf("%d ahead of %s (%s)", u.Ahead, u.Name, fetched))
}
