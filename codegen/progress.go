package codegen

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how far long work is. A file or a pipe gets none
// of it.
type progress struct {
	bar *progressbar.ProgressBar
}

// newProgress shows nothing yet: quick work stays silent.
func newProgress(stderr io.Writer, what string) *progress {
	file, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// set shows that done of total are done. It may be called from several
// goroutines.
func (p *progress) set(done, total int) {
	if p.bar == nil || done == total {
		return // the last step is cleared at once
	}
	p.bar.ChangeMax(total)
	_ = p.bar.Set(done) // a terminal that is gone shows nothing
}

// clear takes the line away before anything else is printed.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
