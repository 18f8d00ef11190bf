package git

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A commit under the name of another proves nothing.
func TestForgedCommit(t *testing.T) {
	t.Parallel()
	c := &checkout{t, rand.New(rand.NewPCG(1, 1)), t.TempDir()}
	file := func(commit string) string { return c.path(filepath.Join(".git/objects", commit[:2], commit[2:])) }
	c.git("init", "--quiet")
	c.fill()
	c.commit()
	reviewed := c.git("rev-parse", "HEAD")
	c.must(os.WriteFile(c.path("other"), nil, 0o644))
	c.commit()
	other := c.git("rev-parse", "HEAD")
	c.git("reset", "--quiet", "--soft", reviewed)
	r, err := Open(c.dir)
	c.must(err)
	for _, commit := range []string{reviewed, other} {
		if tree, err := r.treeOf(commit); err != nil || tree != c.git("rev-parse", commit+"^{tree}") {
			t.Errorf("%s has the tree %q, %v", commit, tree, err)
		}
	}
	c.must(os.Chmod(file(reviewed), 0o644))
	forged, err := os.ReadFile(file(other))
	c.must(err)
	c.must(os.WriteFile(file(reviewed), forged, 0o644))
	if tree, err := r.treeOf(reviewed); err == nil {
		t.Errorf("the forged commit has the tree %s", tree)
	}
	if s, err := r.Compare(t.Context(), Options{}); err == nil {
		t.Errorf("the forged commit passes: %+v", s)
	}
}
