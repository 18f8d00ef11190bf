package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/alertnative/preflight/internal/testing/manyrules"
)

// benchLint races linting a large rule file against promtool's check of the same
// file.
func benchLint(ctx context.Context, dir string, runs int) error {
	fmt.Printf("\n%d rounds each:\n", runs)
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
		r := race{lanes: []*lane{
			{name: fmt.Sprintf("preflight-gen lint, %d rules", n), commands: []command{lint}},
			{name: fmt.Sprintf("promtool check rules, %d rules", n), commands: []command{check}},
		}}
		if err := r.run(ctx, runs); err != nil {
			return err
		}
		for _, l := range r.lanes {
			l.print()
		}
		fmt.Printf("  %-40s %.2f\n", "ratio of the times", r.ratio(r.lanes[1]))
	}
	return nil
}
