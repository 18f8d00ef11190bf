package pipelinetest

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/model"
)

// CheckSeries reports what a story gets wrong about a series of a site.
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

// ProvePack reports the findings that end a test with [Pack].
var ProvePack = provePack

// Prepare reports the findings that end a test with [Run].
func Prepare(t *testing.T, c Config) error {
	_, err := prepare(t, c, t.TempDir())
	return err
}
