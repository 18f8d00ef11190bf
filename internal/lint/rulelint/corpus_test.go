package rulelint_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/alertnative/preflight/internal/lint/rulelint"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

var update = flag.Bool("update", false, "write the expected findings of testdata/corpus")

// wanted is the file of an archive with the expected results of the others.
const wanted = "want"

// TestCorpus checks files of the kinds that people have. Each has exactly the
// expected findings, and what is not read is said.
func TestCorpus(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files += len(archive.Files) - 1
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkArchive(t, path, archive)
		})
	}
	if files < 200 {
		t.Errorf("the corpus has %d files, not 200", files)
	}
}

func checkArchive(t *testing.T, path string, archive *txtar.Archive) {
	var got strings.Builder
	var want *txtar.File
	for i, f := range archive.Files {
		if f.Name == wanted {
			want = &archive.Files[i]
			continue
		}
		got.WriteString(results(t, f))
		compareWithPrometheus(t, f.Name, f.Data)
	}
	if *update {
		if want == nil {
			archive.Files = append(archive.Files, txtar.File{Name: wanted})
			want = &archive.Files[len(archive.Files)-1]
		}
		want.Data = []byte(got.String())
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want == nil {
		t.Fatalf("%s has no file %s: run the test with -update and read it", path, wanted)
	}
	if diff := cmp.Diff(string(want.Data), got.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// results lints a file. It returns the numbers of rules, the findings, and the parts
// that are not read, as text.
func results(t *testing.T, f txtar.File) string {
	path := filepath.Join(t.TempDir(), f.Name)
	if err := os.WriteFile(path, f.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	report := lint([]string{path}, nil)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rules", f.Name, report.Rules)
	for _, places := range report.Within {
		fmt.Fprintf(&b, " of %s", strings.Join(places, ", "))
	}
	b.WriteString("\n")
	for _, i := range report.Issues {
		fmt.Fprintf(&b, "%s:%d:%d: %s %s\n", f.Name, i.Line, i.Column, i.Finding.Code, i.Finding.Part)
	}
	for _, u := range report.Unread {
		if u.Part {
			fmt.Fprintf(&b, "%s: partly read: %s\n", f.Name, u.Reason)
			continue
		}
		fmt.Fprintf(&b, "%s:%d: not read: %s\n", f.Name, u.Line, u.Reason)
	}
	return b.String()
}

func lint(paths []string, stdin io.Reader) rulelint.Report {
	return rulelint.Lint(promcheck.New(metrics.Catalogue{}, promcheck.Options{}), paths, stdin)
}

// compareWithPrometheus checks that a file has a finding about its format if
// Prometheus refuses it, unless a part is not read, and no such finding if
// Prometheus accepts it.
func compareWithPrometheus(t *testing.T, name string, data []byte) {
	if bytes.Contains(data, []byte("\u2028")) { // promcheck takes it for a space in an action
		return
	}
	p := parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true})
	groups, errs := rulefmt.Parse(data, false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
	report := lint([]string{rulelint.Stdin}, bytes.NewReader(data))
	refused, syntax := false, ""
	for _, i := range report.Issues {
		refused = refused || i.Finding.Code == "PQ001" || i.Finding.Code == "AM006"
		if i.Finding.Code == "PQ001" && !strings.Contains(i.Finding.Part, "query") && !strings.Contains(i.Finding.Reason, "document start") {
			syntax = i.Finding.Reason
		}
	}
	switch {
	case len(errs) > 0 && !strings.Contains(errs[0].Error(), "not found in type rulefmt.RuleGroups") && !refused && len(report.Unread) == 0 && len(report.Within) == 0 && foreign.find(data) == "":
		t.Errorf("%s: Prometheus refuses it, lint does not: %v\n%s", name, errs, data)
	case len(errs) == 0 && len(groups.Groups) > 0 && syntax != "" && !laterDocument.Match(data):
		t.Errorf("%s: Prometheus accepts it, lint does not: %s\n%s", name, syntax, data)
	}
}

// laterDocument matches a document that Prometheus does not read.
var laterDocument = regexp.MustCompile(`(?m)^(---|\.\.\.|%)`)

// foreign are texts of files that are meant for other programs. Prometheus
// refuses these.
var foreign = words{"kind:", "partial_response_strategy", "source_tenants", "evaluation_delay", "align_evaluation", "namespace:",
	"remote_write", "eval_", "concurrency", "debug", "tenant", "params", "type:", "kind\":", "ctiveAt", "update_entries", "notifier_headers", "extra_filter_labels", "headers"}

type words []string

func (w words) find(data []byte) string {
	for _, word := range w {
		if bytes.Contains(data, []byte(word)) {
			return word
		}
	}
	return ""
}
