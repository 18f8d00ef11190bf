package pipelinetest

import (
	"path/filepath"

	"github.com/alertnative/preflight/internal/golden"
)

// Golden compares the transcript so far with the file testdata/NAME.txt. With the
// environment variable PREFLIGHT_UPDATE=1 it writes the file.
func (p *Pipeline) Golden(name string) {
	p.t.Helper()
	golden.Compare(p.t, filepath.Join("testdata", name+".txt"), []byte(p.Transcript()))
}
