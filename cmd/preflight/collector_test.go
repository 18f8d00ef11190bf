package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// collector is a real node_exporter that reads a folder of the checker. If the
// test is root, it is another user.
type collector struct {
	t   *testing.T
	url string
}

func (c *built) collector(dir string) collector {
	c.t.Helper()
	path, err := servers.Find("node_exporter")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, parent := range []string{c.dir, filepath.Dir(c.dir)} { // folders of the test
		if err := os.Chmod(parent, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	port, err := proc.ReservePort()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(port.Release)
	spec := proc.Spec{
		Name: "node_exporter", Path: path, Log: filepath.Join(c.t.TempDir(), "log"), Ready: proc.HTTP("http://" + port.Addr() + "/"),
		Args: []string{
			"--web.listen-address=" + port.Addr(), "--collector.disable-defaults", "--collector.textfile",
			"--collector.textfile.directory=" + filepath.Join(c.dir, dir),
		},
	}
	if os.Geteuid() == 0 {
		const other = 65533
		spec.User = &syscall.Credential{Uid: other, Gid: other}
	}
	p, err := proc.Start(c.t.Context(), spec)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			c.t.Error(err)
		}
	})
	return collector{c.t, "http://" + port.Addr()}
}

// exports checks which lines node_exporter exports. A line that starts with "!"
// must be missing.
func (c collector) exports(lines ...string) {
	c.t.Helper()
	_, text, err := get(c.t.Context(), c.url+"/metrics")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, line := range lines {
		want, missing := strings.CutPrefix(line, "!")
		if strings.Contains(text, "\n"+want+"\n") == missing {
			c.t.Errorf("wants %q in\n%s", line, text)
		}
	}
}

// runSkips runs the checker, which skips the checks of the network, and returns
// its log.
func (c *built) runSkips(cmd *exec.Cmd) string {
	c.t.Helper()
	var log strings.Builder
	cmd.Stderr = &log
	_ = cmd.Run()
	if cmd.ProcessState.ExitCode() != exitSkipped {
		c.t.Fatalf("exit %d\n%s", cmd.ProcessState.ExitCode(), &log)
	}
	return log.String()
}

// runsTotalIs returns the line of runs_total of an environment.
func runsTotalIs(env, value string) string {
	return `arbitrage_preflight_runs_total{env="` + env + `"} ` + value
}

// node_exporter exports the series of the first file by name, and reports no
// error. So the checker warns.
func testCollectorDuplicates(t *testing.T, c *built) {
	run := func() string {
		return c.runSkips(c.command(t.Context(), "--metrics-output=textfiles/preflight.prom", "--quiet"))
	}
	if out := run(); out != "" {
		t.Errorf("the first run logs %q", out)
	}
	dir := filepath.Join(c.dir, "textfiles")
	if err := os.Rename(filepath.Join(dir, "preflight.prom"), filepath.Join(dir, "old.prom")); err != nil {
		t.Fatal(err)
	}
	run()
	if out := run(); !strings.Contains(out, "textfiles/old.prom holds the same series") || !strings.Contains(out, "exports only those of textfiles/old.prom") {
		t.Errorf("the run logs %q", out)
	}
	node := c.collector("textfiles")
	node.exports(runsTotalIs("paper", "1"), "!"+runsTotalIs("paper", "2"), "node_textfile_scrape_error 0")
	if err := os.Remove(filepath.Join(dir, "old.prom")); err != nil {
		t.Fatal(err)
	}
	node.exports(runsTotalIs("paper", "2"), "!"+runsTotalIs("paper", "1"), "node_textfile_scrape_error 0")
}

// Two environments in two files of one folder do not collide.
func testCollectorTwoFiles(t *testing.T, c *built) {
	for _, env := range []string{"paper", "dr"} {
		if out := c.runSkips(c.command(t.Context(), "--env="+env, "--metrics-output=textfiles/"+env+".prom", "--quiet")); out != "" {
			t.Errorf("the run of %s logs %q", env, out)
		}
	}
	node := c.collector("textfiles")
	node.exports(runsTotalIs("paper", "1"), runsTotalIs("dr", "1"), "node_textfile_scrape_error 0")
	node.exports(`promhttp_metric_handler_errors_total{cause="gathering"} 0`)
}

// node_exporter, another user, reads what a run under the tightest umask writes.
func testCollectorUmask(t *testing.T, c *built) {
	node := proc.Spec{}
	if change := unprivileged(c); change != nil {
		change(&node)
	}
	for i, umask := range []string{"0077", "0777"} {
		dir := "made/under/" + umask
		for range i + 1 {
			cmd := exec.CommandContext(t.Context(), "sh", "-c", "umask "+umask+`; exec "$0" "$@"`, c.path,
				"--metrics-output="+dir+"/preflight.prom", "--evidence.dir=made/evidence/"+umask, "--quiet")
			cmd.Dir, cmd.Env = c.dir, append(os.Environ(), "HOME=/")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: node.User}
			c.runSkips(cmd)
		}
		c.collector(dir).exports(runsTotalIs("paper", []string{"1", "2"}[i]), "node_textfile_scrape_error 0")
		for name, want := range map[string]os.FileMode{umask: 0o700, umask + "/paper.json": 0o600} {
			if info, err := os.Stat(filepath.Join(c.dir, "made/evidence", name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
}
