package codegen

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows the progress of long work on a terminal. It writes nothing to
// a file or a pipe.
type progress struct {
	bar *progressbar.ProgressBar
}

// newProgress returns a progress that appears only after a while, so that quick
// work stays silent.
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

// set shows that done of total steps are done. It may be called concurrently.
func (p *progress) set(done, total int) {
	if p.bar == nil || done == total {
		return // the last step would be cleared at once
	}
	p.bar.ChangeMax(total)
	_ = p.bar.Set(done) // a closed terminal is no error
}

// clear removes the line before other output.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
