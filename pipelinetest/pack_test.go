package pipelinetest_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight/pipelinetest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	p := disks().Packs[0]
	p.Groups[0].Alerts[0].Severity = "sev2" // a level of the pack's own site
	pipelinetest.Pack(t, p)
}

// The error contains the findings of all checks and scenarios.
func TestPackReportsEveryFinding(t *testing.T) {
	t.Parallel()
	p := disks().Packs[0]
	a := &p.Groups[0].Alerts[0]
	a.Expr, a.Summary = `disk_free_ratio < 0.005`, "{{ $labels.disc }} has no room"
	err := pipelinetest.ProvePack(t.Context(), p)
	for _, want := range []string{`the label "disc" is not in the expression's result`, `scenario "fires after two minutes"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no finding with %s in:\n%v", want, err)
		}
	}
}
