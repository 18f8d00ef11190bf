// Command process measures the duration of our commands:
//
//   - "preflight --real-check" with all eight checks, Redis, PostgreSQL and
//     fakes of the exchanges on the loopback interface, compared with
//     "redis-cli ping && psql -c 'select 1'", which makes the same calls to the
//     databases, with "preflight gate", and with the build of another commit
//     (-ref). They take turns in random order, so other load affects all.
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
	"path/filepath"

	"github.com/alertnative/preflight/internal/stack/servers"
)

func main() {
	runs := flag.Int("runs", 100, "how often each command is run")
	ref := flag.String("ref", "", "a commit whose build of preflight is compared with bin/preflight")
	only := flag.Bool("check", false, "measure the checker only")
	flag.Parse()
	if *runs < 1 {
		fmt.Fprintln(os.Stderr, "process: -runs must be 1 or more")
		os.Exit(2)
	}
	if err := bench(context.Background(), *runs, *ref, *only); err != nil {
		fmt.Fprintf(os.Stderr, "process: %v\n", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, runs int, ref string, only bool) (err error) {
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL may run as another user, who must reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := benchCheck(ctx, dir, runs, ref); err != nil || only {
		return err
	}
	if err := benchGenerate(ctx, dir, max(1, runs/5)); err != nil {
		return err
	}
	return benchLint(ctx, dir, max(1, runs/10))
}

// benchGenerate measures the generator on an empty folder.
func benchGenerate(ctx context.Context, dir string, runs int) error {
	l := lane{name: "preflight-gen"}
	for i := range runs {
		out := filepath.Join(dir, fmt.Sprintf("generated-%d", i))
		generator, err := program("preflight-gen", "--out="+out)
		if err != nil {
			return err
		}
		l.commands = []command{generator}
		one, err := generator.time(ctx)
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(out, "MANIFEST")); err != nil {
			return fmt.Errorf("preflight-gen wrote nothing: %w", err)
		}
		l.costs = append(l.costs, one)
	}
	peak, err := l.commands[0].peak(ctx)
	if err != nil {
		return err
	}
	l.memory = peak
	fmt.Printf("%d runs, each into an empty folder:\n", runs)
	l.print()
	return nil
}

func program(name string, args ...string) (command, error) {
	path, err := servers.Find(name)
	return command{path: path, args: args}, err
}
