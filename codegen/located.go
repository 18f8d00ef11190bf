package codegen

import (
	"context"
	"errors"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/locate"
)

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
