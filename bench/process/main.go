// Command process measures the duration of our commands:
//
//   - "preflight --real-check" with all eight checks, Redis, PostgreSQL and
//     fakes of the exchanges on the loopback interface, compared with
//     "redis-cli ping && psql -c 'select 1'", which makes the same calls to the
//     databases. The two alternate, so other load affects both. It also prints
//     the start time of the program, its resident memory and its size.
//   - "preflight-gen", which writes all files into an empty folder.
//   - "preflight-gen lint" of 1,000 and 10,000 rules, compared with "promtool
//     check rules".
//
// "make bench" builds the commands and runs it in the project's folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/alertnative/preflight/internal/stack/servers"
)

func main() {
	runs := flag.Int("runs", 100, "how often each command is run")
	other := flag.String("other", "", "another build of preflight to alternate with bin/preflight")
	flag.Parse()
	if *runs < 1 {
		fmt.Fprintln(os.Stderr, "process: -runs must be 1 or more")
		os.Exit(2)
	}
	if err := bench(context.Background(), *runs, *other); err != nil {
		fmt.Fprintf(os.Stderr, "process: %v\n", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, runs int, other string) (err error) {
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL may run as another user, who must reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := benchCheck(ctx, dir, runs, other); err != nil {
		return err
	}
	if err := benchGenerate(ctx, dir, max(1, runs/5)); err != nil {
		return err
	}
	return benchLint(ctx, dir, max(1, runs/10))
}

// benchGenerate measures the generator on an empty folder.
func benchGenerate(ctx context.Context, dir string, runs int) error {
	times := make(durations, 0, runs)
	for i := range runs {
		out := filepath.Join(dir, fmt.Sprintf("generated-%d", i))
		generator, err := program("preflight-gen", "--out="+out)
		if err != nil {
			return err
		}
		d, err := generator.time(ctx)
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(out, "MANIFEST")); err != nil {
			return fmt.Errorf("preflight-gen wrote nothing: %w", err)
		}
		times = append(times, d)
	}
	fmt.Printf("%d runs, each into an empty folder:\n", runs)
	times.print("preflight-gen")
	return nil
}

// command is a program with its arguments, for repeated runs.
type command struct {
	path string
	args []string
	env  []string

	memory int // peak resident memory of the last run, in bytes
}

func program(name string, args ...string) (command, error) {
	path, err := servers.Find(name)
	return command{path: path, args: args}, err
}

// time runs the command once and returns the duration of its process.
func (c *command) time(ctx context.Context) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Env = c.env
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = int(usage.Maxrss) << 10 // Linux counts in KiB
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(c.path), err, out)
	}
	return took, nil
}

type durations []time.Duration

// quantile returns the smallest duration that the share q of the durations does
// not exceed.
func (d durations) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[max(0, int(float64(len(sorted))*q+0.999999)-1)]
}

func (d durations) print(name string) {
	ms := func(q float64) float64 { return float64(d.quantile(q)) / float64(time.Millisecond) }
	fmt.Printf("  %-40s median %6.1f ms   p95 %6.1f ms\n", name, ms(0.5), ms(0.95))
}
