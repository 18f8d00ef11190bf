package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/internal/emit/filter"
)

// byLabel is a catalogue of a few series with their labels.
var byLabel = map[string][]string{
	"up": {"env", "job"}, "h_bucket": {"env", "le"}, "x": {"env", "team"}, "y": {"team"}, "z": {"env.name"},
}

func hasLabel(series, label string) bool { return slices.Contains(byLabel[series], label) }

func TestExpr(t *testing.T) {
	t.Parallel()
	variables := []dashgen.Variable{{Name: "env", Label: "env"}, {Name: "crew", Label: "team"}, {Name: "dotted", Label: "env.name"}, {Name: "of", Values: []string{"a"}}}
	for expr, want := range map[string]string{
		`up`:                                   `up{env=~"$env"}`,
		`up{}`:                                 `up{env=~"$env"}`,
		`up{job="a}b"}`:                        `up{job="a}b", env=~"$env"}`,
		`up{job="a",}`:                         `up{job="a",env=~"$env"}`,
		`up {job="a"} == 0`:                    `up {job="a", env=~"$env"} == 0`,
		`up{env!="dr"}`:                        `up{env!="dr"}`,
		`other / up`:                           `other / up{env=~"$env"}`,
		`{__name__="up"}`:                      `{__name__="up", env=~"$env"}`,
		`{"up"}`:                               `{"up", env=~"$env"}`,
		`x and on (team) y`:                    `x{env=~"$env", team=~"$crew"} and on (team) y{team=~"$crew"}`,
		`z`:                                    `z{"env.name"=~"$dotted"}`,
		`time() - up offset 1h > 3runs`:        `time() - up{env=~"$env"} offset 1h > 3runs`,
		`max_over_time(up[2scrapes:1run] @ 5)`: `max_over_time(up{env=~"$env"}[2scrapes:1run] @ 5)`,
		`rate(x{team="a"}[$__rate_interval])`:  `rate(x{team="a", env=~"$env"}[$__rate_interval])`,
		`histogram_quantile(0.95, sum by (env, le) (rate(h_bucket[6runs])))`: `histogram_quantile(0.95, sum by (env, le) (rate(h_bucket{env=~"$env"}[6runs])))`,
		"up{ # which } one\n  job=\"a\" # this\n}":                           "up{ # which } one\n  job=\"a\", env=~\"$env\" # this\n}",
		`vector(1)`: `vector(1)`,
	} {
		got, err := filter.Expr(expr, variables, hasLabel)
		if err != nil || got != want {
			t.Errorf("%s (error: %v)\ngot  %s\nwant %s", expr, err, got, want)
		}
	}
}

func TestExprReportsSyntaxError(t *testing.T) {
	t.Parallel()
	_, err := filter.Expr("sum(", nil, hasLabel)
	if err == nil || !strings.Contains(err.Error(), "sum(") {
		t.Errorf("got %v", err)
	}
}
