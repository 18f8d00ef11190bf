package pipelinetest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
)

var update = flag.Bool("update", false, "Rewrite the golden transcripts of stories.")

// Golden compares the transcript so far with the file testdata/NAME.txt. The
// flag -update, which this package defines, rewrites the file.
func (p *Pipeline) Golden(name string) {
	p.t.Helper()
	file := filepath.Join("testdata", name+".txt")
	got := []byte(p.Transcript())
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, got, 0o644)); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		p.t.Fatalf("%s does not exist: the flag -update writes it", file)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if d := diff.Diff(file, want, "this run", got); d != nil {
		p.t.Errorf("the transcript differs: the flag -update rewrites %s\n%s", file, d)
	}
}
