package main

import (
	"bytes"
	"io"
	"sync"
)

// shared is an output that several write to: the story, and the webhook.
type shared struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *shared) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
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
