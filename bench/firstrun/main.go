// Command firstrun measures the wait of a newcomer: from "git clone" to the
// first message of "make demo", with empty Go caches, and again with full ones.
// It clones the commit of the checkout and uses the machine's Redis and
// PostgreSQL. "make firstrun" runs it.
//
// Other work on the machine lengthens the wait. The CPU time, and the load
// before the run, show by how much.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/alertnative/preflight/internal/stack/servers"
)

// Goals for two idle processors.
const (
	goalCold = 4 * time.Minute
	goalWarm = 40 * time.Second
)

func main() {
	keep := flag.String("keep", "", "folder for the clone and the caches, which stay; empty: a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, *keep); err != nil {
		fmt.Fprintf(os.Stderr, "firstrun: %v\n", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, dir string) (err error) {
	root, err := servers.Root()
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "preflight-firstrun-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown") // the system is not Linux
	}
	fmt.Printf("%d processors, load before: %s\n", runtime.NumCPU(), strings.TrimSpace(string(load)))
	clone := filepath.Join(dir, "preflight")
	began := time.Now()
	if out, err := exec.CommandContext(ctx, "git", "clone", "--quiet", root, clone).CombinedOutput(); err != nil {
		return fmt.Errorf("git clone: %w: %s", err, out)
	}
	cloning := time.Since(began)
	cold, err := run(ctx, dir, clone)
	if err != nil {
		return err
	}
	warm, err := run(ctx, dir, clone)
	if err != nil {
		return err
	}
	report(cloning, cold, warm)
	return nil
}

// phases are the parts of scripts/demo, each with the text at its start.
var phases = []struct{ name, begins string }{
	{"set-up", ""},
	{"download of our modules", "downloading modules"},
	{"build of our programs", "building preflight"},
	{"build of Alertmanager, node_exporter", "building alertmanager"},
	{"start of servers and parts", "Starting Redis,"},
	{"first run of the checker", "1/3"},
	{"Redis stops, to the message", "2/3"},
	{"", "🚨"},
}

// measured is one run of the demo.
type measured struct {
	phases    []phase
	total     time.Duration // time to the first message
	processor time.Duration // CPU time of all processes, to the end of the story
}

type phase struct{ took, processor time.Duration }

// run runs scripts/demo in the clone, like "make demo", with the caches in dir.
func run(ctx context.Context, dir, clone string) (*measured, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(clone, "scripts", "demo"))
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "build"), "GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOFLAGS=-modcacherw") // so that the folder can be removed
	// In its own group the compiler and the servers stop with the script.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	m, text := &measured{phases: make([]phase, len(phases))}, &strings.Builder{}
	read := m.read(io.TeeReader(out, text), began, cmd.Process.Pid)
	if err := cmd.Wait(); err != nil || read != nil {
		return nil, fmt.Errorf("make demo: %w\n%s", errors.Join(err, read), text)
	}
	m.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return m, nil
}

// read measures the start of each phase. A phase without its text takes no
// time: full caches need no download.
func (m *measured) read(out io.Reader, began time.Time, pid int) error {
	at, since, used := 0, began, time.Duration(0)
	words := bufio.NewScanner(out)
	words.Split(bufio.ScanWords) // a phase prints its text before the end of the line
	var last string
	for words.Scan() {
		last = strings.TrimSpace(last + " " + words.Text())
		for i := at + 1; i < len(phases); i++ {
			if strings.HasSuffix(last, phases[i].begins) {
				now, processor := time.Now(), children(pid)
				m.phases[at] = phase{now.Sub(since), processor - used}
				m.total = now.Sub(began)
				at, since, used, last = i, now, processor, ""
				break
			}
		}
	}
	if at != len(phases)-1 {
		return fmt.Errorf("no message came: it ended in the phase %q", phases[at].name)
	}
	return words.Err()
}

// children returns the CPU time of the finished children of a process, or 0 on
// systems without /proc.
func children(pid int) time.Duration {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0
	}
	stat, err := p.Stat()
	if err != nil {
		return 0
	}
	const ticks = 100 // per second
	return time.Duration(stat.CUTime+stat.CSTime) * time.Second / ticks
}

func report(cloning time.Duration, cold, warm *measured) {
	seconds := func(d time.Duration) string {
		if d == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	row := func(name string, columns ...time.Duration) {
		fmt.Printf("  %-36s", name)
		for _, c := range columns {
			fmt.Printf(" %10s", seconds(c))
		}
		fmt.Println()
	}
	fmt.Printf("  %-36s %10s %10s %10s %10s\n", "", "cold", "processor", "warm", "processor")
	row("git clone", cloning)
	for i, p := range phases[:len(phases)-1] {
		c, w := cold.phases[i], warm.phases[i]
		row(p.name, c.took, c.processor, w.took, w.processor)
	}
	row("to the first message", cloning+cold.total, 0, warm.total)
	row("goal, on two idle processors", goalCold, 0, goalWarm)
	row("to the end of the demo", 0, cold.processor, 0, warm.processor)
}
