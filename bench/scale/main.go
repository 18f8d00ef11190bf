// Command scale measures the generation of large sites, proofs included:
//
//   - 10 alerts in each of 10, 50 and 100 environments
//   - 250, 500 and 1,000 alerts with 50, 100 and 200 dashboards
//
// A separate process generates each site. A site of twice the size may take at
// most two and a half times the CPU time, and 100 environments at most 2
// seconds.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
)

// size is a site to generate.
type size struct {
	envs, alerts, boards int
}

func (s size) String() string {
	if s.envs > 0 {
		return fmt.Sprintf("%d alerts for each of %d environments", s.alerts, s.envs)
	}
	return fmt.Sprintf("%d alerts and %d boards", s.alerts, s.boards)
}

func (s size) site() preflight.Site {
	if s.envs > 0 {
		return perEnv(s.alerts, s.envs)
	}
	return large(s.alerts, s.boards)
}

// limit is the maximum duration for 10 alerts in each of 100 environments.
const limit = 2 * time.Second

func main() {
	var one size
	flag.IntVar(&one.envs, "envs", 0, "generate one site with so many environments")
	flag.IntVar(&one.alerts, "alerts", 0, "generate one site with so many alerts")
	flag.IntVar(&one.boards, "boards", 0, "generate one site with so many boards")
	flag.Parse()
	run := bench
	if one.alerts > 0 {
		run = func() error { return generate(one) }
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "scale: %v\n", err)
		os.Exit(1)
	}
}

func bench() error {
	var errs []error
	for _, sizes := range [][]size{
		{{envs: 10, alerts: 10}, {envs: 50, alerts: 10}, {envs: 100, alerts: 10}},
		{{alerts: 250, boards: 50}, {alerts: 500, boards: 100}, {alerts: 1000, boards: 200}},
	} {
		var last time.Duration
		for i, s := range sizes {
			took, cpu, memory, err := measure(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			fmt.Printf("%s: %.2f s, %.2f s of CPU time, %d MB\n", s, took.Seconds(), cpu.Seconds(), memory>>20)
			if twice := i == len(sizes)-1; twice && cpu > last*5/2 {
				errs = append(errs, fmt.Errorf("%s: half of it takes %.2f s: generation is not linear", s, last.Seconds()))
			}
			if s.envs == 100 && took > limit {
				errs = append(errs, fmt.Errorf("%s: it takes longer than %s", s, limit))
			}
			last = cpu
		}
	}
	return errors.Join(errs...)
}

// measure generates a site in another process. It returns the duration, the CPU
// time and the peak memory.
func measure(s size) (took, cpu time.Duration, memory int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, 0, err
	}
	started := time.Now()
	cmd := exec.Command(self, fmt.Sprintf("-envs=%d", s.envs), fmt.Sprintf("-alerts=%d", s.alerts), fmt.Sprintf("-boards=%d", s.boards))
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, 0, fmt.Errorf("%w\n%s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, 0, errors.New("the system does not report the memory of a process")
	}
	return time.Since(started), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), int64(usage.Maxrss) << 10, nil
}

// generate writes the files of a site to a temporary folder.
func generate(s size) (err error) {
	dir, err := os.MkdirTemp("", "preflight-scale-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var out bytes.Buffer
	if code := codegen.Run(context.Background(), []string{"--out=" + dir, "--no-cache"}, &out, &out, s.site()); code != 0 {
		return fmt.Errorf("exit %d\n%s", code, out.Bytes())
	}
	return nil
}
