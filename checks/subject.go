package checks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// NewSubject finds out what a run in the working folder is about. The content
// is that of the configuration file. The error says that the commit is not
// known; all else is.
func NewSubject(ctx context.Context, config string, content []byte) (Subject, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	sum := sha256.Sum256(content)
	s := Subject{Host: host, Config: config, ConfigDigest: "sha256:" + hex.EncodeToString(sum[:])}
	s.Commit, err = headCommit(ctx)
	return s, err
}

// headCommit returns the commit that is checked out in the working folder;
// nothing when there is no checkout.
func headCommit(ctx context.Context) (string, error) {
	if !inCheckout() {
		return "", nil
	}
	// Whose checkout it is does not matter for reading one hash.
	cmd := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "rev-parse", "--verify", "--quiet", "HEAD")
	out, err := cmd.Output()
	switch exit := (*exec.ExitError)(nil); {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return "", nil // nothing was committed yet
	case err != nil:
		return "", fmt.Errorf("the commit of the checkout: git: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// inCheckout spares the start of git where there is none to look at.
func inCheckout() bool {
	dir, err := os.Getwd()
	if err != nil {
		return false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}
