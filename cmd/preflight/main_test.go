package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/internal/testservers"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"preflight": main})
}

// The scripts in testdata/script are what a user would type. REDIS_URL and
// POSTGRES_DSN lead to real servers, NOBODY to an address where none is.
func TestScripts(t *testing.T) {
	redis, postgres, stopped := testservers.StartRedis(t), testservers.StartPostgres(t), testservers.StartRedis(t)
	stopped.Stop()
	config, err := os.ReadFile("../../preflight.yml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("REDIS_URL", redis.URL())
			env.Setenv("POSTGRES_DSN", postgres.DSN())
			env.Setenv("PASSWORD", postgres.Password())
			env.Setenv("NOBODY", stopped.URL())
			return os.WriteFile(filepath.Join(env.WorkDir, "preflight.yml"), config, 0o644)
		},
	})
}

// checker is the built command with its own folder.
type checker struct {
	t    *testing.T
	path string
	dir  string
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	c := &checker{t, filepath.Join(t.TempDir(), "preflight"), t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", c.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "preflight.yml"), []byte("environment: {required: [{name: HOME}]}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *checker) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, "--metrics-output=preflight.prom", "--quiet")
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "HOME=/")
	return cmd
}

// runs returns runs_total, after parsing the whole file; 0 when there is none.
func (c *checker) runs() float64 {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, "preflight.prom"))
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		c.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(data)))
	if err != nil {
		c.t.Fatalf("the file is not complete: %v\n%s", err, data)
	}
	if len(families) < 10 {
		c.t.Fatalf("the file has only %d families", len(families))
	}
	return families["arbitrage_preflight_runs_total"].Metric[0].Counter.GetValue()
}

func TestParallelRunsAddUp(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	const n = 20
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		wg.Go(func() {
			// 3: the database check has nothing to look at, so it is skipped.
			cmd := c.command(t.Context())
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 3 {
				errs <- fmt.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if got := c.runs(); got != n {
		t.Errorf("runs_total is %v after %d runs", got, n)
	}
}

func TestAKillAtAnyMomentLeavesACompleteFile(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	if err := c.command(t.Context()).Run(); err == nil || c.runs() != 1 {
		t.Fatalf("the first run: %v, runs_total %v", err, c.runs())
	}
	last, killed := 1.0, 0
	for round := range 60 {
		var wg sync.WaitGroup
		deaths := make(chan bool, 4)
		for i := range 4 {
			// From right at the start to after the end of a run.
			delay := time.Duration(round*400+i*150) * time.Microsecond
			wg.Go(func() {
				cmd := c.command(context.Background())
				if err := cmd.Start(); err != nil {
					t.Error(err)
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
		for d := range deaths {
			if d {
				killed++
			}
		}
		now := c.runs()
		if now < last {
			t.Fatalf("round %d: runs_total fell from %v to %v", round, last, now)
		}
		last = now
	}
	if killed < 20 {
		t.Fatalf("only %d runs were killed: nothing was tested", killed)
	}
	if err := c.command(t.Context()).Run(); err == nil || c.runs() != last+1 {
		t.Errorf("after all kills: runs_total %v, want %v", c.runs(), last+1)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
