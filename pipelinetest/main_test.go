package pipelinetest_test

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much garbage, little memory
	os.Exit(m.Run())
}
