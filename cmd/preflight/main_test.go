package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/serve"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/site"
)

// The documented exit codes.
const (
	exitFailed  = 1
	exitBroken  = 2
	exitSkipped = 3
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"preflight":   main,
		"switchboard": func() { serve.Main("test", switchboard{}) },
		"checkout":    func() { checker.Main("test", switchboard{}, gitSafety()) },
	})
}

// gitSafety returns the shipped check Git Safety.
func gitSafety() checker.Check {
	all := checks.Shipped()
	return all[slices.IndexFunc(all, func(c checker.Check) bool { return c.Spec().AtGate })]
}

// switchboard is a check that passes if the variable SWITCH is "on". With "slow"
// it passes after a while. It reads the variable MODE too.
type switchboard struct{}

func (switchboard) Spec() spec.Spec {
	return spec.Spec{Name: "Switch", Looks: "SWITCH is on", Network: true, Reasons: []spec.Reason{{Name: "off", Meaning: "it is off", Remedy: "turn it on"}}}
}

func (switchboard) Targets(checker.Env) []string { return []string{"switch"} }

func (switchboard) Run(ctx context.Context, env checker.Env) []checker.Observation {
	_ = env.Value("MODE")
	switch env.Value("SWITCH") {
	case "on":
	case "slow":
		select {
		case <-time.After(20 * time.Second):
		case <-ctx.Done():
		}
	default:
		return []checker.Observation{checker.Failed("switch", "off", "it is off")}
	}
	return []checker.Observation{checker.Passed("switch", "on")}
}

// The scripts of testdata/script are sessions that a user could type. The
// system in them is ready. UNREACHABLE is an address without a server.
func TestScripts(t *testing.T) {
	redis, postgres, stopped := testservers.StartRedis(t), testservers.StartPostgres(t), testservers.StartRedis(t)
	stopped.Stop()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return os.Geteuid() == 0, nil // only root gives files away
		},
		Setup: func(env *testscript.Env) error {
			ready, err := system.New(context.Background(), env.WorkDir, redis.URL(), postgres.DSN())
			if err != nil {
				return err
			}
			env.Defer(func() { ready.Close() })
			env.Vars = append(env.Vars, ready.Vars()...)
			env.Setenv("PASSWORD", postgres.Password())
			env.Setenv("UNREACHABLE", stopped.URL())
			return nil
		},
	})
}

// TestProcess covers behaviour of whole processes: concurrency, kills, signals.
func TestProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "preflight")
	if out, err := exec.Command("go", "build", "-o", dir+"/", ".", "../preflight-serve").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, test := range map[string]func(*testing.T, *built){
		"parallel runs add up":                          testParallelRunsAddUp,
		"a kill at any moment leaves a complete file":   testKills,
		"a signal ends the run and keeps what is known": testSignal,
		"a closed pipe on standard output":              testBrokenPipe,
		"the gate becomes the command":                  testGateBecomesTheCommand,
		"node_exporter: a leftover file":                testCollectorDuplicates,
		"node_exporter: two environments, two files":    testCollectorTwoFiles,
		"node_exporter: folders under any umask":        testCollectorUmask,
		"every: serves its metrics and a page":          testEveryServes,
		"every: a file instead of /metrics":             testEveryWritesAFile,
		"every: a folder that cannot be written":        testEveryReadOnly,
		"every: no room for files":                      testEveryNoRoom,
		"every: a configuration that breaks":            testEveryConfig,
		"every: an address that is taken":               testEveryAddressTaken,
		"every: without its program":                    testEveryAlone,
		"every: a link in the place of its program":     testEveryLink,
		"every: a variable of another process":          testEveryInherits,
		"bans are obeyed over runs and processes":       testBans,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBuilt(t, binary))
		})
	}
}

// built is the compiled command with a folder for its files.
type built struct {
	t    *testing.T
	path string
	dir  string
}

func newBuilt(t *testing.T, binary string) *built {
	t.Helper()
	c := &built{t, binary, t.TempDir()}
	c.config("environment: {required: [{name: HOME}]}\n")
	return c
}

func (c *built) config(text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "preflight.yml"), []byte("envs: [paper, dr]\n"+text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// command returns a quiet run that writes preflight.prom, or one with the given
// arguments.
func (c *built) command(ctx context.Context, args ...string) *exec.Cmd {
	if args == nil {
		args = []string{"--metrics-output=preflight.prom", "--quiet"}
	}
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "HOME=/")
	return cmd
}

// families parses the whole file of metrics. It returns nil if there is no
// file.
func (c *built) families() map[string]*dto.MetricFamily {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, "preflight.prom"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		c.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		c.t.Fatalf("the file is not complete: %v\n%s", err, data)
	}
	if len(families) < 10 {
		c.t.Fatalf("the file has only %d families", len(families))
	}
	return families
}

// runs returns runs_total.
func (c *built) runs() float64 {
	c.t.Helper()
	f := c.families()["arbitrage_preflight_runs_total"]
	if f == nil {
		return 0
	}
	return f.Metric[0].Counter.GetValue()
}

// status returns the status of a check: the one whose check_status is 1.
func (c *built) status(check string) string {
	c.t.Helper()
	for _, s := range c.families()["arbitrage_preflight_check_status"].GetMetric() {
		labels := map[string]string{}
		for _, l := range s.Label {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["check"] == check && s.Gauge.GetValue() == 1 {
			return labels["status"]
		}
	}
	return ""
}

func testSignal(t *testing.T, c *built) {
	hangs := testservers.StartRedis(t)
	hangs.Pause()
	c.config("environment: {required: [{name: HOME}]}\ndatabase: {redis: {url_from: HANGS, timeout: 10m}}\n")
	cmd := exec.Command(c.path, "--metrics-output=preflight.prom", "--real-check")
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), "HOME=/", "HANGS="+hangs.URL())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() || lines.Text() != "[1/8] Environment … PASS" {
		t.Errorf("the first line is %q", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&rest, lines.Text())
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitSkipped || !strings.Contains(rest.String(), "the run was interrupted") {
		t.Errorf("exit %d\n%s", code, &rest)
	}
	if env, db := c.status("Environment"), c.status("Database"); env != "pass" || db != "skip" {
		t.Errorf("Environment is %q, Database %q", env, db)
	}
}

func testBrokenPipe(t *testing.T, c *built) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := exec.Command(c.path, "--metrics-output=preflight.prom")
	cmd.Dir, cmd.Env, cmd.Stdout = c.dir, append(os.Environ(), "HOME=/"), w
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitSkipped || c.runs() != 1 {
		t.Errorf("exit %d, runs_total %v", code, c.runs())
	}
}

// The checker stays small and starts quickly: it links neither the rule engine
// nor the libraries of other commands. From Prometheus it links the exposition
// parser, which package metrics uses.
func TestCheckerLinksNoHeavyPackage(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		for _, heavy := range []string{"github.com/prometheus/prometheus/promql", "github.com/prometheus/prometheus/rules", "github.com/prometheus/prometheus/tsdb", "github.com/prometheus/prometheus/storage", "github.com/prometheus/prometheus/config", "github.com/prometheus/prometheus/template", "github.com/prometheus/alertmanager", "github.com/grafana-tools", "modernc.org"} {
			if strings.HasPrefix(pkg, heavy) {
				t.Errorf("depends on %s", strings.TrimSpace(pkg))
			}
		}
	}
}

// The rules expect runs at the default interval of --every.
func TestDefaultIntervalMatchesRules(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	if code := checker.Run(t.Context(), "arbitrage", []string{"--help"}, &help, io.Discard, checks.Shipped()...); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if want := "--every=" + model.Duration(site.Site().Timing.Run).String(); !strings.Contains(help.String(), want) {
		t.Errorf("no %s in\n%s", want, &help)
	}
}

func testParallelRunsAddUp(t *testing.T, c *built) {
	const n = 20
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		wg.Go(func() {
			// The database check has no configuration, so it is skipped.
			cmd := c.command(t.Context())
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitSkipped {
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
