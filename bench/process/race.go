package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// race runs commands in rounds. In each round every lane runs once, in random
// order, so that other load affects all of them alike.
type race struct{ lanes []*lane }

// lane is a list of commands that run one after the other, with its costs.
type lane struct {
	name     string
	commands []command
	costs    []cost
	memory   int64 // greatest resident memory of a process, in bytes; 0 if unknown
}

// cost holds the costs of one run of a lane.
type cost struct {
	elapsed, processor time.Duration
	faults             int64
}

// run runs the rounds. The first one has cold caches and does not count.
func (r *race) run(ctx context.Context, rounds int) error {
	for round := range rounds + 1 {
		order := slices.Clone(r.lanes)
		if round > 0 { // before, the gate needs the evidence of a run
			rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for _, l := range order {
			var total cost
			for _, c := range l.commands {
				one, err := c.time(ctx)
				if err != nil {
					return err
				}
				total.elapsed += one.elapsed
				total.processor += one.processor
				total.faults += one.faults
			}
			l.costs = append(l.costs, total)
		}
	}
	for _, l := range r.lanes {
		l.costs = l.costs[1:]
		for _, c := range l.commands {
			peak, err := c.peak(ctx)
			if err != nil {
				return err
			}
			l.memory = max(l.memory, peak)
		}
	}
	return nil
}

// print prints the costs, and the medians of the ratios to the first lane.
func (r *race) print() {
	fmt.Printf("%d rounds in random order; medians:\n", len(r.lanes[0].costs))
	fmt.Printf("  %-40s %9s %9s %9s %8s %12s %10s %7s\n", "", "time", "p95", "processor", "faults", "resident MB", "program MB", "ratio")
	for _, l := range r.lanes {
		size := "-"
		if info, err := os.Stat(l.commands[0].path); err == nil {
			size = fmt.Sprintf("%.1f", float64(info.Size())/1e6)
		}
		fmt.Printf("  %-40s %6.1f ms %6.1f ms %6.1f ms %8d %12.1f %10s %7.2f\n", l.name,
			ms(median(l.costs, func(c cost) float64 { return float64(c.elapsed) })),
			ms(quantile(l.costs, 0.95, func(c cost) float64 { return float64(c.elapsed) })),
			ms(median(l.costs, func(c cost) float64 { return float64(c.processor) })),
			int64(median(l.costs, func(c cost) float64 { return float64(c.faults) })),
			float64(l.memory)/1e6, size, r.ratio(l))
	}
	fmt.Println("  ratio: time of the first line to this one, the median of the rounds")
}

// print prints the duration and the memory of one lane.
func (l *lane) print() {
	elapsed := func(c cost) float64 { return float64(c.elapsed) }
	fmt.Printf("  %-40s median %8.1f ms   p95 %8.1f ms   peak %6.0f MB\n", l.name, ms(median(l.costs, elapsed)),
		ms(quantile(l.costs, 0.95, elapsed)), float64(l.memory)/1e6)
}

// ratio returns the median over the rounds of the first lane's time to another's.
func (r *race) ratio(l *lane) float64 {
	var ratios []float64
	for i, c := range l.costs {
		ratios = append(ratios, float64(r.lanes[0].costs[i].elapsed)/float64(c.elapsed))
	}
	return median(ratios, func(v float64) float64 { return v })
}

func ms(nanoseconds float64) float64 { return nanoseconds / float64(time.Millisecond) }

func median[T any](list []T, of func(T) float64) float64 { return quantile(list, 0.5, of) }

// quantile returns the smallest value that the share q of the values does not
// exceed.
func quantile[T any](list []T, q float64, of func(T) float64) float64 {
	values := make([]float64, 0, len(list))
	for _, v := range list {
		values = append(values, of(v))
	}
	slices.Sort(values)
	return values[max(0, int(float64(len(values))*q+0.999999)-1)]
}

// command is a program with its arguments, for repeated runs.
type command struct {
	path string
	args []string
	env  []string
}

// time runs the command once and returns its cost, with that of the processes
// that it starts.
func (c command) time(ctx context.Context) (cost, error) {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Env = c.env
	began := time.Now()
	out, err := cmd.CombinedOutput()
	elapsed := time.Since(began)
	if err != nil {
		return cost{}, fmt.Errorf("%s %s: %w\n%s", filepath.Base(c.path), strings.Join(c.args, " "), err, out)
	}
	total := cost{elapsed: elapsed, processor: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		total.faults = usage.Minflt + usage.Majflt
	}
	return total, nil
}

// git runs git in the project.
func git(ctx context.Context, args ...string) error {
	return quietly(exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*"}, args...)...))
}

// quietly runs a command, and shows its output in an error only.
func quietly(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
