package checker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockPatience limits the wait for other checkers. lockPoll is the interval
// between attempts.
const (
	lockPatience = 10 * time.Second
	lockPoll     = 2 * time.Millisecond
)

// lockDir takes a lock, so that concurrent checkers do not lose counts. It
// locks the folder itself, so no file is left behind, and the kernel releases
// it when the holder dies.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	lock := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	switch _, err := lock.TryLockContext(ctx, lockPoll); {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("the lock on %s has been held by another program for over %s: find it with lsof or fuser", dir, lockPatience)
	case err != nil:
		return nil, fmt.Errorf("lock on the folder: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// sweep removes the temporary files that killed writers left beside a file, if
// they are at least that old.
func sweep(path string, age time.Duration) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return // leftover files do no harm
	}
	for _, entry := range entries {
		number, ok := strings.CutPrefix(entry.Name(), "."+base)
		if _, err := strconv.ParseUint(number, 10, 64); !ok || err != nil {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) >= age {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
