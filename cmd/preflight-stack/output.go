package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// output is the output of a command. The story and the webhook write to it
// concurrently. On a terminal its last line shows the wait of the command, and
// every write replaces it.
type output struct {
	mu     sync.Mutex
	out    io.Writer
	stderr *os.File // a terminal, or nil for no progress
	bar    *progressbar.ProgressBar
}

func newOutput(stdout, stderr io.Writer) *output {
	o := &output{out: stdout}
	if file, ok := stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		o.stderr = file
	}
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bar != nil {
		_ = o.bar.Clear() // a closed terminal is no error
	}
	return o.out.Write(p)
}

func (o *output) printf(format string, args ...any) { fmt.Fprintf(o, format, args...) }

// waiting shows the subject and the time of a wait until done is called.
func (o *output) waiting(what string) (done func()) {
	if o.stderr == nil {
		return func() {}
	}
	bar := progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(o.stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(0), // otherwise it draws by itself, also after the end
		progressbar.OptionClearOnFinish(),
	)
	stop := make(chan struct{})
	o.mu.Lock()
	o.bar = bar
	o.mu.Unlock()
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				o.mu.Lock()
				_ = bar.Add(1)
				o.mu.Unlock()
			}
		}
	})
	return sync.OnceFunc(func() {
		close(stop)
		wait.Wait()
		o.mu.Lock()
		defer o.mu.Unlock()
		_ = bar.Clear()
		o.bar = nil
	})
}

// describe changes the text that waiting shows.
func (o *output) describe(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bar != nil {
		o.bar.Describe(what)
	}
}

// indent returns a writer that indents every line.
func indent(out io.Writer) io.Writer { return &indented{out: out, start: true} }

type indented struct {
	out   io.Writer
	start bool // at the start of a line
}

func (w *indented) Write(p []byte) (int, error) {
	var b bytes.Buffer
	for line := range bytes.Lines(p) {
		if w.start && len(bytes.TrimSpace(line)) > 0 {
			b.WriteString("    ")
		}
		b.Write(line)
		w.start = line[len(line)-1] == '\n'
	}
	if _, err := w.out.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
