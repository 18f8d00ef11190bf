package rulelint_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/alertnative/preflight/internal/lint/rulelint"
)

// FuzzLint reads any bytes. Every place is in the file, every format is written,
// and what Prometheus refuses is said.
func FuzzLint(f *testing.F) {
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		report := lint([]string{rulelint.Stdin}, bytes.NewReader(data))
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 2
		for _, i := range report.Issues {
			if i.Line < 1 || i.Line > lines && len(data) < 1000 || i.Column < 0 {
				t.Errorf("place %d:%d of %d lines: %v", i.Line, i.Column, lines, i.Finding)
			}
		}
		var out bytes.Buffer
		for _, format := range rulelint.Formats() {
			out.Reset()
			if err := report.Write(&out, format); err != nil {
				t.Fatal(err)
			}
			if (format == "json" || format == "sarif") && !json.Valid(out.Bytes()) {
				t.Errorf("%s: %s", format, out.Bytes())
			}
		}
		report.Summary(&out)
		compareWithPrometheus(t, "input", data)
	})
}
