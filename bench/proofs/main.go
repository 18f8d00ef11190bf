// Command proofs measures the duration of the proofs of the shipped rules:
//
//   - 500 tests made from the rules' expressions, with promtool: in one
//     process, and in one per processor as in "make test". They are the
//     generated tests of the shipped pack, repeated.
//   - "preflight-gen mutate" with every mutant of the shipped pack.
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
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

func main() {
	count := flag.Int("tests", 500, "how many generated tests are run")
	flag.Parse()
	if *count < 1 {
		fmt.Fprintln(os.Stderr, "proofs: -tests must be 1 or more")
		os.Exit(2)
	}
	if err := bench(context.Background(), *count); err != nil {
		fmt.Fprintf(os.Stderr, "proofs: %v\n", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, count int) (err error) {
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files, err := generatedTests(dir, count)
	if err != nil {
		return err
	}
	for _, processes := range []int{1, runtime.NumCPU()} {
		took, cpu, err := promtool(ctx, files, processes)
		if err != nil {
			return err
		}
		fmt.Printf("%d generated tests, promtool in %d processes: %.1f s, %.1f s of CPU time\n", count, processes, took.Seconds(), cpu.Seconds())
	}
	started := time.Now()
	mutate := exec.CommandContext(ctx, "bin/preflight-gen", "mutate")
	out, err := mutate.CombinedOutput()
	if err != nil {
		return fmt.Errorf("preflight-gen mutate: %w\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fmt.Printf("preflight-gen mutate: %.1f s, %.1f s of CPU time: %s\n", time.Since(started).Seconds(), cpuOf(mutate).Seconds(), lines[len(lines)-1])
	return nil
}

// generatedTests writes files with count tests in total and returns their
// paths.
func generatedTests(dir string, count int) ([]string, error) {
	shipped, err := filepath.Glob("generated/prometheus/tests/*.yml")
	if err != nil {
		return nil, err
	}
	var files []string
	left := count
	for round := 0; left > 0; round++ {
		before := left
		for _, path := range shipped {
			f, err := testfile.Read(path)
			if err != nil {
				return nil, err
			}
			f.Tests, left = onlyGenerated(f.Tests, left)
			if len(f.Tests) == 0 {
				continue
			}
			if f.RuleFiles, err = absolute(f); err != nil {
				return nil, err
			}
			data, err := genfile.YAML(f)
			if err != nil {
				return nil, err
			}
			to := filepath.Join(dir, fmt.Sprintf("%d-%s", round, filepath.Base(path)))
			if err := os.WriteFile(to, data, 0o600); err != nil {
				return nil, err
			}
			files = append(files, to)
		}
		if left == before {
			return nil, errors.New("generated/prometheus/tests holds no generated test: run make generate")
		}
	}
	return files, nil
}

// onlyGenerated returns at most left generated tests, and the number that
// remains.
func onlyGenerated(tests []testfile.Test, left int) ([]testfile.Test, int) {
	var out []testfile.Test
	for _, t := range tests {
		if strings.HasPrefix(t.Name, "generated: ") && left > 0 {
			out, left = append(out, t), left-1
		}
	}
	return out, left
}

func absolute(f testfile.File) ([]string, error) {
	loads, err := f.Loads()
	if err != nil {
		return nil, err
	}
	for i := range loads {
		if loads[i], err = filepath.Abs(loads[i]); err != nil {
			return nil, err
		}
	}
	return loads, nil
}

// promtool runs the tests in several processes at once. It returns the duration
// and the CPU time.
func promtool(ctx context.Context, files []string, processes int) (took, cpu time.Duration, err error) {
	started := time.Now()
	commands := make([]*exec.Cmd, processes)
	work := errgroup.Group{}
	for n := range commands {
		args := []string{"test", "rules"}
		for i := n; i < len(files); i += processes {
			args = append(args, files[i])
		}
		commands[n] = exec.CommandContext(ctx, "bin/promtool", args...)
		work.Go(func() error {
			if out, err := commands[n].CombinedOutput(); err != nil {
				return fmt.Errorf("promtool: %w\n%s", err, out)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return 0, 0, err
	}
	for _, c := range commands {
		cpu += cpuOf(c)
	}
	return time.Since(started), cpu, nil
}

func cpuOf(c *exec.Cmd) time.Duration { return c.ProcessState.UserTime() + c.ProcessState.SystemTime() }
