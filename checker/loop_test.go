package checker

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// In fake time: a run starts at each multiple of the interval, whatever earlier
// runs took, and never during another run.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		took := []time.Duration{ // duration of each run
			0, 9 * time.Second, 25 * time.Second, 10 * time.Second, 0, time.Second,
		}
		var begins []time.Duration
		var missed []int
		schedule(ctx, 10*time.Second, func() {
			begins = append(begins, time.Since(began))
			time.Sleep(took[len(begins)-1])
			if len(begins) == len(took) {
				cancel()
			}
		}, func(n int) { missed = append(missed, n) })
		s := time.Second
		// The third run takes two more intervals. The fourth ends at a start
		// time.
		if want := []time.Duration{0, 10 * s, 20 * s, 50 * s, 70 * s, 80 * s}; !slices.Equal(begins, want) {
			t.Errorf("runs start at %v, want %v", begins, want)
		}
		if !slices.Equal(missed, []int{2, 1}) {
			t.Errorf("missed %v", missed)
		}
		if end := time.Since(began); end != 81*s {
			t.Errorf("schedule returned at %s: it waited", end)
		}
	})
}
