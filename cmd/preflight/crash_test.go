package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// scripts/kills uses a larger number.
var kills = flag.Int("kills", 60, "how many checkers are killed while they run")

// parallel is the number of checkers that run at once.
const parallel = 4

// testKills kills checkers at random moments, several at once. After each round
// the file of metrics is complete, no counter fell and the evidence is valid.
// After the last round no temporary file is left and a run works as before.
func testKills(t *testing.T, c *built) {
	began := time.Now()
	if err := c.command(t.Context()).Run(); err == nil || c.runs() != 1 {
		t.Fatalf("the first run: %v, runs_total %v", err, c.runs())
	}
	usual := time.Since(began)
	before := c.counts()
	killed, rounds := 0, 0
	for ; killed < *kills; rounds++ {
		if rounds > 20**kills {
			t.Fatalf("only %d of %d runs were killed: nothing was tested", killed, rounds*parallel)
		}
		killed += c.killSome(usual)
		after := c.counts()
		for name, v := range before {
			if after[name] < v {
				t.Fatalf("round %d: %s fell from %v to %v", rounds, name, v, after[name])
			}
		}
		before = after
		if _, err := checker.ReadEvidence(filepath.Join(c.dir, "data", "evidence", "paper.json"), nil); err != nil {
			t.Fatalf("round %d: %v", rounds, err)
		}
	}
	last := c.runs()
	// No process holds the lock, so the run finishes within the timeout.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := c.command(ctx).Run(); err == nil || c.runs() != last+1 {
		t.Errorf("after all kills: runs_total %v, want %v (%v)", c.runs(), last+1, err)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) != 3 { // preflight.yml, preflight.prom, data
		t.Errorf("left behind: %v, %v", entries, err)
	}
	t.Logf("%d of %d runs were killed, %v were counted", killed, rounds*parallel, c.runs())
}

// killSome runs checkers at once and kills each after a different time, from
// the start to past the end of a usual run. It returns the number of killed
// runs.
func (c *built) killSome(usual time.Duration) (killed int) {
	var wg sync.WaitGroup
	deaths := make(chan bool, parallel)
	for range parallel {
		delay := rand.N(2 * usual)
		wg.Go(func() {
			cmd := c.command(context.Background())
			if err := cmd.Start(); err != nil {
				c.t.Error(err)
				return
			}
			timer := time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
			_ = cmd.Wait()
			deaths <- cmd.ProcessState.ExitCode() == -1
		})
	}
	wg.Wait()
	close(deaths)
	for dead := range deaths {
		if dead {
			killed++
		}
	}
	return killed
}

// counts returns all counters by name and labels.
func (c *built) counts() map[string]float64 {
	c.t.Helper()
	out := map[string]float64{}
	for name, family := range c.families() {
		for _, s := range family.Metric {
			key := fmt.Sprint(name, s.Label)
			switch {
			case s.Counter != nil:
				out[key] = s.Counter.GetValue()
			case s.Histogram != nil:
				out[key+"_count"], out[key+"_sum"] = float64(s.Histogram.GetSampleCount()), s.Histogram.GetSampleSum()
				for _, b := range s.Histogram.Bucket {
					out[fmt.Sprint(key, "_bucket", b.GetUpperBound())] = float64(b.GetCumulativeCount())
				}
			}
		}
	}
	return out
}

// testGateBecomesTheCommand checks that the gate replaces itself by the
// command, so that signals to the gate reach the command.
func testGateBecomesTheCommand(t *testing.T, c *built) {
	var out bytes.Buffer
	run := c.command(t.Context())
	run.Args = append(run.Args, "--real-check", "--env=live")
	if text, _ := run.CombinedOutput(); run.ProcessState.ExitCode() != exitSkipped {
		t.Fatalf("%s", text)
	}
	// The database check has no configuration, so the run is not ready.
	cmd := c.command(t.Context(), "gate", "--env=live", "--", "sh", "-c", "echo started")
	cmd.Stderr = &out
	if text, err := cmd.Output(); err == nil || len(text) > 0 || cmd.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("exit %d: %s%s", cmd.ProcessState.ExitCode(), text, &out)
	}
	ready, err := system.New(t.Context(), filepath.Join(c.dir, "system"), testservers.StartRedis(t).URL(), testservers.StartPostgres(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ready.Close() })
	cmd = c.command(t.Context(), "gate", "--run", "--env=paper", "--config.file="+ready.Config(), "--", "sh", "-c",
		`trap "exit 7" TERM; echo $$; while :; do sleep 0.05; done`)
	cmd.Env = append(cmd.Env, ready.Vars()...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil || pid != cmd.Process.Pid {
		t.Errorf("the command has the process id %d, the gate had %d (%v)", pid, cmd.Process.Pid, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit %d: %s", code, cmd.ProcessState)
	}
}
