package checks

import (
	"context"
	"os"
	"path/filepath"
)

// Subject is what a run was about.
type Subject struct {
	Host         string `json:"host"`
	Commit       string `json:"commit,omitempty"` // of the checkout that Git Safety looks at, if there is one
	Config       string `json:"config_file"`
	ConfigDigest string `json:"config_digest"` // "sha256:" and the digest of that file
}

// Subject returns what a run with this configuration is about. The commit is
// the one that the run found checked out; when it is empty, git is asked. The
// error says that the commit is not known; all else is.
func (c Config) Subject(ctx context.Context, commit string) (s Subject, err error) {
	s = Subject{Commit: commit, Config: c.file, ConfigDigest: c.digest}
	if s.Host, err = os.Hostname(); err != nil {
		s.Host = "unknown"
	}
	if s.Commit == "" {
		s.Commit, err = headCommit(ctx, c.checkout())
	}
	return s, err
}

// checkout is the folder of the checkout that would trade.
func (c Config) checkout() string {
	if c.GitSafety != nil {
		return Setting{dir: c.dir()}.path(c.GitSafety.Repository)
	}
	return c.dir()
}

// dir is where the relative paths of the configuration start.
func (c Config) dir() string { return filepath.Dir(c.file) }

// Commit returns what Git Safety found checked out; nothing when it was skipped
// or found nothing.
func (r Report) Commit() string {
	for _, result := range r.Results {
		for _, o := range result.Observations {
			if o.Commit != "" {
				return o.Commit
			}
		}
	}
	return ""
}
