package checker

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// defaultEvery is the interval of --every without a value.
const defaultEvery = model.Duration(10 * time.Minute)

// bareEvery gives --every its value where none is given. kingpin has no flags
// whose value can be left out.
func bareEvery(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		switch arg {
		case "--every":
			out[i] = "--every=" + defaultEvery.String()
		case "--": // what follows is another command's
			return out
		}
	}
	return out
}

// schedule calls run at once, and then at every multiple of the interval since
// then, until ctx is done. Calls never overlap: beginnings that fell into a
// call that took too long are left out, and missed is told how many.
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
