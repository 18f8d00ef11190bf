package promcheck_test

import (
	"testing"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// Texts of vmalert have its variables and functions. Their mistakes are found.
func TestVmalertTexts(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	for text, want := range map[string]finding.Code{
		`{{ $activeAt.Format "15:04" }} {{ .AlertID }} {{ $for }} {{ jsonEscape .Expr }} {{ externalURL }}`: "",
		`{{ $labels.job }} {{ if gt $value 1.0 }}a{{ else }}b{{ end }} {{ printf "%v" now }}`:               "",
		`{{ $activeAt }} {{ $labels.pod }}`: finding.LabelGoneText,
		`{{ $activeSince }}`:                finding.BadTemplate,
		`{{ $labels.job | upper }}`:         finding.BadTemplate,
		`{{ $labels.job`:                    finding.BadTemplate,
	} {
		r := promcheck.Rule{
			Where: "alert", Alert: "A", Expr: `sum by (job) (up) == 0`, Vmalert: true, Annotations: map[string]string{"summary": text},
		}
		var got finding.Code
		if _, findings := c.Rule(&r); len(findings) > 0 {
			got = findings[0].Code
		}
		if got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
