package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// memoryRuns is the number of runs whose memory is watched. They are not timed.
const memoryRuns = 5

// peak returns the greatest resident memory of the command's process over some
// runs, in bytes, or 0 where /proc does not show it. The kernel's own figure
// for a child that ended includes the memory of this program, from which it was
// forked.
func (c command) peak(ctx context.Context) (bytes int64, err error) {
	for range memoryRuns {
		cmd := exec.CommandContext(ctx, c.path, c.args...)
		cmd.Env = c.env
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		one, err := watch(cmd.Process.Pid, ended)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.path, err)
		}
		bytes = max(bytes, one)
	}
	return bytes, nil
}

// watch reads the peak of a process until it ends.
func watch(pid int, ended <-chan error) (bytes int64, err error) {
	file := fmt.Sprintf("/proc/%d/status", pid)
	for {
		select {
		case err := <-ended:
			return bytes, err
		default:
		}
		status, _ := os.ReadFile(file)
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var kib int64
		if _, err := fmt.Sscan(rest, &kib); err == nil {
			bytes = max(bytes, kib<<10)
		}
	}
}
