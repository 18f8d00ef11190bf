package codegen

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/locate"
	"github.com/alertnative/preflight/internal/lint/rulelint"
)

func formatFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("format", "How findings are written: text, json, sarif, github.").Default("text").Enum(rulelint.Formats()...)
}

// show writes the findings of a proof: as text to stderr, else for programs to
// stdout, also when there are none. What is no finding goes to stderr.
func show(err error, format string, stdout, stderr io.Writer) error {
	if format == "text" {
		if err != nil {
			fmt.Fprintln(stderr, located(err))
		}
		return nil
	}
	var report rulelint.Report
	for _, e := range flat(located(err)) {
		var f finding.Finding
		if errors.As(e, &f) {
			report.Issues = append(report.Issues, rulelint.Issue{File: f.File, Line: f.Line, Finding: f})
		} else if e != nil {
			fmt.Fprintln(stderr, e)
		}
	}
	return report.Write(stdout, format)
}

// located returns the error of a proof with the file and line of the literal that
// each finding is about, where the module of the working folder has it.
func located(err error) error {
	var list []error
	var findings []finding.Finding
	var at []int
	for _, e := range flat(err) {
		if errors.Is(e, context.Canceled) {
			continue // the command says that it was interrupted
		}
		var f finding.Finding
		if errors.As(e, &f) {
			findings, at = append(findings, f), append(at, len(list))
		}
		list = append(list, e)
	}
	locate.Findings(".", findings)
	for i, f := range findings {
		list[at[i]] = f
	}
	return errors.Join(list...)
}

// flat returns the errors of joined ones.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flat(e)...)
	}
	return out
}
