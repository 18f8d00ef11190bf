package pipelinetest

import "github.com/alertnative/preflight/codegen"

// CheckSeries reports what a story says wrong of a series of a pack.
func CheckSeries(pack codegen.Pack, series string) error {
	v, err := newVocabulary(pack)
	if err != nil {
		return err
	}
	l, err := v.parse(series)
	if err != nil {
		return err
	}
	return v.check(l)
}
