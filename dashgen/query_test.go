package dashgen_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/dashgen"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	d := small()
	d.Panels[0].Targets = append(d.Panels[0].Targets, dashgen.Target{
		Expr: `
  label_replace(rate(x{a="${env:regex}", b="[[env]]"}[$__rate_interval]), "c", "$1", "d", "5runs")
  > avg_over_time(y[3runs]) * $__range_s + $unknown`,
		Legend: "{{ c }} and {{d}} and {{c}}",
	})
	got := d.Queries(schedule)
	want := []dashgen.Query{
		{Where: `dashboard "small", variable "env"`, Expr: "up", Labels: []string{"env"}},
		{Where: `dashboard "small", annotation "down"`, Expr: "up == bool 0", Legend: "down"},
		{
			Where: `dashboard "small", panel 1 "Up", query A`, Panel: 1, Unit: dashgen.Plain,
			Expr: `up{env=~".+"}`, Legend: "{{env}}", Labels: []string{"env"},
		},
		{
			Where: `dashboard "small", panel 1 "Up", query B`, Panel: 1, Unit: dashgen.Plain,
			Expr: `label_replace(rate(x{a=".+", b=".+"}[1m]), "c", "$1", "d", "5runs")
  > avg_over_time(y[30m]) * 3600 + $unknown`,
			Legend: "{{ c }} and {{d}} and {{c}}", Labels: []string{"c", "d"},
		},
		{
			Where: `dashboard "small", panel 2 "Jobs", query A`, Panel: 2, Unit: dashgen.Count,
			Expr: "count by (job) (up)", Labels: []string{"job"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
