package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/internal/stack/system"
)

// durable makes PostgreSQL sync each commit, as in production.
var durable = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}

// benchCheck races a run of the checker against a run of the build of another
// commit, and both against the two clients. An empty ref leaves the other build
// out.
func benchCheck(ctx context.Context, dir string, runs int, ref string) (err error) {
	ready, err := system.Start(ctx, dir, durable...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ready.Close()) }()

	declared, err := os.ReadFile(filepath.Join("bench", "process", "preflight.yml"))
	if err != nil {
		return err
	}
	ours := filepath.Join(dir, "ours")
	check, err := checker(ready.System, ours, declared)
	if err != nil {
		return err
	}
	gate := check
	gate.args = append([]string{"gate", "--env=paper"}, append(check.files(), "--", "true")...)
	starts, err := program("preflight", "--version")
	if err != nil {
		return err
	}
	clients, err := clients(ready)
	if err != nil {
		return err
	}
	r := race{lanes: []*lane{
		{name: "preflight --real-check, eight checks", commands: []command{check}},
		{name: "preflight gate", commands: []command{gate}},
		{name: "preflight --version, which only starts", commands: []command{starts}},
		{name: "redis-cli ping && psql -c 'select 1'", commands: clients},
	}}
	if ref != "" {
		other, err := build(ctx, ready.System, dir, ref)
		if err != nil {
			return err
		}
		r.lanes = append(r.lanes, &lane{name: "preflight --real-check of " + ref, commands: []command{other}})
	}
	if err := r.run(ctx, runs); err != nil {
		return err
	}
	r.print()
	text, err := os.ReadFile(textfile(ours))
	if err != nil {
		return err
	}
	if err := passed(string(text), runs+1+memoryRuns); err != nil {
		return err
	}
	return printProbes(string(text))
}

// clients returns the two commands that make the same calls to the databases.
func clients(ready *system.Whole) ([]command, error) {
	host, port, _ := strings.Cut(ready.Redis.Addr(), ":")
	ping, err := program("redis-cli", "-h", host, "-p", port, "ping")
	if err != nil {
		return nil, err
	}
	// Not the psql of the PATH, which in Debian is a script that starts it.
	selects, err := program("psql", "--no-psqlrc", "-c", "select 1", ready.Postgres.DSN())
	return []command{ping, selects}, err
}

func textfile(dir string) string { return filepath.Join(dir, "preflight.prom") }

// checker returns a run with all eight checks that writes into a folder.
func checker(ready *system.System, dir string, declared []byte) (command, error) {
	config, vars, err := ready.Declare(filepath.Base(dir)+".yml", declared)
	if err != nil {
		return command{}, err
	}
	c, err := program("preflight", "--config.file="+config, "--evidence.dir="+filepath.Join(dir, "evidence"),
		"--env=paper", "--real-check", "--metrics-output="+textfile(dir))
	c.env = append(os.Environ(), vars...)
	return c, err
}

// files returns the flags that a run and the gate share.
func (c command) files() []string { return c.args[:2:2] }

// build builds the checker of another commit, and returns a run with that
// commit's configuration.
func build(ctx context.Context, ready *system.System, dir, ref string) (command, error) {
	source := filepath.Join(dir, "source")
	if err := git(ctx, "worktree", "add", "--quiet", "--detach", source, ref); err != nil {
		return command{}, err
	}
	defer func() { _ = git(ctx, "worktree", "remove", "--force", source) }()
	if err := quietly(exec.CommandContext(ctx, filepath.Join(source, "scripts", "build"), "./cmd/preflight")); err != nil {
		return command{}, err
	}
	binary := filepath.Join(dir, "preflight-"+ref)
	if err := os.Rename(filepath.Join(source, "bin", "preflight"), binary); err != nil {
		return command{}, err
	}
	declared, err := os.ReadFile(filepath.Join(source, "bench", "process", "preflight.yml"))
	if err != nil {
		return command{}, err
	}
	c, err := checker(ready, filepath.Join(dir, "other"), declared)
	c.path = binary
	return c, err
}

// passed checks that every check passed in the timed runs.
func passed(text string, runs int) error {
	lines := []string{
		fmt.Sprintf(`arbitrage_preflight_realcheck_redis_latency_seconds_count{env="paper"} %d`, runs),
		fmt.Sprintf(`arbitrage_preflight_realcheck_postgres_latency_seconds_count{env="paper"} %d`, runs),
	}
	for _, c := range spec.Shipped() {
		lines = append(lines, fmt.Sprintf(`arbitrage_preflight_checks_total{check="%s",env="paper",status="pass"} %d`, c.Name, runs))
	}
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			return fmt.Errorf("not every check passed in every run: the metrics lack %q", line)
		}
	}
	return nil
}

// printProbes prints the means of the write probes, whose commit waits for the
// disk.
func printProbes(text string) error {
	for _, name := range []string{"redis", "postgres"} {
		var sum, count float64
		prefix := "\narbitrage_preflight_realcheck_" + name + `_write_seconds_%s{env="paper"} `
		for part, v := range map[string]*float64{"sum": &sum, "count": &count} {
			_, rest, ok := strings.Cut(text, fmt.Sprintf(prefix, part))
			if _, err := fmt.Sscan(rest, v); !ok || err != nil {
				return fmt.Errorf("the metrics lack the write probe of %s", name)
			}
		}
		fmt.Printf("  %-40s mean %9.2f ms, within the run\n", "write probe of "+name, 1000*sum/count)
	}
	fmt.Println()
	return nil
}
