// Command mutation measures "preflight-gen mutate" and --suggest on rule files
// of the size of public collections, in testdata:
//
//   - cluster.yml: 27 rules in the style of collections for Kubernetes.
//   - slo.yml: 11 rules with windows of up to three days, whose tests last five
//     days.
//
// It prints the duration, the score by hand, and the score with the suggested
// tests. "make bench" builds the commands and runs it in the project's folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := bench(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "mutation: %v\n", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	const data = "bench/mutation/testdata/"
	for _, name := range []string{"cluster", "slo"} {
		if err := mutate(ctx, name+": mutate", data+name+"_test.yml"); err != nil {
			return err
		}
	}
	if err := mutate(ctx, "cluster: mutate --suggest", "--suggest="+dir, "--promtool=bin/promtool", data+"cluster_test.yml"); err != nil {
		return err
	}
	suggested, err := filepath.Glob(filepath.Join(dir, "*_test.yml"))
	if err != nil {
		return err
	}
	return mutate(ctx, "cluster: with the suggested tests", append(suggested, data+"cluster_test.yml")...)
}

// mutate runs the command and prints the last line of its report with the
// durations.
func mutate(ctx context.Context, what string, args ...string) error {
	started := time.Now()
	cmd := exec.CommandContext(ctx, "bin/preflight-gen", append([]string{"mutate", "--min-score=0"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("preflight-gen mutate: %w\n%s", err, out)
	}
	score := ""
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "score ") {
			score = strings.TrimSpace(line)
		}
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Printf("%s: %.1f s, %.1f s of CPU time: %s\n", what, time.Since(started).Seconds(), cpu.Seconds(), score)
	return nil
}
