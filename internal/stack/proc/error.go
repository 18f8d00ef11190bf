package proc

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// quotedLines is the number of log lines in an [Error].
const quotedLines = 15

// Error describes the failure of a program with its last output.
type Error struct {
	Name string   // name in the Spec
	Err  error    // cause of the failure
	Log  string   // path of the log file; "" if the program did not start
	Tail []string // last lines of output since the start
}

// Error returns the failure, followed by the last lines of the log.
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

// Unwrap returns the cause of the failure.
func (e *Error) Unwrap() error { return e.Err }

func (p *Process) failure(err error) *Error {
	return &Error{Name: p.spec.Name, Err: err, Log: p.spec.Log, Tail: p.Tail(quotedLines)}
}

// Tail returns the last n lines in the log since the program was started. It
// returns fewer if they are very long or cannot be read.
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
