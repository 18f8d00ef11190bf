package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/internal/stack/system"
)

// benchCheck compares a run of the checker with the two clients, and with
// another build of the checker if there is one.
func benchCheck(ctx context.Context, dir string, runs int, other string) (err error) {
	ready, err := system.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ready.Close()) }()

	var p contest
	if p.preflight, err = checker(ready.System, filepath.Join(dir, "ours")); err != nil {
		return err
	}
	if p.starts, err = program("preflight", "--version"); err != nil {
		return err
	}
	host, port, _ := strings.Cut(ready.Redis.Addr(), ":")
	if p.ping, err = program("redis-cli", "-h", host, "-p", port, "ping"); err != nil {
		return err
	}
	if p.selects, err = program("psql", "--no-psqlrc", "-c", "select 1", ready.Postgres.DSN()); err != nil {
		return err
	}
	if other != "" {
		if p.other, err = checker(ready.System, filepath.Join(dir, "other")); err != nil {
			return err
		}
		p.other.path = other
	}
	if err := p.measure(ctx, runs); err != nil {
		return err
	}
	return passed(textfile(filepath.Join(dir, "ours")), runs+1)
}

// checker returns a run with all eight checks that writes into a folder.
func checker(ready *system.System, dir string) (command, error) {
	config, vars, err := ready.Everything()
	if err != nil {
		return command{}, err
	}
	c, err := program("preflight", "--config.file="+config, "--env=paper", "--real-check",
		"--metrics-output="+textfile(dir), "--evidence.dir="+filepath.Join(dir, "evidence"))
	c.env = append(os.Environ(), vars...)
	return c, err
}

func textfile(dir string) string { return filepath.Join(dir, "preflight.prom") }

// contest holds the commands that run alternately.
type contest struct {
	preflight, starts, ping, selects command
	other                            command // its path is "" if there is none
}

// measure runs every command and prints the durations.
func (p *contest) measure(ctx context.Context, runs int) error {
	all := []struct {
		name     string
		commands []*command
		times    durations
	}{
		{name: "preflight --real-check, eight checks", commands: []*command{&p.preflight}},
		{name: "preflight --version, which only starts", commands: []*command{&p.starts}},
		{name: "redis-cli ping && psql -c 'select 1'", commands: []*command{&p.ping, &p.selects}},
		{name: "the other preflight --real-check", commands: []*command{&p.other}},
	}
	if p.other.path == "" {
		all = all[:3]
	}
	memory := 0
	for i := range runs + 1 {
		for j, t := range all {
			var took time.Duration
			for _, c := range t.commands {
				d, err := c.time(ctx)
				if err != nil {
					return err
				}
				took += d
			}
			if i > 0 { // the first run has cold caches
				all[j].times = append(all[j].times, took)
			}
		}
		memory = max(memory, p.preflight.memory)
	}
	fmt.Printf("%d runs each, alternating:\n", runs)
	for _, t := range all {
		t.times.print(t.name)
	}
	ratio := func(i int) float64 { return float64(all[0].times.quantile(0.5)) / float64(all[i].times.quantile(0.5)) }
	fmt.Printf("  %-40s %.2f\n", "ratio of the medians", ratio(2))
	if len(all) > 3 {
		fmt.Printf("  %-40s %.2f\n", "ratio to the other preflight", ratio(3))
	}
	info, err := os.Stat(p.preflight.path)
	if err != nil {
		return err
	}
	fmt.Printf("  %-40s %.1f MB resident at most, the program is %.1f MB\n\n", "size", float64(memory)/1e6, float64(info.Size())/1e6)
	return nil
}

// passed checks that every check passed in the timed runs.
func passed(textfile string, runs int) error {
	text, err := os.ReadFile(textfile)
	if err != nil {
		return err
	}
	lines := []string{
		fmt.Sprintf(`arbitrage_preflight_realcheck_redis_latency_seconds_count{env="paper"} %d`, runs),
		fmt.Sprintf(`arbitrage_preflight_realcheck_postgres_latency_seconds_count{env="paper"} %d`, runs),
	}
	for _, c := range spec.Shipped() {
		lines = append(lines, fmt.Sprintf(`arbitrage_preflight_checks_total{check="%s",env="paper",status="pass"} %d`, c.Name, runs))
	}
	for _, line := range lines {
		if !strings.Contains(string(text), "\n"+line+"\n") {
			return fmt.Errorf("not every check passed in every run: the metrics lack %q", line)
		}
	}
	return nil
}
