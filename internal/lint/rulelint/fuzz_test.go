package rulelint_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"slices"
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
	f.Fuzz(checkAny)
}

// checkAny checks what holds for any input.
func checkAny(t *testing.T, data []byte) {
	report := lint([]string{rulelint.Stdin}, bytes.NewReader(data))
	lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 2
	for _, i := range report.Issues {
		if plain := !bytes.ContainsAny(data, "\u0085\u2028\u2029"); i.Line < 1 || i.Line > lines && plain || i.Column < 0 {
			t.Errorf("place %d:%d of %d lines: %v\n%q", i.Line, i.Column, lines, i.Finding, data)
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
}

var edits = flag.Int("edits", 2, "number of edited copies of each file of the corpus")

// TestEditedCorpus checks damaged copies of the files: lines and pieces of text
// are removed, repeated, moved and replaced.
func TestEditedCorpus(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(*edits)))
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for range *edits {
			for _, file := range archive.Files {
				checkAny(t, edited(random, file.Data))
			}
		}
	}
}

// pieces are texts that have a meaning for YAML, templates or PromQL.
var pieces = []string{
	"\t", ":", ": ", "- ", "{{", "}}", "{", "}", "[", "]", "'", "\"", "|", ">", "&a ", "*a", "<<: *a", "!!binary ", "!x ", "---\n", "...\n", "#", "~", "null",
	"\r\n", "\u2028", "\ufeff", "\x00", "\xff", "{{ .Values.a }}", "{{- if .Values.a }}\n", "{% raw %}", "{{`", "`}}", "? ", "%YAML 1.1\n", "groups:\n", "  ", "…", "0", "-1",
}

func edited(random *rand.Rand, data []byte) []byte {
	for range 1 + random.IntN(3) {
		lines := bytes.SplitAfter(data, []byte("\n"))
		i, j := random.IntN(len(lines)), random.IntN(len(lines))
		switch random.IntN(6) {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, i, lines[j])
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		default:
			at := random.IntN(len(lines[i]) + 1)
			to := at + random.IntN(min(len(lines[i])-at, 3)+1)
			lines[i] = slices.Concat(lines[i][:at], []byte(pieces[random.IntN(len(pieces))]), lines[i][to:])
		}
		data = bytes.Join(lines, nil)
	}
	return data
}
