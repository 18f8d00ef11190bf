package checker

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// defaultEvery is the interval of --every without a value.
const defaultEvery = model.Duration(10 * time.Minute)

// bareEvery gives --every its default value. kingpin has no flags with an
// optional value.
func bareEvery(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		switch arg {
		case "--every":
			out[i] = "--every=" + defaultEvery.String()
		case "--": // the rest belongs to another command
			return out
		}
	}
	return out
}

// schedule calls run now and at every multiple of the interval until ctx is
// done. Calls never overlap. If a call takes too long, schedule skips the
// missed starts and calls missed with their number.
func schedule(ctx context.Context, interval time.Duration, run func(), missed func(n int)) {
	began := time.Now()
	for slot := time.Duration(0); ctx.Err() == nil; {
		run()
		next := time.Since(began)/interval + 1
		if n := next - slot - 1; n > 0 {
			missed(int(n))
		}
		slot = next
		wait := time.NewTimer(time.Until(began.Add(slot * interval)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
	}
}
