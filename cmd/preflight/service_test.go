package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/stack/proc"
)

// served is a checker that runs with --every.
type served struct {
	*built
	process *proc.Process
	url     string
	log     string
}

// startEvery starts the checker with short intervals and extra arguments, and
// waits for the first run. change, unless nil, adjusts the process.
func (c *built) startEvery(change func(*proc.Spec), args ...string) *served {
	c.t.Helper()
	port, err := proc.ReservePort()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(port.Release)
	s := &served{built: c, url: "http://" + port.Addr(), log: filepath.Join(c.t.TempDir(), "log")}
	spec := proc.Spec{
		Name: "preflight", Path: c.path, Dir: c.dir, Env: append(os.Environ(), "HOME=/"), Log: s.log,
		Args: append([]string{"run", "--every=100ms", "--quiet", "--web.listen-address=" + port.Addr()}, args...),
		Ready: func(ctx context.Context) error {
			code, body, err := get(ctx, s.url+"/-/ready")
			if err == nil && code != http.StatusOK {
				err = errors.New(body)
			}
			return err
		},
	}
	if change != nil {
		change(&spec)
	}
	if s.process, err = proc.Start(c.t.Context(), spec); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := s.process.Stop(); err != nil {
			c.t.Error(err)
		}
	})
	return s
}

func get(ctx context.Context, url string) (code int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// get returns the status and the body of a page.
func (s *served) get(path string) (int, string) {
	s.t.Helper()
	code, body, err := get(s.t.Context(), s.url+path)
	if err != nil {
		s.t.Fatal(err)
	}
	return code, body
}

// value returns the value of a series of /metrics, and whether it exists.
func (s *served) value(series string) (float64, bool) {
	s.t.Helper()
	_, text := s.get("/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return v, true
}

// becomes waits until holds returns true for the value of the series.
func (s *served) becomes(series string, holds func(float64) bool) {
	s.t.Helper()
	s.until(series+" did not reach the wanted value", func() bool {
		v, ok := s.value(series)
		return ok && holds(v)
	})
}

// writes waits for a file. Evidence is there between two runs only: each run
// withdraws it first.
func (s *served) writes(path string) {
	s.t.Helper()
	s.until(path+" is not written", func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

// until waits for a condition, and ends the test with a message if it does not
// come true.
func (s *served) until(otherwise string, holds func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			_, text := s.get("/metrics")
			log, _ := os.ReadFile(s.log)
			s.t.Fatalf("%s\n%s\n%s", otherwise, text, log)
		}
	}
}

func is(want float64) func(float64) bool { return func(v float64) bool { return v == want } }
func above(n float64) func(float64) bool { return func(v float64) bool { return v > n } }

const (
	runsTotal      = `arbitrage_preflight_runs_total{env="paper"}`
	textfileOK     = `preflight_checker_output_last_write_successful{env="paper",output="textfile"}`
	textfileErrors = `preflight_checker_output_errors_total{env="paper",output="textfile"}`
	configOK       = `preflight_checker_config_last_reload_successful{env="paper"}`
)

func testEveryServes(t *testing.T, c *built) {
	c.config("environment: {required: [{name: HOME}, {name: NO_SUCH_VARIABLE}]}\n")
	s := c.startEvery(nil)
	s.becomes(runsTotal, above(2))
	if v, ok := s.value(`arbitrage_preflight_target_status{check="Environment",env="paper",status="fail",target="NO_SUCH_VARIABLE"}`); !ok || v != 1 {
		t.Errorf("target_status is %v, %v", v, ok)
	}
	if code, body := s.get("/-/healthy"); code != http.StatusOK || body == "" {
		t.Errorf("healthy: %d %q", code, body)
	}
	code, page := s.get("/")
	for _, want := range []string{
		"<h1>Preflight paper</h1>", "Not ready for live", "<td>NO_SUCH_VARIABLE</td><td class=\"status fail\">fail</td><td>missing</td>",
		"needs --real-check", "A run starts every 100ms.", `<meta http-equiv="refresh" content="5">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page (%d) lacks %q:\n%s", code, want, page)
		}
	}
	// The strip of each check shows the last 50 runs.
	s.becomes(runsTotal, above(55))
	_, page = s.get("/")
	_, row, _ := strings.Cut(page, "<td>Environment</td>")
	row, _, _ = strings.Cut(row, "</tr>")
	if n := strings.Count(row, `<i class="fail" title="2`); n != 50 {
		t.Errorf("the strip has %d runs, want 50: %s", n, row)
	}
	if code, _ := s.get("/nosuch"); code != http.StatusNotFound {
		t.Errorf("/nosuch: %d", code)
	}
	_, text := s.get("/metrics")
	for _, d := range spec.NewServiceFamilies().All() {
		if want := fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n", d.Name, d.Help, d.Name, d.Type); !strings.Contains(text, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	// With --every the metrics are served, not written.
	if _, err := os.Stat(filepath.Join(c.dir, "monitoring")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the metrics are in a file too: %v", err)
	}
	s.writes(filepath.Join(c.dir, "data", "evidence", "paper.json"))
}

func testEveryWritesAFile(t *testing.T, c *built) {
	s := c.startEvery(nil, "--metrics-output=preflight.prom")
	s.becomes(textfileOK, is(1))
	if _, text := s.get("/metrics"); strings.Contains(text, "arbitrage_preflight_") {
		t.Errorf("the metrics of the file are served too:\n%s", text)
	}
	// A signal stops the service cleanly, and its counters are saved.
	if err := s.process.Stop(); err != nil {
		t.Error(err)
	}
	if c.runs() < 1 {
		t.Errorf("runs_total %v", c.runs())
	}
}

// unprivileged runs the checker as another user, because root ignores file
// modes.
func unprivileged(c *built) func(*proc.Spec) {
	if os.Geteuid() != 0 {
		return nil
	}
	const nobody = 65534
	for _, dir := range []string{c.dir, filepath.Dir(c.dir), filepath.Dir(c.path), filepath.Dir(filepath.Dir(c.path))} {
		if err := os.Chmod(dir, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := os.Chown(c.dir, nobody, nobody); err != nil {
		c.t.Fatal(err)
	}
	return func(s *proc.Spec) { s.User = &syscall.Credential{Uid: nobody, Gid: nobody} }
}

func testEveryReadOnly(t *testing.T, c *built) {
	s := c.startEvery(unprivileged(c), "--metrics-output=textfiles/preflight.prom")
	s.becomes(textfileOK, is(1))
	dir := filepath.Join(c.dir, "textfiles")
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	s.becomes(textfileOK, is(0))
	s.becomes(textfileErrors, above(2))
	s.becomes(`preflight_checker_output_last_write_successful{env="paper",output="evidence"}`, is(1))
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.becomes(textfileOK, is(1))
	if log, err := os.ReadFile(s.log); err != nil || !strings.Contains(string(log), "Writing the result failed") || !strings.Contains(string(log), "permission denied") {
		t.Errorf("the log does not report the cause: %v\n%s", err, log)
	}
}

// A limit on file size fails a write in the middle, as a full disk does.
func testEveryNoRoom(t *testing.T, c *built) {
	if err := c.command(t.Context()).Run(); err == nil {
		t.Fatal("the first run is ready")
	}
	before := c.runs()
	s := c.startEvery(func(spec *proc.Spec) {
		spec.Args = append([]string{"-c", `ulimit -f 1; exec "$0" "$@"`, spec.Path}, spec.Args...)
		spec.Path = "/bin/sh"
	}, "--metrics-output=preflight.prom")
	s.becomes(textfileErrors, above(2))
	if code, _ := s.get("/-/ready"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
	if c.runs() != before { // families also proves that the file is complete
		t.Errorf("runs_total was %v and is %v", before, c.runs())
	}
	if err := s.process.Stop(); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(c.dir, ".preflight.prom*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func testEveryConfig(t *testing.T, c *built) {
	s := c.startEvery(nil)
	s.becomes(configOK, is(1))
	c.config("environment: {requried: []}\n")
	s.becomes(configOK, is(0))
	runs, _ := s.value(runsTotal)
	s.becomes(runsTotal, above(runs+1))
	c.config("environment: {required: [{name: HOME}, {name: NEW_VARIABLE}]}\n")
	s.becomes(configOK, is(1))
	s.becomes(`arbitrage_preflight_target_status{check="Environment",env="paper",status="fail",target="NEW_VARIABLE"}`, is(1))
	if log, err := os.ReadFile(s.log); err != nil || !strings.Contains(string(log), `unknown key \"requried\"`) {
		t.Errorf("the log does not report the cause: %v\n%s", err, log)
	}
}

func testEveryAddressTaken(t *testing.T, c *built) {
	s := c.startEvery(nil)
	cmd := exec.CommandContext(t.Context(), c.path, "--every", "--web.listen-address="+strings.TrimPrefix(s.url, "http://"))
	cmd.Dir = c.dir
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitBroken || !strings.Contains(string(out), "address already in use") {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

func testEveryAlone(t *testing.T, c *built) {
	alone := filepath.Join(c.dir, "botcheck")
	if err := os.Link(c.path, alone); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), alone, "run", "--every")
	cmd.Dir = c.dir
	out, _ := cmd.CombinedOutput()
	want := "preflight: --every is served by another program, botcheck-serve, which is not there: build it too, with go build -o " + c.dir + "/botcheck-serve ./cmd/botcheck-serve (in a module of your own, from the package with serve.Main)\n"
	if cmd.ProcessState.ExitCode() != exitBroken || string(out) != want {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// A link to the program itself would become itself again and again.
func testEveryLink(t *testing.T, c *built) {
	program := filepath.Join(c.dir, "botcheck")
	if err := os.Link(c.path, program); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("botcheck", program+"-serve"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--every")
	cmd.Dir = c.dir
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitBroken || !strings.Contains(string(out), "botcheck-serve is a copy of the program that starts it, or a link to it") {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// A process that a service started has the variable of the service.
func testEveryInherits(t *testing.T, c *built) {
	s := c.startEvery(func(spec *proc.Spec) {
		spec.Env = append(spec.Env, fmt.Sprintf("PREFLIGHT_STARTED_BY=%d 0.0.1", os.Getpid()))
	})
	if log, err := os.ReadFile(s.log); err != nil || strings.Contains(string(log), "has another version") {
		t.Errorf("the service takes the variable for its own: %v\n%s", err, log)
	}
}
