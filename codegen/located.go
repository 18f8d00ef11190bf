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
	return cmd.Flag("format", "Format of findings: text, json, sarif, github.").Default("text").Enum(rulelint.Formats()...)
}

// show writes the findings of a proof: as text to stderr, in other formats to
// stdout, even if there are none. Other errors go to stderr.
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

// located adds the file and line of the literal to each finding, if the module
// of the working folder contains it.
func located(err error) error {
	var list []error
	var findings []finding.Finding
	var at []int
	for _, e := range flat(err) {
		if errors.Is(e, context.Canceled) {
			continue // the command reports the interruption
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

// flat returns the leaves of joined errors.
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
