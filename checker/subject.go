package checker

import (
	"context"
	"os"
	"path/filepath"

	"github.com/alertnative/preflight/internal/git"
)

// Subject identifies the checked system: machine, commit and configuration.
type Subject struct {
	Host         string `json:"host"`
	Commit       string `json:"commit,omitempty"` // commit of the system's checkout, if any
	Tree         string `json:"tree,omitempty"`   // "sha256:" with the digest of the content that differs from the commit, if any
	Config       string `json:"config_file"`
	ConfigDigest string `json:"config_digest"` // "sha256:" with the digest of that file
}

// subject returns the Subject of a run with this configuration, with the commit
// that the run found. If it found none, git reports it. If the error is not nil,
// only the commit is missing.
func (c Config) subject(ctx context.Context, env Env, r Report) (s Subject, err error) {
	s = Subject{Commit: r.Commit(), Tree: r.Tree(), Config: c.path, ConfigDigest: c.digest}
	if s.Host, err = os.Hostname(); err != nil {
		s.Host = "unknown"
	}
	if s.Commit == "" {
		s.Commit, err = git.Head(ctx, c.checkout(env))
	}
	return s, err
}

// checkout returns the folder of a Versioned check's checkout, or else the
// folder of the configuration.
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
