package checker

import (
	"context"
	"os"
	"path/filepath"

	"github.com/alertnative/preflight/internal/git"
)

// Subject names what a run looked at: machine, commit and configuration.
type Subject struct {
	Host         string `json:"host"`
	Commit       string `json:"commit,omitempty"` // of the checkout of the system, if there is one
	Config       string `json:"config_file"`
	ConfigDigest string `json:"config_digest"` // "sha256:" and the digest of that file
}

// subject returns the Subject of a run with this configuration. The commit is
// the one that the run found checked out; when it is empty, git is asked. With
// an error only the commit is missing.
func (c Config) subject(ctx context.Context, env Env, commit string) (s Subject, err error) {
	s = Subject{Commit: commit, Config: c.path, ConfigDigest: c.digest}
	if s.Host, err = os.Hostname(); err != nil {
		s.Host = "unknown"
	}
	if s.Commit == "" {
		s.Commit, err = git.Head(ctx, c.checkout(env))
	}
	return s, err
}

// checkout returns the folder of the checkout that a check looks at, or else
// the folder of the configuration.
func (c Config) checkout(env Env) string {
	for _, check := range c.checks {
		if v, ok := check.(Versioned); ok {
			if folder := v.Checkout(env.For(check)); folder != "" {
				return folder
			}
		}
	}
	return filepath.Dir(c.path)
}
