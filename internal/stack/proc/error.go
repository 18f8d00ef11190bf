package proc

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// quotedLines is how much of a log an [Error] quotes.
const quotedLines = 15

// Error says which program failed, how, and what it said last.
type Error struct {
	Name string   // of the Spec
	Err  error    // what went wrong
	Log  string   // the log file; empty when the program did not even start
	Tail []string // the last lines that it wrote since it was started
}

// Error is the failure, followed by the last lines of the log, one to a line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Name + ": " + e.Err.Error())
	switch {
	case e.Log == "":
	case len(e.Tail) == 0:
		b.WriteString("; it wrote nothing to " + e.Log)
	default:
		b.WriteString("; the end of " + e.Log + ":")
		for _, line := range e.Tail {
			b.WriteString("\n    " + line)
		}
	}
	return b.String()
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

func (p *Process) failure(err error) *Error {
	return &Error{Name: p.spec.Name, Err: err, Log: p.spec.Log, Tail: p.Tail(quotedLines)}
}

// Tail returns the last n lines that the program wrote to its log since it
// was started; fewer when they are very long or can't be read.
func (p *Process) Tail(n int) []string {
	const most = 64 << 10
	log, err := os.Open(p.spec.Log)
	if err != nil {
		return nil
	}
	defer log.Close()
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	from := max(p.logStart, end-most)
	text, err := io.ReadAll(io.NewSectionReader(log, from, end-from))
	if err != nil {
		return nil
	}
	text = bytes.TrimRight(text, "\n")
	if len(text) == 0 {
		return nil
	}
	lines := strings.Split(string(text), "\n")
	return lines[max(0, len(lines)-n):]
}
