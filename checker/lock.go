package checker

import (
	"context"
	"errors"
	"fmt"
	"os"
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
