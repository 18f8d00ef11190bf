package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "generated"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"help":                {[]string{"--help"}, 0, "--language=en", ""}, // a flag of the default command
		"unknown flag":        {[]string{"up", "--port=1"}, 2, "", "--port"},
		"no such folder":      {[]string{"up", "--generated=missing"}, 2, "", "missing"},
		"data over the files": {[]string{"up", "--generated=" + dir + "/generated", "--data=" + dir, "--ports=random"}, 1, "", "use another folder for the data"},
		"no checker":          {[]string{"up", "--generated=.", "--config.file=missing.yml"}, 2, "", "missing.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), c.args, &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("%v: exit code %d, want %d with %q and %q:\n%s%s", c.args, code, c.code, c.stdout, c.stderr, stdout.String(), stderr.String())
			}
		})
	}
}

// command is a running preflight-stack.
type command struct {
	t    *testing.T
	stop context.CancelFunc // acts like Ctrl-C
	code chan int
	mu   sync.Mutex
	out  bytes.Buffer
}

func start(t *testing.T, args ...string) *command {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &command{t: t, stop: stop, code: make(chan int, 1)}
	go func() { c.code <- run(ctx, args, c, c) }()
	t.Cleanup(stop)
	return c
}

func (c *command) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(p)
}

func (c *command) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
}

// await waits until the output contains the texts in this order.
func (c *command) await(texts ...string) {
	c.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		rest, found := c.output(), true
		for _, text := range texts {
			if _, rest, found = strings.Cut(rest, text); !found {
				break
			}
		}
		if found {
			return
		}
		select {
		case code := <-c.code:
			c.t.Fatalf("exit code %d before %q:\n%s", code, texts, c.output())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("no %q in this order:\n%s", texts, c.output())
		}
	}
}

// end interrupts the command and returns its exit code.
func (c *command) end() int {
	c.t.Helper()
	c.stop()
	select {
	case code := <-c.code:
		return code
	case <-time.After(time.Minute):
		c.t.Fatalf("it does not stop:\n%s", c.output())
		return 0
	}
}

// Ctrl-C during the story stops everything and gives an exit code.
func TestInterruptedDemo(t *testing.T) {
	t.Chdir("../..")
	temp := t.TempDir()
	if err := os.Chmod(filepath.Dir(temp), 0o755); err != nil { // PostgreSQL may run as another user
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	c := start(t, "demo")
	c.await("Starting Redis")
	if code := c.end(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	c.await("Stopped. Nothing is left")
	left(t, temp)
}
