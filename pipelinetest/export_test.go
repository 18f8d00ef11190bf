package pipelinetest

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/model"
)

// CheckSeries reports the mistakes in a story's series of a site.
func CheckSeries(site preflight.Site, series string) error {
	resolved, _ := model.New(site)
	v, err := newVocabulary(resolved, &pace{})
	if err != nil {
		return err
	}
	l, err := v.parse(series)
	if err != nil {
		return err
	}
	return v.check(l)
}

// ProvePack returns the findings for which [Pack] fails a test.
var ProvePack = provePack

// Prepare returns the findings for which [Run] fails a test.
func Prepare(t *testing.T, c Config) error {
	_, err := prepare(t, c, t.TempDir())
	return err
}
