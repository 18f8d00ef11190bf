package routetree_test

import (
	"os"
	"runtime"
	"testing"
)

func TestMain(m *testing.M) {
	if race {
		// With several processors, the race detector crashes on timers of fake time
		// without duration.
		runtime.GOMAXPROCS(1)
	}
	os.Exit(m.Run())
}
