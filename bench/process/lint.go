package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/alertnative/preflight/internal/testing/manyrules"
)

// benchLint compares linting a large rule file with promtool's check of the
// same file.
func benchLint(ctx context.Context, dir string, runs int) error {
	fmt.Printf("\n%d runs each, alternating:\n", runs)
	for _, n := range []int{1000, 10000} {
		file := filepath.Join(dir, fmt.Sprintf("rules-%d.yml", n))
		if err := os.WriteFile(file, []byte(manyrules.Write(n)), 0o644); err != nil {
			return err
		}
		lint, err := program("preflight-gen", "lint", file)
		if err != nil {
			return err
		}
		check, err := program("promtool", "check", "rules", file)
		if err != nil {
			return err
		}
		var times [2]durations
		var peak [2]float64
		for range runs {
			for i, c := range []command{lint, check} {
				took, mib, err := c.measure(ctx)
				if err != nil {
					return err
				}
				times[i], peak[i] = append(times[i], took), max(peak[i], mib)
			}
		}
		for i, name := range []string{"preflight-gen lint", "promtool check rules"} {
			times[i].print(fmt.Sprintf("%s, %d rules", name, n))
			fmt.Printf("  %-40s peak %8.0f MiB\n", "", peak[i])
		}
		fmt.Printf("  %-40s %.2f\n", "ratio of the medians", float64(times[0].quantile(0.5))/float64(times[1].quantile(0.5)))
	}
	return nil
}

// measure runs the command once and returns its duration and peak memory in
// MiB.
func (c command) measure(ctx context.Context) (time.Duration, float64, error) {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w\n%s", filepath.Base(c.path), err, out)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	unit := 1024.0 // bytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return took, float64(usage.Maxrss) * unit / (1 << 20), nil
}
