package codegen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/internal/lint/rulelint"
	"github.com/alertnative/preflight/internal/proof/mutate"
)

// fileMutation are the options of "mutate" for rule files and tests of people
// who write no Go.
type fileMutation struct {
	paths    *[]string
	rules    *[]string
	tests    *[]string
	suggest  *string
	promtool *string
	waivers  *string
	baseline *string
	write    *bool
	format   *string
}

func newFileMutation(cmd *kingpin.CmdClause) fileMutation {
	return fileMutation{
		paths:    cmd.Arg("files", "Rule files and promtool tests of them, instead of the pack's. Without a rule file, all that the tests load.").Strings(),
		rules:    cmd.Flag("rules", "Rule file to mutate, as in the arguments. Can be repeated.").PlaceHolder("FILE").Strings(),
		tests:    cmd.Flag("tests", "Test file of promtool, as in the arguments. Can be repeated.").PlaceHolder("FILE").Strings(),
		suggest:  cmd.Flag("suggest", "Write tests that kill the survivors to this folder. Each is checked by promtool.").PlaceHolder("DIR").String(),
		promtool: cmd.Flag("promtool", "Program that checks the suggested tests.").Default("promtool").String(),
		waivers:  cmd.Flag("waivers", "YAML file with mutants that are no mistakes, each with a reason.").PlaceHolder("FILE").String(),
		baseline: cmd.Flag("baseline", "File with known survivors. Only others fail, whatever the score.").PlaceHolder("FILE").String(),
		write:    cmd.Flag("write-baseline", "Write the survivors to the file of --baseline.").Bool(),
		format:   cmd.Flag("format", "Format of the survivors of files: text, json, sarif, github.").Default("text").Enum(rulelint.Formats()...),
	}
}

// files returns the named files.
func (m fileMutation) files() []string {
	return append(append(append([]string{}, *m.paths...), *m.rules...), *m.tests...)
}

// check returns an error for options that do not fit together.
func (m fileMutation) check() error {
	set := *m.suggest != "" || *m.waivers != "" || *m.baseline != "" || *m.write || *m.format != "text"
	switch {
	case set && len(m.files()) == 0:
		return errors.New("--suggest, --waivers, --baseline and --format are for files: name rule files and tests")
	case *m.write && *m.baseline == "":
		return errors.New("--write-baseline needs --baseline=FILE")
	}
	return nil
}

// run mutates the files and returns the exit code. A file that cannot be used is
// named at the end and makes it 2; the others are tried all the same.
func (m fileMutation) run(ctx context.Context, floor float64, stdout, stderr io.Writer) (int, error) {
	start := time.Now()
	waivers, err := mutate.ReadWaivers(*m.waivers)
	if err != nil {
		return exitBroken, err
	}
	known, err := mutate.ReadBaseline(*m.baseline, *m.write)
	if err != nil {
		return exitBroken, err
	}
	files := mutate.ReadFiles(m.files())
	shown := newProgress(stderr, "mutants")
	outcomes, err := mutate.Score(ctx, files.Proofs, files.Mutable, shown.set)
	shown.clear()
	if err != nil {
		return exitBroken, err
	}
	suggestions, err := m.explore(ctx, files, outcomes, stderr)
	if err != nil {
		return exitBroken, err
	}
	wrong := waivers.Apply(outcomes)
	report := mutate.NewFileReport(outcomes, wrong, known)
	if err := m.print(report, files, stdout, time.Since(start)); err != nil {
		return exitBroken, err
	}
	if *m.suggest != "" {
		if err := m.writeTests(ctx, suggestions, stdout); err != nil {
			return exitBroken, err
		}
	}
	if *m.write {
		if err := known.Write(report); err != nil {
			return exitBroken, err
		}
	}
	return m.exit(report, files, floor, stderr), nil
}

// explore compares the survivors with their rules in random worlds.
func (m fileMutation) explore(ctx context.Context, files mutate.Files, outcomes []mutate.Outcome, stderr io.Writer) ([]mutate.Suggestion, error) {
	shown := newProgress(stderr, "rules")
	defer shown.clear()
	return mutate.Explore(ctx, files.Proofs, outcomes, *m.suggest != "", shown.set)
}

// print writes the report in the chosen format. Notes and refused files are text
// in any format, so they are on the standard output only as text.
func (m fileMutation) print(report mutate.FileReport, files mutate.Files, stdout io.Writer, took time.Duration) error {
	if *m.format != "text" {
		var out rulelint.Report
		for _, f := range report.Findings() {
			out.Issues = append(out.Issues, rulelint.Issue{File: f.File, Line: f.Line, Finding: f})
		}
		return out.Write(stdout, *m.format)
	}
	for _, n := range files.Notes {
		fmt.Fprintf(stdout, "note: %s\n", n)
	}
	report.Print(stdout, took)
	return nil
}

// writeTests writes the suggested tests and lists them.
func (m fileMutation) writeTests(ctx context.Context, list []mutate.Suggestion, stdout io.Writer) error {
	if len(list) == 0 {
		fmt.Fprintln(stdout, "no test to suggest")
		return nil
	}
	files, err := mutate.WriteSuggestions(ctx, list, *m.suggest, *m.promtool)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Path != "" {
			fmt.Fprintf(stdout, "%s: %d tests:\n", f.Path, len(f.Suggestions))
		}
		for _, s := range f.Suggestions {
			fmt.Fprintf(stdout, "    %s %s; notices %s\n", s.Of, s.Says, strings.Join(s.Mutants, ", "))
		}
		for _, s := range f.Refused {
			fmt.Fprintf(stdout, "    not written, promtool does not pass it: %s %s\n", s.Of, s.Says)
		}
	}
	return nil
}

// exit returns the exit code: 2 if a file could not be used, 1 for survivors
// beyond the baseline or under the score, and for wrong waivers.
func (m fileMutation) exit(report mutate.FileReport, files mutate.Files, floor float64, stderr io.Writer) int {
	code := exitClean
	total, untested := report.Total(), len(report.Untested())
	fails := total.Score() < floor || floor > 0 && untested > 0
	if *m.baseline != "" {
		fails = len(report.Fresh()) > 0 && !*m.write
	}
	if fails || len(report.Wrong) > 0 {
		fmt.Fprintf(stderr, "preflight-gen: %d mistakes would go unnoticed, %d rules have no test, %d waivers are wrong\n",
			len(report.Fresh()), untested, len(report.Wrong))
		code = exitFindings
	}
	for _, r := range files.Refused {
		fmt.Fprintf(stderr, "preflight-gen: not used: %s\n", r)
		code = exitBroken
	}
	if code != exitBroken && len(files.Proofs) == 0 {
		fmt.Fprintln(stderr, "preflight-gen: no tests: add promtool's test files to the arguments")
		code = exitBroken
	}
	return code
}
